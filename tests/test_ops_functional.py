"""Choices, loops, gradients of one's own, scattered values, segments, complex numbers and Fourier transforms."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Tensor, Variable, ops
from reference.gradients import check_gradients, check_second_gradients


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_choices():
    assert ops.cond(np.array(False), lambda: 1, lambda: 2) == 2
    branches = [lambda x: x + 1, lambda x: x * 10]
    assert [ops.switch(i, branches, 3) for i in (-5, 0, 1, 9)] == [4, 4, 30, 30]
    check_gradients(lambda x: ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: ops.square(x)), numbers(3))


def test_loops():
    assert [int(x) for x in ops.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), (0, 0))] == [5, 10]
    assert int(ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3)) == 3
    assert ops.fori_loop(2, 5, lambda i, x: x * i, 1) == 24
    check_gradients(lambda x: ops.fori_loop(0, 3, lambda i, v: ops.sin(v) + i, x), numbers(2))
    check_gradients(lambda x: ops.while_loop(lambda v: ops.sum(v) < 50, lambda v: v * 3, x), np.array([0.7, 1.1]))


def test_scan():
    x = numbers(5, 2)

    def step(carry, part):
        carry = {"a": carry["a"] * 0.5 + part}
        return carry, (carry["a"], part)

    carry, (sums, parts) = ops.scan(step, {"a": np.zeros(2)}, x)
    expected, total = [], np.zeros(2)
    for row in x:
        total = total * 0.5 + row
        expected.append(total)
    np.testing.assert_allclose(sums, expected)
    np.testing.assert_allclose(carry["a"], expected[-1])
    np.testing.assert_array_equal(parts, x)
    last, results = ops.scan(lambda c, v: (c + v, c), np.zeros(2), x, reverse=True)
    np.testing.assert_allclose(results[0], x[1:].sum(0))
    np.testing.assert_allclose(last, x.sum(0))
    assert ops.scan(lambda c, _: (c + 1, c), 0, length=3)[1].tolist() == [0, 1, 2]
    check_gradients(lambda v: ops.scan(lambda c, r: (ops.tanh(c + r), c * r), np.zeros(2), v)[1], x)
    check_gradients(lambda v: ops.map(lambda r: ops.sum(ops.square(r)), v), x)
    pairs = ops.vectorized_map(lambda two: two[0] @ two[1], [x, x])
    np.testing.assert_allclose(pairs, (x * x).sum(1))
    with pytest.raises(ValueError, match="scan: the number of steps is unknown"):
        ops.scan(step, 0)
    with pytest.raises(TypeError, match="scan: f is no function"):
        ops.scan(1, 0, x)
    with pytest.raises(ValueError, match="got unroll=0"):
        ops.scan(step, 0, x, unroll=0)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9])
@pytest.mark.parametrize("reverse", [False, True])
def test_associative_scan(size, reverse):
    x = numbers(2, size)
    expected = np.flip(np.cumsum(np.flip(x, 1), 1), 1) if reverse else np.cumsum(x, 1)
    np.testing.assert_allclose(ops.associative_scan(np.add, x, reverse, 1), expected, atol=1e-14)
    # a product of matrices is associative but does not commute
    m = numbers(size, 2, 2, seed=1)
    got = ops.associative_scan(lambda a, b: ops.matmul(b, a) if reverse else ops.matmul(a, b), m, reverse)
    products = [
        np.linalg.multi_dot([*m[i:], np.eye(2)]) if reverse else np.linalg.multi_dot([*m[: i + 1], np.eye(2)])
        for i in range(size)
    ]
    np.testing.assert_allclose(got, products, atol=1e-12)
    check_gradients(lambda v: ops.associative_scan(ops.multiply, v, reverse, 1), x)


def test_associative_scan_of_several_arrays():
    a, b = numbers(5), numbers(5, seed=1)
    got = ops.associative_scan(lambda u, v: [u[0] * v[0], u[1] * v[0] + v[1]], [a, b])
    state, states = 0.0, []
    for factor, term in zip(a, b):
        state = state * factor + term
        states.append(state)
    np.testing.assert_allclose(got[1], states, atol=1e-14)
    with pytest.raises(ValueError, match=r"the sizes along axis 0 differ; expected one size, got \(5,\), \(4,\)"):
        ops.associative_scan(lambda u, v: u, [a, b[:4]])


def test_custom_gradient():
    @ops.custom_gradient
    def halves(x, y):
        def rule(first, second=None, upstream=None):
            return first * 0.5, second * 7.0

        return (ops.square(x), y), rule

    x, y = Variable(np.array([2.0, 3.0])), Variable(np.array([1.0]))
    with GradientTape() as tape:
        first, second = halves(x, y)
        total = ops.sum(first * 10) + ops.sum(second)
    np.testing.assert_array_equal(first, [4.0, 9.0])
    dx, dy = tape.gradient(total, [x, y])
    np.testing.assert_array_equal(dx, [5.0, 5.0])
    np.testing.assert_array_equal(dy, [7.0])
    np.testing.assert_array_equal(halves(np.ones(1), np.ones(1))[0], [1.0])

    @ops.custom_gradient
    def log1pexp(v):
        e = ops.exp(v)
        return ops.log(1 + e), lambda *args, upstream=None: args[0] * (1 - 1 / (1 + e))

    check_gradients(log1pexp, numbers(4))
    wrong = ops.custom_gradient(lambda v: (v, lambda dv: (dv, dv)))
    with GradientTape() as tape:
        z = wrong(x)
    with pytest.raises(ValueError, match="not one gradient for each argument; expected 1, got 2"):
        tape.gradient(z, x)


def test_jvp():
    x, t = numbers(3, 2), numbers(3, 2, seed=1)
    w, s = numbers(2, 4, seed=2), numbers(2, 4, seed=3)

    def f(a, b):
        return {"y": ops.tanh(ops.matmul(a, b)), "z": ops.sum(ops.cumsum(a)), "constant": np.ones(2)}

    y, dy = ops.jvp(f, (x, w), (t, s))
    step = 1e-6
    up, down = (f(x + sign * step * t, w + sign * step * s) for sign in (1, -1))
    for name in ("y", "z", "constant"):
        np.testing.assert_allclose(y[name], f(x, w)[name])
        np.testing.assert_allclose(dy[name], (up[name] - down[name]) / (2 * step), atol=1e-8)
    y, dy, aux = ops.jvp(lambda v: (v * v, "more"), [2.0], [1.0], has_aux=True)
    assert (float(y), float(dy), aux) == (4.0, 4.0, "more")
    with pytest.raises(ValueError, match="jvp: the direction does not fit"):
        ops.jvp(ops.sin, (x,), (t[:1],))


def test_vectorize():
    x = numbers(3, 4)
    np.testing.assert_allclose(ops.vectorize(lambda a, b: a * 2 + b)(x, x[0]), x * 2 + x[0])
    product = ops.vectorize(lambda m, v: m @ v, signature="(m,n),(n)->(m)")
    m = numbers(5, 2, 4, seed=1)
    np.testing.assert_allclose(product(m, x[:1]), np.einsum("kmn,n->km", m, x[0]))
    check_gradients(lambda v: ops.vectorize(lambda a: ops.sin(a))(v), x)
    np.testing.assert_allclose(ops.vectorize(lambda a, k: a * k[0], excluded={1})(x, [3.0]), 3 * x)
    with pytest.raises(ValueError, match="vectorize: pyfunc is no function"):
        ops.vectorize(3)


def test_scatter():
    places, values = np.array([[0, 1], [2, 0], [0, 1]]), numbers(3, 2)
    expected = np.zeros((3, 2, 2))
    for place, value in zip(places, values):
        expected[tuple(place)] += value
    np.testing.assert_allclose(ops.scatter(places, values, (3, 2, 2)), expected)
    check_gradients(lambda v: ops.scatter(places, v, (3, 2, 2)), values)
    check_second_gradients(lambda v: ops.square(ops.scatter(places, v, (3, 2, 2))), values)
    with pytest.raises(TypeError, match="scatter: indices must be integers"):
        ops.scatter(values, values, (3, 2))


@pytest.mark.parametrize("reduction", [None, "add", "max", "min", "mul"])
def test_scatter_update(reduction):
    x, places, updates = numbers(4, 2), np.array([[0, 1], [2, 0], [0, 1]]), numbers(3, seed=1)
    expected = x.copy()
    for place, value in zip(map(tuple, places), updates):
        old = expected[place]
        expected[place] = {
            None: value,
            "add": old + value,
            "max": max(old, value),
            "min": min(old, value),
            "mul": old * value,
        }[reduction]
    np.testing.assert_allclose(ops.scatter_update(x, places, updates, reduction), expected)
    check_gradients(lambda v, u: ops.scatter_update(v, places, u, reduction), x, updates)
    rows = np.array([[3], [1]])
    check_gradients(lambda v, u: ops.scatter_update(v, rows, u, reduction), x, numbers(2, 2, seed=2))
    with pytest.raises(ValueError, match=r"scatter_update: unknown reduction; .* got reduction='sum'"):
        ops.scatter_update(x, places, updates, "sum")


def test_slice_update():
    x, block = numbers(4, 5), numbers(2, 3, seed=1)
    expected = x.copy()
    expected[1:3, 2:5] = block
    np.testing.assert_array_equal(ops.slice_update(x, (1, 2), block), expected)
    np.testing.assert_array_equal(ops.slice_update(x, (1, 9), block), expected)
    check_gradients(lambda v, u: ops.slice_update(v, np.array([1, 2]), u), x, block)
    with pytest.raises(ValueError, match=r"slice_update: the block does not fit; .* got start_indices=\[0\]"):
        ops.slice_update(x, [0], block)


@pytest.mark.parametrize(
    ("name", "ufunc"),
    [("sum", np.add), ("max", np.maximum), ("min", np.minimum), ("prod", np.multiply)],
)
def test_segments(name, ufunc):
    x, ids = numbers(6, 2), np.array([0, 2, 0, -1, 2, 2])
    if name == "prod":
        x[0, 0] = x[1, 0] = x[2, 1] = x[4, 1] = x[5, 1] = 0.0
    function = getattr(ops, f"segment_{name}")
    got = function(x, ids, 3)
    for segment in (0, 2):
        np.testing.assert_allclose(got[segment], ufunc.reduce(x[ids == segment], axis=0))
    empty = {"sum": 0.0, "max": -np.inf, "min": np.inf, "prod": 1.0}[name]
    np.testing.assert_array_equal(got[1], empty)
    check_gradients(lambda v: function(v, np.array([0, 1, 0, -1, 1, 1])), x)
    assert function(x, ids).shape == (3, 2)
    assert function(np.arange(6, dtype="int32"), ids).dtype == "int32"
    with pytest.raises(ValueError, match="not one segment for each row"):
        function(x, ids[:3])


def test_complex_numbers():
    re, im = numbers(2, 3), numbers(2, 3, seed=1)
    z = re + 1j * im
    for name in ("real", "imag", "angle", "isreal"):
        np.testing.assert_allclose(getattr(ops, name)(z), getattr(np, name)(z))
        np.testing.assert_allclose(getattr(ops, name)(re), getattr(np, name)(re))
    np.testing.assert_array_equal(ops.conj(z), np.conj(z))
    np.testing.assert_array_equal(ops.conjugate(re), re)
    np.testing.assert_allclose(ops.polar(np.abs(z), np.angle(z)), z)
    np.testing.assert_array_equal(ops.view_as_complex(ops.view_as_real(z)), z)
    assert ops.view_as_complex(np.ones(2, "float32")).dtype == "complex64"
    check_gradients(lambda v: ops.view_as_real(ops.view_as_complex(v)), numbers(3, 2))
    check_gradients(lambda r, a: ops.view_as_real(ops.conj(ops.polar(r, a))), re, im)
    check_gradients(lambda v: ops.angle(ops.view_as_complex(v)), numbers(3, 2))
    with pytest.raises(ValueError, match="view_as_complex: no pairs"):
        ops.view_as_complex(re)


@pytest.mark.parametrize("name", ["fft", "fft2", "ifft2"])
def test_fourier(name):
    x = numbers(2, 3, 4), numbers(2, 3, 4, seed=1)
    expected = getattr(np.fft, name)(x[0] + 1j * x[1])
    got = getattr(ops, name)(x)
    np.testing.assert_allclose(got[0] + 1j * got[1], expected, atol=1e-13)
    check_gradients(lambda re, im: ops.stack(getattr(ops, name)((re, im))), *x)
    assert getattr(ops, name)(tuple(part.astype("float32") for part in x))[0].dtype == "float32"


@pytest.mark.parametrize("size", [None, 1, 2, 4, 5, 7, 8])
def test_real_fourier(size):
    x = numbers(2, 5)
    expected = np.fft.rfft(x, size)
    got = ops.rfft(x, size)
    np.testing.assert_allclose(got[0] + 1j * got[1], expected, atol=1e-13)
    check_gradients(lambda v: ops.stack(ops.rfft(v, size)), x)
    parts = numbers(2, 4, seed=1), numbers(2, 4, seed=2)
    np.testing.assert_allclose(ops.irfft(parts, size), np.fft.irfft(parts[0] + 1j * parts[1], size), atol=1e-13)
    check_gradients(lambda re, im: ops.irfft((re, im), size), *parts)


def test_extract_sequences():
    x = numbers(2, 9)
    got = ops.extract_sequences(x, 4, 2)
    np.testing.assert_array_equal(got, np.stack([x[:, i : i + 4] for i in (0, 2, 4)], 1))
    check_gradients(lambda v: ops.extract_sequences(v, 4, 2), x)
    with pytest.raises(ValueError, match="expected a positive length and stride"):
        ops.extract_sequences(x, 0, 2)


def test_loops_inside_models():
    x = juanji.Input((4, 3))
    y = ops.scan(lambda c, v: (c + v, c * v), np.zeros(3, "float32"), ops.transpose(x, (1, 0, 2)))[0]
    model = juanji.Model(x, y)
    data = numbers(2, 4, 3).astype("float32")
    np.testing.assert_allclose(model(data), data.sum(1), rtol=1e-5)


def test_tensors_in_give_tensors_out():
    x = Tensor(numbers(4))
    for y in (
        ops.map(ops.sin, x),
        ops.scatter_update(x, [[0]], [1.0]),
        ops.fft((x, x))[0],
        ops.segment_sum(x, [0] * 4),
    ):
        assert isinstance(y, Tensor)


def naive_stft(x, length, step, size, window, center):
    x = np.pad(x, ((0, 0), (size // 2, size // 2)), mode="reflect") if center else x
    points = np.zeros(size)
    before = (size - length) // 2
    points[before : before + length] = window
    starts = range(0, x.shape[1] - size + 1, step)
    return np.stack([np.fft.rfft(x[:, i : i + size] * points) for i in starts], axis=1)


@pytest.mark.parametrize(("length", "step", "size"), [(4, 2, 4), (4, 1, 6), (5, 2, 8), (3, 3, 3)])
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("window", ["hann", "hamming", "own"])
def test_short_time_fourier(length, step, size, center, window):
    x = numbers(2, 29)
    turn = 2 * np.pi * np.arange(length) / length
    points = {"hann": 0.5 - 0.5 * np.cos(turn), "hamming": 0.54 - 0.46 * np.cos(turn), "own": 1 + turn}[window]
    given = points if window == "own" else window
    expected = naive_stft(x, length, step, size, points, center)
    re, im = ops.stft(x, length, step, size, given, center)
    np.testing.assert_allclose(re + 1j * im, expected, atol=1e-13)
    check_gradients(lambda v: ops.stack(ops.stft(v, length, step, size, given, center)), x[:1, :9])
    if center and window != "hann":
        back = ops.istft((re, im), length, step, size, window=given)
        # at the ends fewer windows lie over a sample than the weights assume, in Keras too
        inner = slice(size, back.shape[1] - size)
        np.testing.assert_allclose(back[:, inner], x[:, inner], atol=1e-12)
        np.testing.assert_allclose(ops.istft((re, im), length, step, size, 5, given), back[:, :5])
        check_gradients(lambda a, b: ops.istft((a, b), length, step, size, window=given), re[:1], im[:1])


def test_short_time_fourier_without_a_window_and_with_mistakes():
    x = numbers(1, 9)
    np.testing.assert_allclose(ops.stft(x, 3, 3, 3, None, False)[0][0, 1], np.fft.rfft(x[0, 3:6]).real)
    np.testing.assert_allclose(ops.istft(ops.stft(x, 3, 3, 3, None, False), 3, 3, 3, window=None, center=False), x)
    with pytest.raises(ValueError, match=r"stft: the sizes do not fit; .* got sequence_length=4, .* fft_length=3"):
        ops.stft(x, 4, 1, 3)
    with pytest.raises(ValueError, match="unknown window"):
        ops.stft(x, 4, 1, 4, "square")
    with pytest.raises(ValueError, match=r"the window does not fit; expected window\.shape=\(4,\), got \(3,\)"):
        ops.stft(x, 4, 1, 4, np.ones(3))
