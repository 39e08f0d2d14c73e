"""Cross-entropies and squared error: definitions, gradients, saturated outputs, wrong labels."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, ops
from juanji.ops._losses import mean_squared_error
from reference import classification as reference

CLASSES = [1, 2, 10, 32, 33, 100]


def sample(rows, classes, seed=0):
    """Logits, class numbers and class weights."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, classes)) * 3
    return x, rng.integers(0, classes, rows), rng.random((rows, classes))


def gradient_of(function, x, dy):
    tensor = Tensor(x)
    with GradientTape() as tape:
        tape.watch(tensor)
        loss = function(tensor)
    return tape.gradient(loss, tensor, dy).numpy()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("rows", [0, 1, 8, 17])
def test_losses_agree_with_their_definitions(rows, classes, dtype):
    x, labels, weights = sample(rows, classes)
    x, weights = x.astype(dtype), weights.astype(dtype)
    x64, w64 = x.astype("float64"), weights.astype("float64")
    hot = reference.one_hot(labels, classes)
    p = reference.softmax(x64).astype(dtype)
    p64 = p.astype("float64")
    cases = [
        (ops.categorical_crossentropy(weights, x, from_logits=True), reference.cross_entropy(w64, x64)),
        (ops.categorical_crossentropy(hot, x, from_logits=True), reference.cross_entropy(hot, x64)),
        (ops.sparse_categorical_crossentropy(labels, x, from_logits=True), reference.cross_entropy(hot, x64)),
        (ops.categorical_crossentropy(weights, p * 3), reference.probability_cross_entropy(w64, p64)),
        (
            ops.sparse_categorical_crossentropy(labels, p),
            reference.sparse_probability_cross_entropy(labels, p64),
        ),
        (ops.binary_crossentropy(weights, p), reference.binary_cross_entropy(w64, p64)),
        (
            ops.binary_crossentropy(weights, x, from_logits=True),
            reference.binary_cross_entropy_of_logits(w64, x64),
        ),
        (mean_squared_error(weights, x), reference.mean_squared_error(w64, x64)),
    ]
    if classes == 1:
        # log(1 - q) of a probability clipped at 1 - 1e-7 magnifies the rounding of q ten million times.
        del cases[5]
    for got, want in cases:
        assert got.dtype == dtype
        assert got.shape == want.shape
        # Logits of up to 10 and their sums; a log(p) near p = 1 has the absolute error of p.
        scale = np.abs(want).max(initial=1.0)
        np.testing.assert_allclose(got, want, rtol=0, atol=32 * np.finfo(dtype).eps * scale)


@pytest.mark.parametrize("classes", CLASSES)
def test_gradients_agree_with_differences(classes):
    x, labels, weights = sample(4, classes, 1)
    p = reference.softmax(x) * 0.9 + 0.01
    dy = np.random.default_rng(5).standard_normal(4)
    each = np.random.default_rng(6).standard_normal((4, classes))
    hot = reference.one_hot(labels, classes)
    cases = [
        (
            lambda v: ops.categorical_crossentropy(weights, v, from_logits=True),
            lambda v: reference.cross_entropy(weights, v),
            x,
            dy,
        ),
        (
            lambda v: ops.sparse_categorical_crossentropy(labels, v, from_logits=True),
            lambda v: reference.cross_entropy(hot, v),
            x,
            dy,
        ),
        (
            lambda v: ops.categorical_crossentropy(weights, v),
            lambda v: reference.probability_cross_entropy(weights, v),
            p,
            dy,
        ),
        (
            lambda v: ops.sparse_categorical_crossentropy(labels, v),
            lambda v: reference.sparse_probability_cross_entropy(labels, v),
            p,
            dy,
        ),
        (
            lambda v: ops.binary_crossentropy(weights, v),
            lambda v: reference.binary_cross_entropy(weights, v),
            p,
            each,
        ),
        (
            lambda v: ops.binary_crossentropy(weights, v, from_logits=True),
            lambda v: reference.binary_cross_entropy_of_logits(weights, v),
            x,
            each,
        ),
        (
            lambda v: mean_squared_error(weights, v),
            lambda v: reference.mean_squared_error(weights, v),
            x,
            dy,
        ),
    ]
    for function, definition, point, arriving in cases:
        got = gradient_of(function, point, arriving)
        want = reference.numeric_gradient(definition, point.copy(), arriving)
        scale = np.abs(want).max(initial=1.0)
        np.testing.assert_allclose(got, want, rtol=0, atol=2e-8 * scale)


