"""JUANJI_WINOGRAD: the switch, and 3×3 convolutions by Winograd's method against their definition."""

from __future__ import annotations

import os

import numpy as np
import pytest

import child
from juanji import _core
from reference import conv as reference

SAME, VALID, AMOUNTS = "same", "valid", ((2, 1), (0, 3))
# x.shape, filters, padding: below, at and above tiles of 2×2 and 4×4 pixels and panels of up to 32 channels
CASES = (
    ((2, 1, 1, 16), 16, SAME),
    ((1, 3, 3, 17), 31, VALID),
    ((3, 7, 5, 33), 50, SAME),
    ((2, 6, 9, 40), 33, AMOUNTS),
    ((64, 8, 8, 64), 128, SAME),
    ((5, 16, 16, 32), 64, SAME),
    ((1, 4, 203, 16), 16, VALID),
    ((2, 14, 14, 120), 96, SAME),
)
# Sums of C terms in place of one of 9·C shorten the walk of the rounding errors to a third; the transforms enlarge
# terms and errors by the root of the sum over e of Aᵀ[i, e]² · |Bᵀ[e]|² · |G[e]|², squared for two dimensions: 5 with
# tiles of 2×2, at most 21.4 with 4×4, where a sum of nine has 3. So the constant of direct convolution's tolerance
# (tests/test_ops_conv.py) is multiplied by 21.4/9 for the large tile, and by 5/9, rounded down, for the small one.
C_WINOGRAD = {"2": 8.0, "4": 38.0}

RUN = """
import numpy as np
from juanji import _core
arrays = np.load({source!r})
results = {{}}
for i, padding in enumerate({paddings!r}):
    x, w, b = (arrays[f"{{name}}{{i}}"] for name in "xwb")
    geometry = dict(strides=(1, 1), padding=padding, dilation_rate=(1, 1), groups=1)
    results[f"y{{i}}"] = y = _core.Conv2D(activation="relu", **geometry)(x, w, b)
    results[f"dw{{i}}"] = _core.Conv2DWeightGradient(kernel_size=(3, 3), **geometry)(x, y)
np.savez({target!r}, **results)
"""


def inputs(dtype):
    """x (mean 1), w and b of each case."""
    rng = np.random.default_rng(3)
    arrays = {}
    for i, (shape, filters, _) in enumerate(CASES):
        scale = np.sqrt(9 * shape[3])
        arrays[f"x{i}"] = (rng.standard_normal(shape) + 1).astype(dtype)
        arrays[f"w{i}"] = (rng.standard_normal((3, 3, shape[3], filters)) / scale).astype(dtype)
        arrays[f"b{i}"] = rng.standard_normal(filters).astype(dtype)
    return arrays


def run_child(folder, arrays, **settings):
    source, target = str(folder / "source.npz"), str(folder / "target.npz")
    np.savez(source, **arrays)
    child.run(RUN.format(source=source, target=target, paddings=[case[2] for case in CASES]), **settings)
    with np.load(target) as results:
        return [results[f"{name}{i}"] for name in ("y", "dw") for i in range(len(CASES))]


