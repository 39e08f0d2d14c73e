"""Convolution and pooling over volumes, and pooling to a given size, against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import juanji
from juanji import layers, ops

RNG = np.random.default_rng(7)
C_SUM = 16.0  # eps times the largest result, for sums of some hundred products


def windows(x, kernel, strides, padding, dilation=(1, 1, 1)):
    """Per output element: the slices of the padded volume that its window sees, and which of them are no padding."""
    x = np.asarray(x, np.float64)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    amounts = [(0, 0)] * 3
    if padding == "same":
        totals = [max((-(-n // s) - 1) * s + r - n, 0) for n, s, r in zip(x.shape[1:4], strides, reach)]
        amounts = [(total // 2, total - total // 2) for total in totals]
    padded = np.pad(x, ((0, 0), *amounts, (0, 0)))
    real = np.pad(np.ones(x.shape[1:4], bool), amounts)
    size = [(n - r) // s + 1 for n, r, s in zip(padded.shape[1:4], reach, strides)]
    found = {}
    for place in itertools.product(*map(range, size)):
        at = tuple(slice(i * s, i * s + r, d) for i, s, r, d in zip(place, strides, reach, dilation))
        found[place] = padded[(slice(None), *at)], real[at]
    return found, size


def conv3d_reference(x, w, b, strides, padding, dilation, groups):
    found, size = windows(x, w.shape[:3], strides, padding, dilation)
    y = np.zeros((x.shape[0], *size, w.shape[4]))
    c, o = x.shape[4] // groups, w.shape[4] // groups
    for place, (seen, _) in found.items():
        for g in range(groups):
            part = np.tensordot(seen[..., g * c : (g + 1) * c], w[..., g * o : (g + 1) * o].astype(np.float64), 4)
            y[(slice(None), *place, slice(g * o, (g + 1) * o))] = part
    return y + b


def close(got, want, c=C_SUM):
    got = np.asarray(got)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=0, atol=c * np.finfo(got.dtype).eps * np.abs(want).max(initial=1.0))


CONVOLUTIONS = [
    ((2, 4, 5, 6, 3), (2, 3, 1), 4, (1, 1, 1), "valid", (1, 1, 1), 1),
    ((1, 5, 5, 7, 4), (3, 3, 3), 6, (2, 1, 3), "same", (1, 1, 1), 2),
    ((3, 6, 4, 4, 2), (2, 2, 2), 5, (1, 1, 1), "same", (2, 1, 3), 1),
    ((2, 1, 3, 3, 40), (1, 3, 3), 33, (1, 1, 1), "same", (1, 1, 1), 1),
    ((0, 3, 3, 3, 2), (2, 2, 2), 3, (1, 1, 1), "valid", (1, 1, 1), 1),
    ((2, 7, 3, 2, 6), (4, 1, 2), 6, (3, 2, 1), "valid", (2, 1, 1), 6),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("shape", "kernel", "filters", "strides", "padding", "dilation", "groups"), CONVOLUTIONS)
def test_convolution(shape, kernel, filters, strides, padding, dilation, groups, dtype):
    layer = layers.Conv3D(filters, kernel, strides, padding, None, dilation, groups, dtype=dtype)
    x = RNG.standard_normal(shape).astype(dtype)
    layer.build(shape)
    w, b = RNG.standard_normal(layer.kernel.shape), RNG.standard_normal(filters)
    layer.set_weights([w, b])
    y = layer(x)
    assert np.asarray(y).dtype == dtype
    assert tuple(layer.compute_output_shape(shape)) == tuple(y.shape)
    w, b = (v.astype(dtype) for v in (w, b))
    close(y, conv3d_reference(x, w, b, strides, padding, dilation, groups), 64)
    close(ops.conv(x, w, strides, padding, None, dilation) + b, np.asarray(y).astype(np.float64), 64)


def finite_differences(f, x, step=1e-6):
    gradient = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        before = x[at]
        x[at] = before + step
        high = f(x)
        x[at] = before - step
        gradient[at] = (high - f(x)) / (2 * step)
        x[at] = before
    return gradient


def check_gradient(f, *arrays):
    """Of sum(f(...) · fixed weights), by every array."""
    tensors = [juanji.Tensor(array) for array in arrays]
    with juanji.GradientTape() as tape:
        for tensor in tensors:
            tape.watch(tensor)
        y = f(*tensors)
        weights = np.random.default_rng(1).standard_normal(y.shape)
        total = ops.sum(y * weights)
    found = tape.gradient(total, tensors)
    for i, (array, gradient) in enumerate(zip(arrays, found)):

        def value(changed, i=i):
            inputs = [changed if j == i else other for j, other in enumerate(arrays)]
            return float(np.sum(np.asarray(f(*inputs)) * weights))

        np.testing.assert_allclose(np.asarray(gradient), finite_differences(value, array.copy()), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("strides", "padding", "dilation"), [((1, 1, 1), "valid", 1), ((2, 1, 1), "same", 1), ((1, 2, 1), "same", 2)]
)
def test_gradients_of_convolutions(strides, padding, dilation):
    x, w = RNG.standard_normal((1, 4, 3, 3, 2)), RNG.standard_normal((2, 2, 1, 2, 3))
    check_gradient(lambda x, w: ops.conv(x, w, strides, padding, None, dilation), x, w)
    small, turned = RNG.standard_normal((1, 2, 2, 2, 3)), RNG.standard_normal((3, 2, 1, 2, 3))
    check_gradient(lambda x, w: ops.conv_transpose(x, w, strides, padding, None, None, dilation), small, turned)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("strides", "dilation"), [((1, 1, 1), 1), ((2, 3, 1), 1), ((3, 1, 2), 1), ((1, 1, 1), 2)])
def test_transposed_convolution_is_the_adjoint(padding, strides, dilation):
    """<conv(u), v> = <u, conv_transpose(v)> for every u and v defines it."""
    w = RNG.standard_normal((3, 2, 2, 4, 5))
    v = RNG.standard_normal((2, 3, 4, 3, 5))
    back = np.asarray(ops.conv_transpose(v, w, strides, padding, None, None, dilation))
    u = RNG.standard_normal(back.shape)
    forward = conv3d_reference(u, w, 0.0, strides, padding, (dilation,) * 3, 1)
    assert forward.shape == v.shape
    np.testing.assert_allclose(np.vdot(forward, v), np.vdot(u, back), rtol=1e-12)


@pytest.mark.parametrize(("kernel", "strides"), [((2, 2, 2), None), ((3, 1, 2), (1, 2, 2)), ((1, 3, 3), (2, 1, 1))])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_pooling(kernel, strides, padding):
    x = RNG.standard_normal((2, 5, 4, 6, 3))
    x[0, 2, 1, 1, 0] = np.nan
    found, size = windows(x, kernel, strides or kernel, padding)
    want = {"MaxPooling3D": np.zeros((2, *size, 3)), "AveragePooling3D": np.zeros((2, *size, 3))}
    for place, (seen, real) in found.items():
        want["MaxPooling3D"][(slice(None), *place)] = seen[:, real].max(1)
        want["AveragePooling3D"][(slice(None), *place)] = seen[:, real].mean(1)
    for name, expected in want.items():
        layer = getattr(layers, name)(kernel, strides, padding, dtype="float64")
        np.testing.assert_allclose(np.asarray(layer(x)), expected, rtol=1e-12)
        assert tuple(layer.compute_output_shape(x.shape)) == expected.shape


def test_first_of_equal_maxima_takes_the_gradient():
    x = juanji.Tensor(np.ones((1, 2, 2, 2, 1)))
    with juanji.GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.max_pool(x, 2))
    np.testing.assert_array_equal(np.asarray(tape.gradient(y, [x])[0]).ravel(), [1, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_pooling(keepdims):
    x = RNG.standard_normal((3, 2, 4, 5, 6))
    axes = {"axis": (1, 2, 3), "keepdims": keepdims}
    close(layers.GlobalAveragePooling3D(keepdims=keepdims, dtype="float64")(x), x.mean(**axes))
    close(layers.GlobalMaxPooling3D(keepdims=keepdims, dtype="float64")(x), x.max(**axes))


ADAPTIVE = [
    ((2, 5, 3), (2,)),
    ((2, 3, 2), (7,)),
    ((1, 7, 5, 2), (3, 5)),
    ((2, 4, 6, 1), (2, 3)),
    ((1, 3, 5, 4, 2), (2, 2, 3)),
]


@pytest.mark.parametrize(("shape", "output"), ADAPTIVE)
def test_adaptive_pooling(shape, output):
    x = RNG.standard_normal(shape)
    mean, largest = np.zeros((shape[0], *output, shape[-1])), np.zeros((shape[0], *output, shape[-1]))
    for place in np.ndindex(output):
        at = tuple(slice(i * n // o, -(-(i + 1) * n // o)) for i, n, o in zip(place, shape[1:-1], output))
        seen = x[(slice(None), *at)].reshape(shape[0], -1, shape[-1])
        mean[(slice(None), *place)], largest[(slice(None), *place)] = seen.mean(1), seen.max(1)
    rank = len(output)
    average, maximum = (getattr(layers, f"Adaptive{kind}Pooling{rank}D") for kind in ("Average", "Max"))
    close(average(output, dtype="float64")(x), mean)
    close(maximum(output, dtype="float64")(x), largest)
    assert tuple(average(output).compute_output_shape((None, *shape[1:]))) == (None, *output, shape[-1])
    check_gradient(lambda x: ops.adaptive_average_pool(x, output), x)
    check_gradient(lambda x: ops.adaptive_max_pool(x, output), x)


def test_symbolic_shapes():
    inputs = layers.Input((None, 8, 9, 2))
    assert layers.Conv3D(4, 3, strides=2)(inputs).shape == (None, None, 3, 4, 4)
    assert layers.Conv3DTranspose(4, 3, strides=2)(inputs).shape == (None, None, 17, 19, 4)
    assert layers.MaxPooling3D()(inputs).shape == (None, None, 4, 4, 2)
    assert layers.AdaptiveMaxPooling3D(3)(inputs).shape == (None, 3, 3, 3, 2)


def test_mistakes_are_named():
    x = np.zeros((1, 3, 4, 4, 2), "float32")
    with pytest.raises(ValueError, match="window does not fit"):
        layers.Conv3D(2, 5)(x)
    with pytest.raises(ValueError, match="depth of at least 4"):
        ops.conv(x, np.zeros((4, 1, 1, 2, 2), "float32"))
    with pytest.raises(ValueError, match="unknown padding"):
        ops.conv(x, np.zeros((1, 1, 1, 2, 2), "float32"), padding="causal")
    with pytest.raises(ValueError, match=r"wrong strides.*\(1, 2\)"):
        ops.conv(x, np.zeros((1, 1, 1, 2, 2), "float32"), strides=(1, 2))
    with pytest.raises(ValueError, match="expected 5 axes"):
        layers.MaxPooling3D()(x[0])
    with pytest.raises(ValueError, match="unusable sizes"):
        ops.adaptive_max_pool(x, (2, 2))
    with pytest.raises(ValueError, match="output_size has to be a whole number"):
        layers.AdaptiveMaxPooling2D(0)
    with pytest.raises(ValueError, match="unknown data_format"):
        layers.Conv3D(2, 1, data_format="first")
