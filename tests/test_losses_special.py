"""Focal losses, losses of segmentation, of embeddings, of likelihoods and of sequences, against their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, losses, ops
from reference import losses as naive

RNG = np.random.default_rng(11)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


BITS = RNG.integers(0, 2, (5, 4)).astype(float)
SCORES = 2 * RNG.normal(size=(5, 4))
ONE_HOT = np.eye(4)[RNG.integers(0, 4, 5)]
NUMBERS = RNG.integers(0, 4, 5)
MASKS = RNG.integers(0, 2, (3, 4, 2, 1)).astype(float)
CHANCES = RNG.uniform(0.05, 0.95, MASKS.shape)


def unit(shape):
    x = RNG.normal(size=shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


EMBEDDINGS, REFERENCES = unit((6, 3)), unit((4, 3))
CLASSES, REFERENCE_CLASSES = np.array([0, 1, 0, 2, 1, 0]), np.array([0, 1, 1, 2])


def rows(formula, t=BITS, **arguments):
    return lambda p: naive.per_sample(lambda a, b: formula(a, b, **arguments), t, p)


def flat(formula, keep=1, **arguments):
    return lambda p: naive.per_sample(
        lambda a, b: formula(a, b, **arguments), MASKS.reshape(*MASKS.shape[:keep], -1), p.reshape(*p.shape[:keep], -1)
    )


def own_circle(p, gamma=5.0, own=True):
    return naive.circle(CLASSES, p, p, CLASSES, own, gamma, 0.4)


# what is called with predictions, the predictions, the formula of them, c of the tolerance c·eps·max|ref|
CASES = {
    "binary focal": (
        lambda p: losses.binary_focal_crossentropy(BITS, p),
        sigmoid(SCORES),
        rows(naive.binary_focal_crossentropy),
        64,
    ),
    "binary focal, balanced": (
        lambda p: losses.binary_focal_crossentropy(BITS, p, apply_class_balancing=True, alpha=0.3, gamma=1.5),
        sigmoid(SCORES),
        rows(naive.binary_focal_crossentropy, gamma=1.5, alpha=0.3),
        64,
    ),
    "binary focal, logits": (
        lambda z: losses.binary_focal_crossentropy(BITS, z, from_logits=True, label_smoothing=0.2),
        SCORES,
        lambda z: rows(naive.binary_focal_crossentropy, BITS * 0.8 + 0.1)(sigmoid(z)),
        64,
    ),
    "categorical focal": (
        lambda p: losses.categorical_focal_crossentropy(ONE_HOT, p, alpha=0.5, gamma=3.0),
        sigmoid(SCORES),
        rows(naive.categorical_focal_crossentropy, ONE_HOT, alpha=0.5, gamma=3.0),
        64,
    ),
    "categorical focal, logits": (
        lambda z: losses.categorical_focal_crossentropy(ONE_HOT, z, from_logits=True, label_smoothing=0.2),
        SCORES,
        lambda z: rows(naive.categorical_focal_crossentropy, ONE_HOT * 0.8 + 0.05)(softmax(z)),
        64,
    ),
    "dice": (lambda p: losses.dice(MASKS, p), CHANCES, flat(naive.dice, 0), 16),
    "dice, images": (lambda p: losses.dice(MASKS, p, axis=(1, 2, 3)), CHANCES, flat(naive.dice), 16),
    "tversky": (
        lambda p: losses.tversky(MASKS, p, alpha=0.3, beta=0.8),
        CHANCES,
        flat(naive.tversky, 0, alpha=0.3, beta=0.8),
        16,
    ),
    "tversky, images": (
        lambda p: losses.tversky(MASKS, p, axis=[1, 2, 3]),
        CHANCES,
        flat(naive.tversky, alpha=0.5, beta=0.5),
        16,
    ),
    "circle": (lambda p: losses.circle(CLASSES, p, gamma=5.0), EMBEDDINGS, own_circle, 128),
    "circle, diagonal": (
        lambda p: losses.circle(CLASSES, p, gamma=5.0, remove_diagonal=False),
        EMBEDDINGS,
        lambda p: own_circle(p, own=False),
        128,
    ),
    "circle, references": (
        lambda p: losses.circle(CLASSES[:, None], p, REFERENCE_CLASSES, REFERENCES, False, gamma=4.0, margin=0.3),
        EMBEDDINGS,
        lambda p: naive.circle(CLASSES, p, REFERENCES, REFERENCE_CLASSES, False, 4.0, 0.3),
        128,
    ),
    "likelihood": (
        lambda p: losses.negative_log_likelihood(NUMBERS, p),
        np.log(softmax(SCORES)),
        lambda p: -p[np.arange(5), NUMBERS],
        1,
    ),
    "generalised": (
        lambda p: losses.categorical_generalized_cross_entropy(NUMBERS, p, q=0.7),
        softmax(SCORES),
        lambda p: (1 - p[np.arange(5), NUMBERS] ** 0.7) / 0.7,
        16,
    ),
    "ctc": (
        lambda z: losses.ctc(np.array([[1, 2], [2, 2], [3, 0], [0, 0]]), z),
        RNG.normal(size=(4, 4, 4)),
        lambda z: np.array([naive.ctc(t, y) for t, y in zip([[1, 2], [2, 2], [3], []], z)]),
        64,
    ),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_values_follow_the_formula(case, dtype):
    function, x, formula, c = CASES[case]
    got, expected = np.asarray(function(x.astype(dtype))), np.asarray(formula(x.astype(dtype).astype(float)))
    assert got.dtype == dtype
    assert got.shape == expected.shape
    limit = c * np.finfo(dtype).eps * max(float(np.abs(expected).max()), 1.0)
    assert np.abs(got - expected).max() <= limit


@pytest.mark.parametrize("case", CASES)
def test_gradients_agree_with_finite_differences(case):
    function, x, formula, _ = CASES[case]
    variable = Tensor(x)
    with GradientTape() as tape:
        tape.watch(variable)
        value = ops.sum(function(variable))
    gradient = tape.gradient(value, variable).numpy()
    for _ in range(3):
        direction, h = RNG.normal(size=x.shape), 1e-6
        slope = (formula(x + h * direction) - formula(x - h * direction)).sum() / (2 * h)
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_focal_losses_without_focus_are_crossentropies():
    p = sigmoid(SCORES)
    focal = losses.binary_focal_crossentropy(BITS, p, gamma=0.0)
    np.testing.assert_allclose(focal, losses.binary_crossentropy(BITS, p), rtol=1e-13)
    focal = losses.categorical_focal_crossentropy(ONE_HOT, p, alpha=1.0, gamma=0.0)
    np.testing.assert_allclose(focal, losses.categorical_crossentropy(ONE_HOT, p), rtol=1e-13)


@pytest.mark.parametrize("from_logits", [False, True])
def test_saturated_focal_losses_keep_their_gradient(from_logits):
    x = Tensor(np.array([[200.0, -200.0]], dtype="float32"))
    for loss, activation in (
        (losses.categorical_focal_crossentropy, ops.softmax),
        (losses.binary_focal_crossentropy, ops.sigmoid),
    ):
        with GradientTape() as tape:
            tape.watch(x)
            value = loss(np.array([[0.0, 1.0]]), x if from_logits else activation(x), from_logits=from_logits)
        assert float(value) == 100.0 if loss is losses.categorical_focal_crossentropy else float(value) == 200.0
        gradient = tape.gradient(value, x).numpy()
        assert gradient[0, 0] > 0 > gradient[0, 1]
        assert np.isfinite(gradient).all()


def test_weights_of_classes():
    alpha = [0.1, 0.2, 0.3, 0.4]
    one = losses.categorical_focal_crossentropy(ONE_HOT, sigmoid(SCORES), alpha=1.0)
    each = losses.CategoricalFocalCrossentropy(alpha=alpha, reduction="none")(ONE_HOT, sigmoid(SCORES))
    np.testing.assert_allclose(each, one * (ONE_HOT @ alpha), rtol=1e-13)


def test_perfect_and_empty_masks():
    assert float(losses.dice(MASKS, MASKS)) < 1e-7
    assert float(losses.tversky(MASKS, MASKS)) < 1e-7
    assert float(losses.dice(np.zeros((2, 2)), np.zeros((2, 2)))) == 1.0
    assert float(losses.tversky(MASKS, 1 - MASKS)) == 1.0


def test_one_value_for_a_batch_takes_weights():
    value, weights = losses.dice(MASKS, CHANCES), np.array([0.0, 1.0, 2.5])
    assert float(losses.Dice()(MASKS, CHANCES, weights)) == pytest.approx(value * weights.mean())
    assert float(losses.Dice(reduction="sum")(MASKS, CHANCES, weights)) == pytest.approx(value * weights.sum())


def test_circle_counts_embeddings_with_a_loss():
    labels = np.array([0, 0, 1])  # the last has no other of its class
    values = losses.circle(labels, EMBEDDINGS[:3], gamma=5.0)
    assert values[2] == 0
    loss = losses.Circle(gamma=5.0)
    assert float(loss(labels, EMBEDDINGS[:3])) == pytest.approx(values[:2].mean())
    alone = Tensor(EMBEDDINGS[:2])
    with GradientTape() as tape:
        tape.watch(alone)
        value = loss(np.array([0, 1]), alone)
    assert float(value) == 0
    assert not tape.gradient(value, alone).numpy().any()


def test_likelihood_of_maps_and_columns():
    logs = np.log(softmax(RNG.normal(size=(2, 3, 4))))
    labels = RNG.integers(0, 4, (2, 3))
    expected = -np.take_along_axis(logs, labels[..., None], -1)[..., 0]
    for y, p, axis in [(labels, logs, -1), (labels[..., None], logs, -1), (labels, np.moveaxis(logs, -1, 1), 1)]:
        np.testing.assert_array_equal(losses.negative_log_likelihood(y, p, axis=axis), expected)
    assert losses.negative_log_likelihood([0], [[-np.inf, 0.0]]).tolist() == [np.inf]
    assert losses.negative_log_likelihood([1], [[-np.inf, -0.5]]).tolist() == [0.5]
    assert losses.get("nll") is losses.negative_log_likelihood


def test_ctc_of_long_rows():
    labels = np.full((1, 20), 3)
    z = np.random.default_rng(0).normal(size=(1, 40, 5)).astype("float32")
    assert np.isfinite(losses.ctc(labels, z[:, :39])).all()  # repeated labels need a blank between
    assert losses.ctc(labels, z[:, :38]).tolist() == [np.inf]
    exact = losses.ctc(labels[:, :7], z.astype(float))
    np.testing.assert_allclose(losses.ctc(labels[:, :7], z), exact, rtol=64 * np.finfo("float32").eps)


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: losses.negative_log_likelihood([3], np.zeros((1, 3))), r"expected 0 to 2, got labels from 3 to 3"),
        (lambda: losses.negative_log_likelihood([-1], np.zeros((1, 3))), r"negative_log_likelihood: .*from -1 to -1"),
        (lambda: losses.negative_log_likelihood(np.eye(3), np.zeros((3, 3))), r"negative_log_likelihood: .*\(3, 3\)"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.0), r"number between 0 and 1, got q=1\.0"),
        (lambda: losses.BinaryFocalCrossentropy(label_smoothing=2), r"from 0 to 1, got label_smoothing=2"),
        (lambda: losses.dice(np.zeros((2, 3)), np.zeros((2, 4))), r"dice: .*got y_true.shape=\(2, 3\)"),
        (lambda: losses.ctc(np.zeros(3), np.zeros((3, 4, 5))), r"ctc: wrong rank; .*got y_true.shape=\(3,\)"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()