@pytest.mark.parametrize("tile", ["2", "4"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_follows_the_definition(tmp_path, dtype, tile):
    arrays = inputs(dtype)
    found = run_child(tmp_path, arrays, JUANJI_WINOGRAD=tile)
    direct = run_child(tmp_path, arrays, JUANJI_WINOGRAD="0")
    for i, (_, _, padding) in enumerate(CASES):
        x, w, b = (arrays[f"{name}{i}"] for name in "xwb")
        z = reference.conv2d(x, w, (1, 1), padding, (1, 1), 1) + b.astype(np.float64)
        limit = C_WINOGRAD[tile] * np.finfo(dtype).eps * np.abs(z).max()
        assert found[i].dtype == dtype
        np.testing.assert_allclose(found[i], np.maximum(z, 0), rtol=0, atol=limit)
        assert not np.array_equal(found[i], direct[i]), f"case {i} did not use the method"
        y, dw = found[i], found[len(CASES) + i]
        want = reference.weight_gradient(x, w, y, (1, 1), padding, (1, 1), 1)
        limit = C_WINOGRAD[tile] * np.finfo(dtype).eps * np.abs(want).max()
        assert dw.dtype == dtype
        np.testing.assert_allclose(dw, want, rtol=0, atol=limit)
        assert not np.array_equal(dw, direct[len(CASES) + i]), f"case {i} did not use the method"


@pytest.mark.parametrize("tile", ["2", "4"])
def test_same_bits_at_any_thread_count(tmp_path, tile):
    arrays = inputs("float32")
    first, *others = [run_child(tmp_path, arrays, JUANJI_WINOGRAD=tile, JUANJI_NUM_THREADS=n) for n in ("1", "2", "5")]
    for other in others:
        for a, b in zip(first, other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("tile", ["2", "4"])
def test_steps_recorded_and_eager_agree(tile):
    """The recorded step pools convolutions before they leave the cache; the eager one afterwards."""
    child.run(
        """
        import numpy as np
        import juanji
        from juanji import layers
        juanji.utils.set_random_seed(1)
        model = juanji.Sequential([
            layers.Input((13, 12, 16)),
            layers.Conv2D(40, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(17, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ])
        x = np.random.default_rng(2).standard_normal((5, 13, 12, 16)).astype("float32")
        y = np.zeros((5, 3), "float32")
        start = model.get_weights()
        results = []
        for eagerly in (False, True):
            model.set_weights(start)
            model.compile("sgd", "mse", run_eagerly=eagerly)
            predicted = model.predict(x, verbose=0)
            model.fit(x, y, epochs=2, shuffle=False, verbose=0)
            results.append([predicted, *model.get_weights()])
        for a, b in zip(*results):
            np.testing.assert_array_equal(a, b)
        """,
        JUANJI_WINOGRAD=tile,
    )


@pytest.mark.skipif(bool(os.environ.get("JUANJI_WINOGRAD")), reason="the switch is set")
def test_by_default_it_is_used_where_it_pays():
    assert _core.winograd_use() == "where it pays"
    settings = {"strides": (1, 1), "padding": "same", "dilation_rate": (1, 1), "groups": 1, "activation": "none"}
    cases = [
        ((64, 8, 8, 64), (3, 3, 64, 128), {}, True),
        ((8, 16, 16, 32), (3, 3, 32, 32), {}, True),
        ((1, 4, 4, 32), (3, 3, 32, 32), {}, False),  # too few tiles to make up for the transform of the weights
        ((64, 16, 16, 15), (3, 3, 15, 64), {}, False),
        ((4, 8, 8, 2048), (3, 3, 2048, 2048), {}, False),  # 268 MB of transformed weights
        ((64, 16, 16, 64), (5, 5, 64, 64), {}, False),
        ((64, 16, 16, 64), (3, 3, 64, 64), {"strides": (2, 2)}, False),
        ((64, 16, 16, 64), (3, 3, 64, 64), {"dilation_rate": (2, 2)}, False),
        ((64, 16, 16, 64), (3, 3, 32, 64), {"groups": 2}, False),
    ]
    for x, w, changes, wanted in cases:
        op = _core.Conv2D(**{**settings, **changes})
        assert op.saves_multiplications([("float32", x), ("float32", w)]) == wanted
        assert not op.saves_multiplications([("float64", x), ("float64", w)])
    gradient = _core.Conv2DInputGradient(
        input_size=(10, 10), strides=(1, 1), padding="valid", dilation_rate=(1, 1), groups=1
    )
    weight_gradient = _core.Conv2DWeightGradient(
        kernel_size=(3, 3), strides=(1, 1), padding="same", dilation_rate=(1, 1), groups=1
    )
    wide = ("float32", (4, 8, 8, 2048))
    assert not weight_gradient.saves_multiplications([wide, wide])
    for channels, wanted in ((16, True), (15, False)):
        specs = [("float32", (64, 8, 8, 64)), ("float32", (3, 3, channels, 64))]
        assert gradient.saves_multiplications(specs) == wanted
        assert weight_gradient.saves_multiplications([("float32", (64, 8, 8, channels)), specs[0]]) == wanted


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("images", "size", "c", "oc"), [(8, (16, 17), 40, 33), (33, (9, 8), 32, 65)])
def test_input_gradient_is_that_of_float64(images, size, c, oc, padding):
    rng = np.random.default_rng(5)
    w = rng.standard_normal((3, 3, c, oc)) / 3
    out = size if padding == "same" else (size[0] - 2, size[1] - 2)
    dy = rng.standard_normal((images, *out, oc))
    settings = {"strides": (1, 1), "padding": padding, "dilation_rate": (1, 1), "groups": 1}
    gradient = _core.Conv2DInputGradient(input_size=size, **settings)
    want = gradient(dy, w)  # float64 stays direct
    got = gradient(dy.astype("float32"), w.astype("float32"))
    np.testing.assert_allclose(got, want, rtol=0, atol=20 * np.finfo("float32").eps * np.abs(want).max())
    # the adjoint identity
    x = rng.standard_normal((images, *size, c)).astype("float32")
    y = _core.Conv2D(activation="none", **settings)(x, w.astype("float32"))
    np.testing.assert_allclose(np.vdot(y.astype("float64"), dy), np.vdot(x.astype("float64"), got), rtol=1e-4)


@pytest.mark.parametrize("tile", [2, 4])
def test_infinite_and_nan_stay_in_their_tile(tmp_path, tile):
    arrays = inputs("float32")
    clean = run_child(tmp_path, arrays, JUANJI_WINOGRAD=str(tile))[4]
    arrays["x4"][3, 4, 4, 5] = np.inf
    arrays["x4"][7, 0, 0, 0] = np.nan
    y = run_child(tmp_path, arrays, JUANJI_WINOGRAD=str(tile))[4]
    changed = ~np.isfinite(y)
    assert changed[7, :tile, :tile].all()
    assert changed[3, 3:6, 3:6].any(axis=-1).all()
    reach = np.zeros(y.shape[:3], bool)
    first = 2 if tile == 2 else 0
    reach[3, first : first + 2 * tile, first : first + 2 * tile] = True  # tiles whose input pixels hold (4, 4)
    reach[7, :tile, :tile] = True
    np.testing.assert_array_equal(y[~reach], clean[~reach])


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("0", "Winograd         off"),
        ("1", "Winograd         where it fits"),
        ("2", "Winograd         where it fits, 2×2"),
        ("4", "Winograd         where it fits, 4×4"),
        ("", "where it pays"),
    ],
)
def test_show_config_says_so(value, line):
    assert line in child.run("import juanji; juanji.show_config()", JUANJI_WINOGRAD=value).stdout