def test_gradient_is_zero_where_probabilities_are_clipped():
    p = np.array([[0.0, 1.0, 0.0], [0.5, 0.5, 1e-9]])
    hot = np.eye(3)[[0, 2]]
    for function in (
        lambda v: ops.categorical_crossentropy(hot, v),
        lambda v: ops.binary_crossentropy(hot, v),
        lambda v: ops.sparse_categorical_crossentropy([0, 2], v),
    ):
        got = gradient_of(function, p, None)
        assert np.isfinite(got).all()
        np.testing.assert_array_equal(got[0], 0)
    np.testing.assert_allclose(ops.categorical_crossentropy(hot, p), -np.log(1e-7), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
def test_saturated_softmax_has_a_finite_loss_and_the_right_gradient(size, dtype):
    """The loss of ops.softmax's output is computed from its logits."""
    x = Tensor(np.array([[size, -size, 0], [-size, size, 0]], dtype))
    hot = np.eye(3)[[1, 0]]
    for loss_of in (
        lambda y: ops.categorical_crossentropy(hot, y),
        lambda y: ops.sparse_categorical_crossentropy([1, 0], y),
    ):
        with GradientTape() as tape:
            tape.watch(x)
            loss = loss_of(ops.softmax(x))
        np.testing.assert_array_equal(loss.numpy(), np.full(2, 2 * size, dtype))
        want = np.array([[1, -1, 0], [-1, 1, 0]])
        np.testing.assert_allclose(tape.gradient(loss, x).numpy(), want, rtol=0, atol=1e-30)


def test_saturated_sigmoid():
    x = Tensor(np.array([100.0, -100.0, 1e4]))
    with GradientTape() as tape:
        tape.watch(x)
        loss = ops.binary_crossentropy(np.array([0.0, 1.0, 0.0]), ops.sigmoid(x))
    np.testing.assert_array_equal(loss.numpy(), [100.0, 100.0, 1e4])
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), [1.0, -1.0, 1.0], rtol=1e-15)


def test_logits_of_another_activation_or_axis_are_not_used():
    x = Tensor(np.array([[100.0, -100.0], [3.0, 1.0]]))
    hot = np.eye(2)
    limit = -np.log(1e-7)
    assert (ops.binary_crossentropy(hot, ops.softmax(x)).numpy() <= limit).all()
    assert (ops.categorical_crossentropy(hot, ops.sigmoid(x)).numpy() <= limit).all()
    assert (ops.categorical_crossentropy(hot[::-1], ops.softmax(x, axis=0)).numpy() <= limit).all()
    assert (ops.categorical_crossentropy(hot[::-1], ops.softmax(x) * 1.0).numpy() <= limit).all()


def test_a_watched_output_gets_its_own_gradient():
    y = ops.softmax(Tensor(np.array([[1.0, 2.0, 3.0]])))
    with GradientTape() as tape:
        tape.watch(y)
        loss = ops.categorical_crossentropy(np.eye(3)[[0]], y)
    want = reference.numeric_gradient(
        lambda v: reference.probability_cross_entropy(np.eye(3)[[0]], v), y.numpy().copy(), np.ones(1)
    )
    np.testing.assert_allclose(tape.gradient(loss, y).numpy(), want, rtol=0, atol=1e-7)


def test_from_logits_of_a_softmax_warns_and_uses_its_logits():
    x = Tensor(np.array([[1.0, 2.0, 3.0]]))
    with pytest.warns(UserWarning, match="from_logits=True, but the output comes from a softmax"):
        loss = ops.sparse_categorical_crossentropy([0], ops.softmax(x), from_logits=True)
    np.testing.assert_allclose(loss.numpy(), reference.cross_entropy(np.eye(3)[[0]], x.numpy()), rtol=1e-14)


def test_unlabelled_infinity_does_not_count():
    x = np.array([[0.0, -np.inf, 0.0]])
    for loss in (
        ops.categorical_crossentropy(np.eye(3)[[0]], x, from_logits=True),
        ops.sparse_categorical_crossentropy([0], x, from_logits=True),
    ):
        np.testing.assert_allclose(loss, np.log(2), rtol=1e-15)
    assert ops.sparse_categorical_crossentropy([1], x, from_logits=True) == np.inf


@pytest.mark.parametrize("classes", [3, 40])
def test_nan_spoils_its_row_and_no_other(classes):
    x = np.full((3, classes), 0.25)
    x[1, 1] = np.nan
    hot = np.eye(classes)[[0, 0, 0]]
    for loss in (
        ops.categorical_crossentropy(hot, x, from_logits=True),
        ops.sparse_categorical_crossentropy([0, 0, 0], x, from_logits=True),
        ops.categorical_crossentropy(hot, x),
        ops.sparse_categorical_crossentropy([0, 0, 0], x),
        mean_squared_error(hot, x),
    ):
        np.testing.assert_array_equal(np.isnan(loss), [False, True, False])
    np.testing.assert_array_equal(np.isnan(ops.binary_crossentropy(hot, x)), np.isnan(x))


@pytest.mark.parametrize("wrong", [-1, 3, 2**40])
@pytest.mark.parametrize("from_logits", [True, False])
def test_wrong_label_is_named_with_its_row(wrong, from_logits):
    message = rf"label in row 2 is not a class number; expected 0 to 2, got label={wrong}\. Number the classes"
    with pytest.raises(ValueError, match=message):
        ops.sparse_categorical_crossentropy([0, 1, wrong], np.ones((3, 3)), from_logits=from_logits)


