"""juanji.losses against the formulas, in values, gradients, reductions and messages."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import GradientTape, Tensor, losses, metrics, ops
from reference import losses as naive


def numbers(rng, shape):
    return rng.normal(size=shape), rng.normal(size=shape)


def positive(rng, shape):
    return rng.uniform(0.1, 2.0, shape), rng.uniform(0.1, 2.0, shape)


def distributions(rng, shape):
    t, p = rng.uniform(0.05, 1.0, shape), rng.uniform(0.05, 1.0, shape)
    return t / t.sum(-1, keepdims=True), p / p.sum(-1, keepdims=True)


def one_hot_and_logits(rng, shape):
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])], 3 * rng.normal(size=shape)


def bits_and_chances(rng, shape):
    return rng.integers(0, 2, shape).astype(float), rng.uniform(0.02, 0.98, shape)


def bits_and_logits(rng, shape):
    return rng.integers(0, 2, shape).astype(float), 3 * rng.normal(size=shape)


def signs(rng, shape):
    return rng.choice([-1.0, 1.0], shape), rng.normal(size=shape)


# function, class, arguments, formula, data, c of the tolerance c·eps·max|ref|
CASES = [
    ("mean_squared_error", "MeanSquaredError", {}, naive.mean_squared_error, numbers, 8),
    ("mean_absolute_error", "MeanAbsoluteError", {}, naive.mean_absolute_error, numbers, 8),
    (
        "mean_absolute_percentage_error",
        "MeanAbsolutePercentageError",
        {},
        naive.mean_absolute_percentage_error,
        positive,
        8,
    ),
    (
        "mean_squared_logarithmic_error",
        "MeanSquaredLogarithmicError",
        {},
        naive.mean_squared_logarithmic_error,
        positive,
        32,
    ),
    ("huber", "Huber", {}, naive.huber, numbers, 8),
    ("huber", "Huber", {"delta": 0.5}, lambda t, p: naive.huber(t, p, 0.5), numbers, 8),
    ("log_cosh", "LogCosh", {}, naive.log_cosh, numbers, 32),
    ("cosine_similarity", "CosineSimilarity", {}, naive.cosine_similarity, numbers, 16),
    ("hinge", "Hinge", {}, naive.hinge, signs, 8),
    ("squared_hinge", "SquaredHinge", {}, naive.squared_hinge, signs, 8),
    ("categorical_hinge", "CategoricalHinge", {}, naive.categorical_hinge, one_hot_and_logits, 8),
    ("kl_divergence", "KLDivergence", {}, naive.kl_divergence, distributions, 64),
    ("poisson", "Poisson", {}, naive.poisson, positive, 16),
    ("categorical_crossentropy", "CategoricalCrossentropy", {}, naive.categorical_crossentropy, distributions, 16),
    (
        "categorical_crossentropy",
        "CategoricalCrossentropy",
        {"from_logits": True},
        naive.categorical_crossentropy_logits,
        one_hot_and_logits,
        16,
    ),
    ("binary_crossentropy", "BinaryCrossentropy", {}, naive.binary_crossentropy, bits_and_chances, 64),
    (
        "binary_crossentropy",
        "BinaryCrossentropy",
        {"from_logits": True},
        naive.binary_crossentropy_logits,
        bits_and_logits,
        16,
    ),
]
IDS = [f"{case[0]}-{'-'.join(map(str, case[2]))}" for case in CASES]
SHAPES = [(1, 2), (5, 3), (64, 10), (2, 3, 4)]


def close(got, expected, dtype, c):
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == dtype
    assert got.shape == expected.shape
    limit = c * np.finfo(dtype).eps * max(float(np.abs(expected).max(initial=0.0)), 1.0)
    assert np.abs(got.astype(np.float64) - expected).max(initial=0.0) <= limit


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("function", "cls", "arguments", "formula", "data", "c"), CASES, ids=IDS)
def test_values_follow_the_formula(function, cls, arguments, formula, data, c, shape, dtype):
    y_true, y_pred = (a.astype(dtype) for a in data(np.random.default_rng(3), shape))
    expected = naive.per_sample(formula, y_true, y_pred)
    close(getattr(losses, function)(y_true, y_pred, **arguments), expected, dtype, c)
    close(getattr(losses, cls)(**arguments)(y_true, y_pred), expected.mean(), dtype, c)


@pytest.mark.parametrize(("function", "cls", "arguments", "formula", "data", "c"), CASES, ids=IDS)
def test_gradients_agree_with_finite_differences(function, cls, arguments, formula, data, c):
    rng = np.random.default_rng(5)
    y_true, y_pred = data(rng, (4, 3))
    loss = getattr(losses, cls)(**arguments)
    x = Tensor(y_pred)
    with GradientTape() as tape:
        tape.watch(x)
        value = loss(y_true, x)
    gradient = tape.gradient(value, x).numpy()
    for _ in range(3):
        direction = rng.normal(size=y_pred.shape)
        h = 1e-6
        ahead = naive.per_sample(formula, y_true, y_pred + h * direction).mean()
        behind = naive.per_sample(formula, y_true, y_pred - h * direction).mean()
        slope = (ahead - behind) / (2 * h)
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("weights", [None, "row", "column", "full", "zero"])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None])
def test_reductions(reduction, weights):
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    values = naive.per_sample(naive.mean_squared_error, y_true, y_pred)
    w = {
        None: None,
        "row": rng.uniform(size=6),
        "column": rng.uniform(size=(6, 1)),
        "full": rng.integers(0, 3, 6),
        "zero": np.zeros(6),
    }[weights]
    flat = np.ones(6) if w is None else w.reshape(6).astype(float)
    weighted = values * flat
    expected = {
        "sum": weighted.sum(),
        "mean_with_sample_weight": weighted.sum() / flat.sum() if flat.any() else 0.0,
        "none": weighted,
        None: weighted,
    }.get(reduction, weighted.sum() / 6)
    close(losses.MeanSquaredError(reduction=reduction)(y_true, y_pred, w), expected, np.float64, 16)


def test_weights_of_a_map_follow_the_batch_axis():
    rng = np.random.default_rng(2)
    y_true, y_pred, w = rng.normal(size=(3, 3, 2)), rng.normal(size=(3, 3, 2)), np.array([0.0, 1.0, 2.0])
    values = naive.per_sample(naive.mean_absolute_error, y_true, y_pred)
    expected = (values * w[:, None]).mean()
    close(losses.MeanAbsoluteError()(y_true, y_pred, w), expected, np.float64, 8)


@pytest.mark.parametrize(
    ("y_shape", "p_shape"), [((4, 1), (4,)), ((4,), (4, 1)), ((4, 3, 1), (4, 3)), ((4, 3), (4, 3, 1))]
)
def test_a_last_axis_of_one_is_added_or_dropped(y_shape, p_shape):
    y_true, y_pred = np.zeros(y_shape), np.full(p_shape, 2.0)
    assert float(losses.MeanSquaredError()(y_true, y_pred)) == 4.0
    assert (
        float(losses.mean_squared_error(y_true, y_pred).sum()) == 4.0 * losses.mean_squared_error(y_true, y_pred).size
    )


@pytest.mark.parametrize("labels", [np.array([2, 0, 1]), np.array([[2], [0], [1]]), np.array([2.0, 0.0, 1.0])])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "float32"])
def test_sparse_crossentropy_equals_the_one_hot_one(labels, dtype):
    labels = labels.astype(dtype)
    logits = np.random.default_rng(0).normal(size=(3, 4))
    rows = np.eye(4)[labels.reshape(-1).astype(int)]
    expected = naive.per_sample(naive.categorical_crossentropy_logits, rows, logits)
    close(losses.sparse_categorical_crossentropy(labels, logits, from_logits=True), expected, np.float64, 16)
    close(losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits), expected.mean(), np.float64, 16)
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    close(losses.SparseCategoricalCrossentropy()(labels, chances), expected.mean(), np.float64, 16)


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_classes_on_another_axis(axis):
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    labels = logits.argmin(axis)
    last = np.moveaxis(logits, axis, -1)
    rows = np.eye(last.shape[-1])[labels]
    expected = naive.per_sample(naive.categorical_crossentropy_logits, rows, last)
    sparse = losses.sparse_categorical_crossentropy(labels, logits, from_logits=True, axis=axis)
    close(sparse, expected, np.float64, 16)
    column = losses.sparse_categorical_crossentropy(np.expand_dims(labels, axis), logits, from_logits=True, axis=axis)
    close(column, expected, np.float64, 16)
    dense = losses.categorical_crossentropy(np.moveaxis(rows, -1, axis), logits, from_logits=True, axis=axis)
    close(dense, expected, np.float64, 16)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [("categorical_crossentropy", ops.softmax), ("sparse_categorical_crossentropy", ops.softmax)],
)
def test_saturated_outputs_of_a_softmax_keep_their_gradient(loss, activation):
    x = Tensor(np.array([[200.0, -200.0]], dtype="float32"))
    y = np.array([[0.0, 1.0]]) if loss == "categorical_crossentropy" else np.array([1])
    with GradientTape() as tape:
        tape.watch(x)
        value = losses.resolve_loss(loss, (1, 2), (1, 2))(y, activation(x))
    assert float(value) == 400.0
    assert tape.gradient(value, x).numpy().tolist() == [[1.0, -1.0]]


def test_ignored_classes_do_not_count():
    rng = np.random.default_rng(0)
    labels, logits = np.array([[0, 255], [2, 1]]), rng.normal(size=(2, 2, 3))
    kept = labels != 255
    rows = np.eye(3)[np.where(kept, labels, 0)]
    values = naive.per_sample(naive.categorical_crossentropy_logits, rows, logits) * kept
    arguments = {"from_logits": True, "ignore_class": 255}
    close(losses.sparse_categorical_crossentropy(labels, logits, **arguments), values, np.float64, 16)
    close(losses.SparseCategoricalCrossentropy(**arguments)(labels, logits), values.sum() / 3, np.float64, 16)
    weights = np.array([[1.0, 5.0], [0.0, 2.0]])
    close(
        losses.SparseCategoricalCrossentropy(**arguments)(labels, logits, weights),
        (values * weights).sum() / 3,
        np.float64,
        16,
    )
    close(
        losses.SparseCategoricalCrossentropy(**arguments, reduction="sum")(labels, logits),
        values.sum(),
        np.float64,
        16,
    )
    all_ignored = np.full((2, 2), 255)
    assert float(losses.SparseCategoricalCrossentropy(**arguments)(all_ignored, logits)) == 0.0


@pytest.mark.parametrize("s", [0.1, 1.0])
def test_label_smoothing(s):
    rng = np.random.default_rng(0)
    y_true, z = one_hot_and_logits(rng, (5, 4))
    smooth = y_true * (1 - s) + s / 4
    expected = naive.per_sample(naive.categorical_crossentropy_logits, smooth, z).mean()
    close(losses.CategoricalCrossentropy(from_logits=True, label_smoothing=s)(y_true, z), expected, np.float64, 16)
    y_true, z = bits_and_logits(rng, (5, 4))
    expected = naive.per_sample(naive.binary_crossentropy_logits, y_true * (1 - s) + s / 2, z).mean()
    close(losses.BinaryCrossentropy(from_logits=True, label_smoothing=s)(y_true, z), expected, np.float64, 16)


def test_hinge_converts_bits_to_signs():
    bits, scores = np.array([[0.0, 1.0]]), np.array([[0.5, 0.25]])
    assert losses.hinge(bits, scores).tolist() == [(1.5 + 0.75) / 2]
    assert losses.squared_hinge(bits, scores).tolist() == [(1.5**2 + 0.75**2) / 2]


def test_extremes_stay_finite():
    big = np.array([[1e4, -1e4]])
    assert losses.categorical_crossentropy(np.array([[0.0, 1.0]]), big, from_logits=True).tolist() == [2e4]
    assert losses.binary_crossentropy(np.array([[0.0, 1.0]]), big, from_logits=True).tolist() == [1e4]
    np.testing.assert_allclose(losses.log_cosh(np.zeros((1, 2)), big), [1e4 - np.log(2)], rtol=1e-12)
    assert losses.cosine_similarity(np.zeros((1, 2)), big).tolist() == [0.0]
    certain = losses.categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(certain, [-np.log(1e-7)], rtol=1e-6)
    assert np.isnan(losses.MeanSquaredError()([[np.nan]], [[1.0]]))


def test_types():
    assert losses.MeanSquaredError()([[0, 1]], np.array([[1, 1]])).dtype == np.float32
    assert losses.MeanSquaredError(dtype="float64")([[0, 1]], np.float32([[1, 1]])).dtype == np.float64
    assert losses.MeanSquaredError(dtype=juanji.DTypePolicy("float64")).dtype == "float64"
    assert metrics.MeanSquaredError(dtype=juanji.DTypePolicy("float64")).dtype == "float64"
    x = Tensor(np.float32([[1.0, 2.0]]))
    value = losses.MeanSquaredError()(np.float64([[0.0, 0.0]]), x)
    assert isinstance(value, Tensor)
    assert value.dtype == np.float32
    assert value.shape == ()
    with GradientTape() as tape:
        tape.watch(x)
        value = losses.MeanSquaredError(dtype="float64")([[0, 0]], x)
    assert tape.gradient(value, x).numpy().tolist() == [[1.0, 2.0]]


def test_a_tensor_of_labels_is_differentiated_too():
    t = Tensor(np.array([[1.0, 3.0]]))
    with GradientTape() as tape:
        tape.watch(t)
        value = losses.MeanSquaredError()(t, np.array([[0.0, 0.0]]))
    assert tape.gradient(value, t).numpy().tolist() == [[1.0, 3.0]]


CLASSES = [name for name in losses.__all__ if name[0].isupper() and name not in ("Loss", "LossFunctionWrapper")]


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_can_be_made_again(name):
    loss = losses.get(name)
    assert isinstance(loss, getattr(losses, name))
    config = losses.serialize(loss)
    again = losses.get(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.get_config()["reduction"] == "sum_over_batch_size"


def test_configuration_keeps_arguments():
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, name="mine", dtype="float64")
    again = losses.deserialize(losses.serialize(loss))
    assert (again.from_logits, again.label_smoothing, again.name, again.dtype) == (True, 0.1, "mine", "float64")
    wrapped = losses.LossFunctionWrapper(losses.huber, delta=2.0)
    again = losses.LossFunctionWrapper.from_config(wrapped.get_config())
    assert again.fn is losses.huber
    assert again.delta == 2.0
    with pytest.raises(AttributeError, match="no attribute 'gamma'"):
        _ = loss.gamma


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"),
        ("msle", "mean_squared_logarithmic_error"),
        ("bce", "binary_crossentropy"),
        ("kld", "kl_divergence"),
    ],
)
def test_aliases(alias, name):
    assert losses.get(alias) is getattr(losses, name)


def test_resolve_loss():
    assert losses.resolve_loss(None, (4,), (4, 3)) is None
    made = losses.MeanSquaredError()
    assert losses.resolve_loss(made, (4, 3), (4, 3)) is made
    assert losses.resolve_loss("mse", (4, 3), (4, 3)).name == "mse"
    for ce in ("crossentropy", "CE"):
        assert losses.resolve_loss(ce, (4, 1), (4, 1)).fn is losses.binary_crossentropy
        assert losses.resolve_loss(ce, (4, 1), (4, 3)).fn is losses.sparse_categorical_crossentropy
        assert losses.resolve_loss(ce, (4, 3), (4, 3)).fn is losses.categorical_crossentropy

    def off_by(y_true, y_pred):
        return ops.sum(y_pred - y_true, axis=-1)

    wrapped = losses.resolve_loss(off_by, (1, 2), (1, 2))
    assert wrapped.name == "off_by"
    assert float(wrapped(np.array([[1, 1]]), Tensor(np.float32([[2.0, 3.0]])))) == 3.0


def call(loss, y_true, y_pred, *rest):
    return losses.get(loss)(np.asarray(y_true), np.asarray(y_pred, float), *rest)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (
            lambda: call("categorical_crossentropy", np.zeros((64, 1), int), np.zeros((64, 10))),
            r"expected y_true.shape=\(64, 10\) like y_pred, got y_true.shape=\(64, 1\).*"
            r"use sparse_categorical_crossentropy or to_categorical\(y, num_classes=10\)",
        ),
        (
            lambda: call("CategoricalCrossentropy", np.zeros(64, int), np.zeros((64, 10))),
            r"got y_true.shape=\(64,\).*sparse_categorical_crossentropy",
        ),
        (
            lambda: call("sparse_categorical_crossentropy", np.eye(3), np.zeros((3, 3))),
            r"y_true.shape=\(3,\), got y_true.shape=\(3, 3\).*use categorical_crossentropy",
        ),
        (lambda: call("sparse_categorical_crossentropy", [0.5], np.zeros((1, 3))), r"not whole numbers.*got 0\.5"),
        (lambda: call("sparse_categorical_crossentropy", [np.nan], np.zeros((1, 3))), r"not whole numbers.*got nan"),
        (lambda: call("mse", np.zeros((4, 2)), np.zeros((4, 3))), r"mean_squared_error: .*got y_true.shape=\(4, 2\)"),
        (lambda: call("MeanSquaredError", np.zeros((0, 2)), np.zeros((0, 2))), r"the batch is empty"),
        (
            lambda: call("MeanSquaredError", np.zeros((4, 2)), np.zeros((4, 2)), np.ones(3)),
            r"sample weights do not fit.*\(4,\).*got sample_weight.shape=\(3,\)",
        ),
        (
            lambda: call("MeanSquaredError", np.zeros((4, 2)), np.zeros((4, 2)), np.ones((4, 2))),
            r"got sample_weight.shape=\(4, 2\)",
        ),
        (
            lambda: losses.MeanSquaredError(reduction="average"),
            r"'mean_with_sample_weight', 'none', None, got .*'average'",
        ),
        (lambda: losses.CategoricalCrossentropy(label_smoothing=1.5), r"from 0 to 1, got label_smoothing=1\.5"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=-0.1), r"from 0 to 1, got label_smoothing=-0\.1"),
        (lambda: losses.get("mean_squared"), r"unknown name.*Did you mean 'mean_squared_error'\?"),
        (lambda: losses.get(4), r"got identifier=4"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()


def test_labels_must_be_numbers():
    with pytest.raises(TypeError, match=r"labels are not numbers; .* got dtype=<U3"):
        losses.MeanSquaredError()(np.array([["cat"]]), np.zeros((1, 1)))


def test_one_class_is_warned_about():
    with pytest.warns(SyntaxWarning, match="use binary_crossentropy"):
        losses.categorical_crossentropy(np.ones((2, 1)), np.ones((2, 1)))


def test_a_loss_needs_call():
    with pytest.raises(TypeError, match=r"expected a method call\(y_true, y_pred\), got none"):
        losses.Loss()(np.ones(2), np.ones(2))

    class Own(losses.Loss):
        def __call__(self, y_true, y_pred, sample_weight=None):
            return ops.mean(y_pred)

    assert float(Own()(np.ones(2), np.ones(2))) == 1.0


@pytest.mark.parametrize("name", ["mean_squared_error", "hinge", "poisson", "kl_divergence", "huber", "log_cosh"])
def test_a_label_for_several_outputs(name):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.random((4, 1)), rng.random((4, 3))
    whole = getattr(losses, name)(np.repeat(y_true, 3, 1), y_pred)
    with pytest.warns(UserWarning, match=rf"{name}: y_true.shape=\(4, 1\) is broadcast to y_pred.shape=\(4, 3\)"):
        np.testing.assert_array_equal(getattr(losses, name)(y_true, y_pred), whole)
    with pytest.raises(ValueError, match="differ in shape"):
        getattr(losses, name)(y_pred, y_true)


def test_labels_of_classes_are_not_broadcast():
    with pytest.raises(ValueError, match="differ in shape"):
        losses.categorical_crossentropy(np.ones((4, 1)), np.full((4, 3), 1 / 3))
