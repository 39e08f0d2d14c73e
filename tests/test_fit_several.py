"""Training and evaluation of models with several inputs and outputs."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import Input, Model, Sequential, layers
from recordings import recorded_steps

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(20, 4)).astype("float32"), RNG.normal(size=(20, 3)).astype("float32")
CLASSES = RNG.integers(0, 3, 20)
VALUES = RNG.normal(size=(20, 2)).astype("float32")
LOSSES = ["sparse_categorical_crossentropy", "mse"]


def model_of(kind: str = "list") -> Model:
    juanji.utils.set_random_seed(3)
    a, b = Input((4,), name="a"), Input((3,), name="b")
    hidden = layers.Add()([layers.Dense(5)(a), layers.Dense(5, activation="tanh")(b)])
    first = layers.Dense(3, activation="softmax", name="first")(hidden)
    second = layers.Dense(2, name="second")(hidden)
    if kind == "dict":
        return Model({"a": a, "b": b}, {"classes": first, "values": second})
    return Model([a, b], [first, second])


def naive(model: Model, weights=None) -> tuple[float, float]:
    """Cross-entropy of the first output and mean squared error of the second."""
    outputs = model([A, B]) if isinstance(model.output, list) else model({"a": A, "b": B})
    first, second = outputs if isinstance(outputs, list) else (outputs["classes"], outputs["values"])
    w1, w2 = weights or (1.0, 1.0)
    entropy = -np.log(np.asarray(first, "float64")[np.arange(20), CLASSES])
    error = ((np.asarray(second, "float64") - VALUES) ** 2).mean(axis=1)
    return float((entropy * w1).mean()), float((error * w2).mean())


def test_losses_add_up():
    model = model_of()
    model.compile("sgd", LOSSES, loss_weights=[1.0, 0.25])
    first, second = naive(model)
    got = model.evaluate([A, B], [CLASSES, VALUES], batch_size=7, verbose=0)
    assert got == pytest.approx([first + 0.25 * second, first, second], rel=1e-5)
    assert model.metrics_names == ["loss", "first_loss", "second_loss"]


FORMS = {
    "lists": ("list", [A, B], [CLASSES, VALUES], LOSSES, [["accuracy"], ["mae", "mse"]]),
    "tuples": ("list", (A, B), (CLASSES, VALUES), tuple(LOSSES), (None, ["mae"])),
    "names": (
        "list",
        {"b": B, "a": A},
        {"second": VALUES, "first": CLASSES},
        {"second": "mse", "first": LOSSES[0]},
        {"second": "mae"},
    ),
    "keys": (
        "dict",
        {"a": A, "b": B},
        {"classes": CLASSES, "values": VALUES},
        {"classes": LOSSES[0], "values": "mse"},
        {"classes": ["accuracy"]},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_training(form):
    kind, x, y, loss, metrics = FORMS[form]
    model = model_of(kind)
    model.compile("adam", loss, metrics=metrics)
    reference = model_of()
    reference.compile("adam", LOSSES)
    options = {"epochs": 2, "batch_size": 6, "shuffle": False, "verbose": 0}
    got = model.fit(x, y, validation_split=0.25, **options).history
    wanted = reference.fit([A[:15], B[:15]], [CLASSES[:15], VALUES[:15]], **options).history
    assert got["loss"] == wanted["loss"]
    assert got["loss"][1] < got["loss"][0]
    assert {f"val_{name}" for name in model.metrics_names} < set(got)
    for v, w in zip(model.weights, reference.weights):
        np.testing.assert_array_equal(v, w)


def test_recorded_steps_take_several_arrays():
    results = []
    for eager in (True, False):
        model = model_of("dict")
        model.compile("adam", {"classes": LOSSES[0], "values": "mse"}, metrics={"values": ["mae"]}, run_eagerly=eager)
        x, y = {"a": A, "b": B}, {"classes": CLASSES, "values": VALUES}
        history = model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0).history
        results.append((history, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0), model))
    (h1, e1, p1, _), (h2, e2, p2, model) = results
    assert (h1, e1) == (h2, e2)
    for key in p1:
        np.testing.assert_array_equal(p1[key], p2[key])
    assert "train_step" in recorded_steps(model)


def test_predictions_are_nested_as_the_outputs():
    first, second = model_of().predict([A, B], batch_size=8, verbose=0)
    assert (first.shape, second.shape) == ((20, 3), (20, 2))
    keyed = model_of("dict").predict({"a": A, "b": B}, verbose=0)
    np.testing.assert_array_equal(keyed["classes"], first)
    on_batch = model_of().predict_on_batch([A, B])
    np.testing.assert_array_equal(on_batch[1], second)


def test_sample_weights_for_all_or_for_each():
    model = model_of()
    model.compile("sgd", LOSSES)
    w1, w2 = RNG.uniform(size=20), RNG.uniform(size=20)
    y = [CLASSES, VALUES]
    for given, weights in (([w1, w2], (w1, w2)), (w1, (w1, w1)), ({"first": w1}, (w1, 1.0)), ([None, w2], (1.0, w2))):
        first, second = naive(model, weights)
        got = model.evaluate([A, B], y, sample_weight=given, verbose=0)
        assert got == pytest.approx([first + second, first, second], rel=1e-5)
    with pytest.raises(ValueError, match="class_weight is for models with one output"):
        model.fit([A, B], y, class_weight={0: 2.0}, verbose=0)


def test_an_output_may_go_untrained():
    for loss, y in (({"first": LOSSES[0]}, {"first": CLASSES}), ([LOSSES[0], None], [CLASSES, None])):
        model = model_of()
        model.compile("sgd", loss)
        assert model.evaluate([A, B], y, verbose=0) == pytest.approx(naive(model)[0], rel=1e-5)


def test_one_loss_for_all_outputs():
    x = Input((4,))
    model = Model(x, [layers.Dense(2, name="p")(x), layers.Dense(2, name="q")(x)])
    model.compile("sgd", "mae")
    p, q = (np.abs(np.asarray(out) - VALUES).mean() for out in model(A))
    assert model.evaluate(A, [VALUES, VALUES], verbose=0) == pytest.approx([p + q, p, q], rel=1e-5)


def test_a_class_may_give_several_outputs():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.p, self.q = layers.Dense(3, activation="softmax"), layers.Dense(2)

        def call(self, inputs):
            x = inputs["a"] if isinstance(inputs, dict) else inputs[0]
            return {"p": self.p(x), "q": self.q(x)}

    model = Two()
    model.compile("adam", {"p": LOSSES[0], "q": "mse"}, metrics={"p": ["accuracy"]})
    history = model.fit({"a": A, "b": B}, {"p": CLASSES, "q": VALUES}, epochs=2, verbose=0).history
    assert list(history) == ["loss", "p_loss", "q_loss", "p_accuracy"]
    assert set(model.predict([A], verbose=0)) == {"p", "q"}


def test_batches_are_trained_on_one_by_one():
    model = model_of()
    model.compile("sgd", LOSSES, metrics={"first": "accuracy"})
    logs = model.train_on_batch([A, B], [CLASSES, VALUES], return_dict=True)
    assert list(logs) == ["loss", "first_loss", "second_loss", "first_accuracy"]
    assert len(model.test_on_batch([A, B], [CLASSES, VALUES])) == 4


def test_cost_is_estimated_for_several_arrays():
    for kind in ("list", "dict"):
        model = model_of(kind)
        keys = ("first", "second") if kind == "list" else ("classes", "values")
        model.compile("adam", dict(zip(keys, LOSSES)))
        cost = model.estimate(4, seconds=0.05)
        assert (cost.batch_size, cost.step_bytes > 0) == (4, True)


def test_integer_inputs_come_as_integers():
    numbers = Input((1,), dtype="int32", name="numbers")
    x = Input((3,), name="x")
    coded = layers.Lambda(lambda n: juanji.ops.one_hot(n, 4))(numbers)
    model = Model([numbers, x], layers.Concatenate()([layers.Flatten()(coded), x]))
    out = model.predict([np.array([[3], [0]]), np.ones((2, 3))], verbose=0)
    np.testing.assert_array_equal(out, [[0, 0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 1, 1, 1]])


def test_a_list_of_one_array_is_that_array():
    model = Sequential([Input((4,)), layers.Dense(2)])
    expected = model.predict(A, verbose=0)
    np.testing.assert_array_equal(model.predict([A], verbose=0), expected)
    np.testing.assert_array_equal(model.predict(list(A), verbose=0), expected)
    functional = Model(model.input, model.output)
    for x in (A, [A], list(A), {model.inputs[0].name: A}):
        np.testing.assert_array_equal(functional.predict(x, verbose=0), expected)
    functional.compile("sgd", "mse")
    for y in (VALUES, [VALUES], list(VALUES)):
        assert functional.evaluate(A, y, verbose=0) == functional.evaluate(A, VALUES, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": [*LOSSES, "mae"]}, "wrong number of loss; expected one for each of 2 outputs"),
        ({"loss": {"third": "mse"}}, "no such output; expected names among 'first', 'second', got loss for 'third'"),
        ({"loss": LOSSES, "metrics": ["mae"]}, "wrong number of metrics; expected one for each of 2 outputs"),
        ({"loss": LOSSES, "metrics": "mae"}, "metrics is not clear; expected one for each of 2 outputs"),
        ({"loss": LOSSES, "loss_weights": [1.0]}, "wrong number of loss_weights"),
        ({"loss": LOSSES, "loss_weights": 2.0}, "loss_weights is not clear"),
        ({"loss": [LOSSES[0], "nothing"]}, "unknown name"),
    ],
)
def test_compile_tells_what_does_not_fit(arguments, message):
    with pytest.raises(ValueError, match=message):
        model_of().compile("sgd", **arguments)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([A], [CLASSES, VALUES], r"expected 2 \('a', 'b'\), got a list of 1"),
        (A, [CLASSES, VALUES], r"expected 2 \('a', 'b'\), got one array"),
        ({"a": A}, [CLASSES, VALUES], "got a dictionary with 'a'"),
        ([A, B[:10]], [CLASSES, VALUES], "x and x differ in length; expected 20 rows"),
        ([A, A], [CLASSES, VALUES], "wrong shape of the input 'b'"),
        ([A, B], [CLASSES], "y does not fit the outputs; expected one array for each of first, second, got 1 of them"),
        ([A, B], CLASSES, "y does not fit the outputs; .* got one array"),
        ([A, B], {"first": CLASSES, "third": VALUES}, "got keys first, third"),
        ([A, B], [CLASSES, VALUES[:3]], "x and y differ in length"),
        ([A, B], [CLASSES, None], "the loss 'mse' of output 'second' needs labels"),
        ([A, B], None, "the loss .* of output 'first' needs labels"),
        ([A, B], [CLASSES + 1, VALUES], "is not a class number; expected 0 to 2"),
        ([A, np.array(["x"] * 20)], [CLASSES, VALUES], "x holds no numbers"),
    ],
)
def test_fit_tells_what_does_not_fit(x, y, message):
    model = model_of()
    model.compile("sgd", LOSSES)
    before = model.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(x, y, verbose=0)
    for v, w in zip(model.get_weights(), before):
        np.testing.assert_array_equal(v, w)