def test_labels_of_every_kind():
    x = sample(4, 5)[0]
    want = ops.sparse_categorical_crossentropy(np.array([0, 1, 4, 2]), x)
    for dtype in ("int8", "uint8", "int32", "uint64", "float32"):
        for shape in ((4,), (4, 1)):
            labels = np.array([0, 1, 4, 2], dtype).reshape(shape)
            np.testing.assert_array_equal(ops.sparse_categorical_crossentropy(labels, x), want)
    with pytest.raises(ValueError, match=r"label in row 1 is not a class number; .* got label=0\.5"):
        ops.sparse_categorical_crossentropy([0.0, 0.5, 1.0, 2.0], x)
    with pytest.raises(ValueError, match="got label=nan"):
        ops.sparse_categorical_crossentropy([np.nan, 0.0, 1.0, 2.0], x)
    with pytest.raises(TypeError, match="labels are not numbers"):
        ops.sparse_categorical_crossentropy(["a", "b", "c", "d"], x)


def test_more_axes_and_another_class_axis():
    rng = np.random.default_rng(0)
    x, weights = rng.standard_normal((2, 3, 4)), rng.random((2, 3, 4))
    want = reference.cross_entropy(weights, x)
    np.testing.assert_allclose(ops.categorical_crossentropy(weights, x, True), want, rtol=1e-13)
    moved = ops.categorical_crossentropy(np.moveaxis(weights, -1, 1), np.moveaxis(x, -1, 1), True, axis=1)
    np.testing.assert_allclose(moved, want, rtol=1e-13)
    labels = rng.integers(0, 4, (2, 3))
    want = reference.cross_entropy(reference.one_hot(labels, 4), x)
    np.testing.assert_allclose(ops.sparse_categorical_crossentropy(labels, x, True), want, rtol=1e-13)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"expected target\.shape=\(2, 3\), got target\.shape=\(2,\)"):
        ops.categorical_crossentropy(np.ones(2), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"one class number is needed per row; expected target\.shape=\(2,\)"):
        ops.sparse_categorical_crossentropy(np.zeros((2, 3), int), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"the classes must lie in the last axis; .* got axis=0"):
        ops.sparse_categorical_crossentropy([0, 1], np.ones((2, 3)), axis=0)
    with pytest.raises(ValueError, match="binary_crossentropy: target and output differ in shape"):
        ops.binary_crossentropy(np.ones((2, 1)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="mean_squared_error: target and output differ in shape"):
        mean_squared_error(np.ones((2, 1)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="has no classes"):
        ops.categorical_crossentropy(np.ones((2, 0)), np.ones((2, 0)))


def test_gradient_of_the_target():
    x, _, weights = sample(3, 4)
    dy = np.array([1.0, -2.0, 0.5])
    target = Tensor(weights)
    with GradientTape() as tape:
        tape.watch(target)
        loss = ops.categorical_crossentropy(target, x, from_logits=True)
    want = -reference.log_softmax(x) * dy[:, None]
    np.testing.assert_allclose(tape.gradient(loss, target, dy).numpy(), want, rtol=1e-13)


@pytest.mark.parametrize("kind", ["dense", "sparse", "squares"])
def test_second_derivative(kind):
    x, labels, weights = sample(3, 4)
    dy, v = np.array([1.0, -2.0, 0.5]), np.random.default_rng(9).standard_normal((3, 4))

    def loss_of(value):
        if kind == "dense":
            return ops.categorical_crossentropy(weights, value, from_logits=True)
        if kind == "sparse":
            return ops.sparse_categorical_crossentropy(labels, value, from_logits=True)
        return mean_squared_error(weights, value)

    point = Tensor(x)
    with GradientTape() as outer:
        outer.watch(point)
        with GradientTape() as inner:
            inner.watch(point)
            loss = loss_of(point)
        dx = inner.gradient(loss, point, dy)
    want = reference.numeric_gradient(lambda value: gradient_of(loss_of, value, dy), x.copy(), v)
    np.testing.assert_allclose(outer.gradient(dx, point, v).numpy(), want, rtol=0, atol=1e-8)


def test_same_bits_at_any_thread_count(threads):
    x, labels, weights = sample(3000, 10)
    x, weights = x.astype("float32"), weights.astype("float32")
    p = reference.softmax(x)
    functions = [
        (lambda v: ops.categorical_crossentropy(weights, v, from_logits=True), x),
        (lambda v: ops.sparse_categorical_crossentropy(labels, v, from_logits=True), x),
        (lambda v: ops.categorical_crossentropy(weights, v), p),
        (lambda v: ops.sparse_categorical_crossentropy(labels, v), p),
        (lambda v: ops.binary_crossentropy(weights, v), p),
        (lambda v: ops.binary_crossentropy(weights, v, from_logits=True), x),
        (lambda v: mean_squared_error(weights, v), x),
    ]
    results = []
    for n in (1, 2, 4):
        threads(n)
        parts = [f(v) for f, v in functions] + [gradient_of(f, v, None) for f, v in functions]
        results.append(b"".join(part.tobytes() for part in parts))
    assert results[0] == results[1] == results[2]
