"""Functions that are kernels or made of them run in recorded steps, gradient included, with the bits of eager ones."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, _core, ops
from juanji.autograd import NoValueError
from juanji.program import Recorded
from juanji.symbolic.structure import flatten
from reference.elementary import ACTIVATIONS


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


IMAGES = numbers(2, 4, 6, 4)
OF_ONE = {
    **{name: getattr(ops, name) for name in ACTIVATIONS},
    **{name: getattr(ops, name) for name in ("sin", "cos", "erf", "sinc", "exp2", "logsumexp", "ptp", "nan_to_num")},
    "adaptive_average_pool": lambda x: ops.adaptive_average_pool(x, (3, 4)),
    "adaptive_max_pool": lambda x: ops.adaptive_max_pool(x, (3, 4)),
    "associative_scan": lambda x: ops.associative_scan(ops.multiply, x, axis=2),
    "average": lambda x: ops.average(x, axis=(1, 2)),
    "cdist": lambda x: ops.cdist(x, x),
    "cross": lambda x: ops.cross(x[..., :3], x[..., 1:]),
    "depth_to_space": lambda x: ops.depth_to_space(x, 2),
    "diag": lambda x: ops.diag(x[0, 0, 0]),
    "diagonal": lambda x: ops.diagonal(x, 1, 1, 2),
    "diff": lambda x: ops.diff(x, 2, 1),
    "dot_product_attention": lambda x: ops.dot_product_attention(x, x, x, is_causal=True),
    "einsum": lambda x: ops.einsum("nhwc,nHwc->hHn", x, x),
    "extract_sequences": lambda x: ops.extract_sequences(x, 2, 2),
    "fmax": lambda x: ops.fmax(x, x[:, ::-1]),
    "fold": lambda x: ops.fold(ops.reshape(x, (4, 4, 12))[..., :9], 4, 2),
    "gelu": lambda x: ops.gelu(x, approximate=False),
    "glu": ops.glu,
    "hypot": lambda x: ops.hypot(x, 1.0),
    "isclose": lambda x: ops.where(ops.isclose(x, 0.5, atol=0.3), x, 0.0),
    "kron": lambda x: ops.kron(x[0, 0], x[1, 1]),
    "linspace": lambda x: ops.linspace(x[0], x[1], 3),
    "logaddexp": lambda x: ops.logaddexp(x, 0.3),
    "meshgrid": lambda x: ops.meshgrid(x[0, 0, 0], x[0, 0, 1])[0],
    "moveaxis": lambda x: ops.moveaxis(x, (0, 1), (2, 3)),
    "nanmean": lambda x: ops.nanmean(x, axis=1),
    "norm": lambda x: ops.norm(x, axis=-1),
    "psnr": lambda x: ops.psnr(x, x * 0.5, 2.0),
    "rearrange": lambda x: ops.rearrange(x, "n (h s) w c -> n h w (c s)", s=2),
    "roll": lambda x: ops.roll(x, (1, 2), (1, 2)),
    "rot90": lambda x: ops.rot90(x, 3, (1, 2)),
    "round": lambda x: x * ops.round(x) + ops.floor(x) * ops.ceil(x) - ops.trunc(x),
    "scan": lambda x: ops.scan(lambda c, v: (ops.tanh(c + v), c), np.zeros((6, 4), "float32"), x[0])[1],
    "slice_update": lambda x: ops.slice_update(x, (0, 1, 2, 0), x[:, :2, :2]),
    "tensordot": lambda x: ops.tensordot(x, x, ([1, 2], [1, 2])),
    "threshold": lambda x: ops.threshold(x, 0.1, 0.0),
    "trapezoid": ops.trapezoid,
    "triu": lambda x: ops.triu(x) + ops.tril(x, -1),
    "unfold": lambda x: ops.unfold(x, 2, padding=1, stride=2),
    "vander": lambda x: ops.vander(x[0, 0, 0], 3),
}


@pytest.mark.parametrize("name", OF_ONE)
def test_recorded_bits(name):
    function = OF_ONE[name]

    def step(x):
        with GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return y, tape.gradient(y, x, output_gradients=ops.ones_like(y))

    recorded = Recorded(step, [IMAGES], _core.Arena())
    for x in (IMAGES, numbers(*IMAGES.shape, seed=1)):
        for got, wanted in zip(flatten(recorded(x)), flatten(step(Tensor(x)))):
            np.testing.assert_array_equal(got, np.asarray(wanted))


@pytest.mark.parametrize("name", ["sort", "cumsum", "fft", "arctan"])
def test_others_say_that_they_cannot_be_recorded(name):
    call = (lambda x: ops.fft((x, x))) if name == "fft" else getattr(ops, name)
    with pytest.raises(NoValueError, match="which runs in NumPy"):
        Recorded(call, [numbers(3)], _core.Arena())


@pytest.mark.parametrize(("kind", "count"), [("average", 2), ("max", 2)])
def test_uneven_windows_are_few_native_operations(kind: str, count: int) -> None:
    x = np.random.default_rng(0).standard_normal((2, 7, 9, 3)).astype("float32")
    pool = getattr(ops, f"adaptive_{kind}_pool")
    step = Recorded(lambda x: pool(x, (3, 4)), [x], _core.Arena())
    assert np.asarray(step(x)).tobytes() == np.asarray(pool(x, (3, 4))).tobytes()
    assert len(step._steps) == count


def test_pixels_of_nearest_images_are_picked_at_once() -> None:
    x = np.random.default_rng(0).standard_normal((2, 7, 9, 3)).astype("float32")
    step = Recorded(lambda x: ops.image.resize(x, (3, 20), interpolation="nearest"), [x], _core.Arena())
    assert [node.name for node in step._steps] == ["take"]
    assert ops.image.resize(x[:0], (3, 20), interpolation="nearest").shape == (0, 3, 20, 3)
    assert ops.adaptive_max_pool(x[:0], (3, 2)).shape == (0, 3, 2, 3)