@pytest.mark.parametrize("value", ["yes", "3", "on", " 1"])
def test_other_settings_fail_at_import(value):
    result = child.run("import juanji", check=False, JUANJI_WINOGRAD=value)
    assert result.returncode == 1
    assert "JUANJI_WINOGRAD: unknown setting; expected 0, 1, 2 or 4, got JUANJI_WINOGRAD=" + value in result.stderr


def test_other_convolutions_are_direct():
    """Nothing else changes: fewer channels, strides, dilation, groups, other kernels keep their bits."""
    code = """
    import hashlib
    import numpy as np
    from juanji import ops
    rng = np.random.default_rng(1)
    digest = hashlib.sha256()
    for k, c, o, options in [(3, 15, 32, {}), (3, 32, 15, {}), (5, 32, 32, {}), (3, 32, 32, {"strides": 2}),
                             (3, 32, 32, {"dilation_rate": 2}), (3, 32, 32, {"groups": 2})]:
        x = rng.standard_normal((2, 9, 9, c)).astype("float32")
        w = rng.standard_normal((k, k, c // options.get("groups", 1), o)).astype("float32")
        digest.update(ops.conv2d(x, w, **options).tobytes())
    print(digest.hexdigest())
    """
    assert child.run(code, JUANJI_WINOGRAD="1").stdout == child.run(code, JUANJI_WINOGRAD="0").stdout
