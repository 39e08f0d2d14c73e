"""im2col against its definition, and col2im as its adjoint."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import ops
from reference import im2col as reference

PADDINGS = ("valid", "same", ((2, 1), (0, 3)))
KERNELS = ((1, 1), (2, 3), (3, 3))
STEPS = (((1, 1), (1, 1)), ((2, 2), (1, 1)), ((1, 1), (2, 2)), ((2, 3), (3, 2)), ((4, 1), (1, 2)))


def random(shape, dtype, seed):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize(("strides", "dilation"), STEPS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_windows_and_their_adjoint(kernel, strides, dilation, padding, dtype):
    for shape in ((2, 9, 7, 3), (1, 8, 10, 1)):
        x = random(shape, dtype, 1)
        cols = ops.im2col(x, kernel, strides, padding, dilation)
        assert cols.dtype == dtype
        np.testing.assert_array_equal(cols, reference.im2col(x, kernel, strides, padding, dilation))
        dcols = random(cols.shape, dtype, 2)
        back = ops.col2im(dcols, shape[1:3], kernel, strides, padding, dilation)
        assert back.shape == shape
        tolerance = 8 * np.finfo(dtype).eps * np.sqrt(cols.size)
        left = np.vdot(dcols.astype(np.float64), cols.astype(np.float64))
        assert left == pytest.approx(np.vdot(back.astype(np.float64), x.astype(np.float64)), rel=0, abs=tolerance)


def test_each_is_the_gradient_of_the_other():
    x = juanji.Variable(random((2, 5, 6, 3), "float64", 1))
    window = {"kernel_size": 3, "strides": 2, "padding": "same", "dilation_rate": 1}
    with juanji.GradientTape() as tape:
        cols = ops.im2col(x, **window)
    dcols = random(cols.shape, "float64", 2)
    dx = tape.gradient(cols, x, output_gradients=dcols).numpy()
    np.testing.assert_array_equal(dx, ops.col2im(dcols, (5, 6), **window))
    cols = juanji.Variable(dcols)
    with juanji.GradientTape() as tape:
        images = ops.col2im(cols, (5, 6), **window)
    gradient = tape.gradient(images, cols, output_gradients=x.numpy()).numpy()
    np.testing.assert_array_equal(gradient, ops.im2col(x.numpy(), **window))


def test_a_matrix_product_of_windows_is_a_convolution():
    x, w = random((2, 8, 9, 3), "float64", 1), random((3, 2, 3, 5), "float64", 2)
    cols = ops.im2col(x, (3, 2), 2, "same")
    y = cols @ w.reshape(-1, 5)
    np.testing.assert_allclose(ops.conv(x, w, 2, "same"), y, rtol=0, atol=16 * np.finfo(float).eps * np.abs(y).max())


def test_same_bits_at_any_thread_count():
    before = juanji.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            juanji.set_num_threads(threads)
            cols = ops.im2col(random((3, 33, 31, 9), "float32", 1), 3, 2, "same")
            back = ops.col2im(cols, (33, 31), 3, 2, "same")
            results.append(cols.tobytes() + back.tobytes())
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


def test_empty_batches():
    assert ops.im2col(np.zeros((0, 5, 5, 2), "float32"), 3).shape == (0, 3, 3, 18)
    assert ops.col2im(np.zeros((0, 3, 3, 18), "float32"), (5, 5), 3).shape == (0, 5, 5, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.im2col(np.zeros((4, 4, 1)), 2), r"^im2col: x has the wrong number of dimensions.*\(4, 4, 1\)"),
        (lambda: ops.im2col(np.zeros((1, 4, 4, 1)), 5), r"^im2col: the window is larger.*got kernel_size=\(5, 5\)"),
        (lambda: ops.im2col(np.zeros((1, 4, 4, 1)), 2, 0), r"^im2col: strides is out of range.*got strides=\(0, 0\)"),
        (
            lambda: ops.im2col(np.zeros((1, 4, 4, 1)), 2**30, padding="same"),
            r"^im2col: the rows are too long; .*got kernel_size=\(1073741824, 1073741824\)",
        ),
        (
            lambda: ops.col2im(np.zeros((1, 3, 3, 7)), (4, 4), 2),
            r"^col2im: cols has the wrong shape; expected \(N, 3, 3, a multiple of 4\), got cols.shape=\(1, 3, 3, 7\)",
        ),
        (lambda: ops.col2im(np.zeros((1, 2, 3, 8)), (4, 4), 2), "^col2im: cols has the wrong shape"),
    ],
)
def test_errors_say_what_was_expected_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
