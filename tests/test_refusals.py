"""Mistakes are told in one error, before anything is changed."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import Sequential, layers, losses, metrics, ops, utils

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 6, 6, 2)).astype("float32")
LABELS = RNG.integers(0, 3, 40)


def classifier(**compiled):
    model = Sequential([layers.Input((6, 6, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile(
        **({"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]} | compiled)
    )
    return model


def refuses_unchanged(model, error, match, *args, **kwargs):
    before = model.get_weights()
    with pytest.raises(error, match=match):
        model.fit(*args, **{"verbose": 0, **kwargs})
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(new, old)


def test_validation_data_of_another_shape_is_refused_before_training():
    refuses_unchanged(classifier(), ValueError, "wrong shape", X, LABELS, validation_data=(X[:, :4], LABELS))


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy()])
@pytest.mark.parametrize("wrong", [-1, 3, 2**40])
def test_a_wrong_label_in_a_late_row_is_refused_before_training(wrong, loss):
    labels = LABELS.copy()
    labels[37] = wrong
    message = f"label in row 37 is not a class number; expected 0 to 2, got label={wrong}"
    refuses_unchanged(classifier(loss=loss), ValueError, f"fit: {message}", X, labels, batch_size=4, shuffle=False)
    held_out = rf"fit \(validation_data\): {message}"
    refuses_unchanged(classifier(loss=loss), ValueError, held_out, X, LABELS, validation_data=(X, labels))


def test_ignored_classes_are_no_wrong_labels():
    labels = LABELS.copy()
    labels[5] = -1
    model = classifier(loss=losses.SparseCategoricalCrossentropy(ignore_class=-1), metrics=None)
    assert np.isfinite(model.fit(X, labels, verbose=0).history["loss"][0])


def test_metrics_refuse_labels_before_the_weights_change():
    model = classifier(metrics=[metrics.CategoricalAccuracy()])
    refuses_unchanged(model, ValueError, "categorical_accuracy", X, LABELS)


def test_no_optimizer():
    model = classifier(optimizer=None)
    for train in (model.fit, model.train_on_batch):
        with pytest.raises(ValueError, match="there is no optimizer"):
            train(X, LABELS)


@pytest.mark.parametrize("weights", [{"a": 1.0}, {0: "a"}, {0: float("nan")}, {1: None}])
def test_class_weight_that_is_not_clear(weights):
    refuses_unchanged(classifier(), ValueError, "class_weight is not clear", X, LABELS, class_weight=weights)


def test_validation_split_of_another_type():
    refuses_unchanged(classifier(), ValueError, "validation_split is out of range", X, LABELS, validation_split="0.2")


def test_a_loss_that_gives_no_number():
    refuses_unchanged(classifier(loss=lambda a, b: "low"), TypeError, "unsupported dtype", X, LABELS)


UNSUPPORTED = [np.ones(3) + 0j, np.array([None, 1]), np.array(["a", "b"]), np.array(["2020"], "M8[D]"), None, {}, "a"]


@pytest.mark.parametrize("value", UNSUPPORTED, ids=repr)
@pytest.mark.parametrize("op", ["abs", "square", "sum", "max", "argmax", "all", "sign", "negative", "isnan", "ravel"])
def test_operations_refuse_what_holds_no_numbers(op, value):
    with pytest.raises(TypeError, match="unsupported dtype; expected numbers"):
        getattr(ops, op)(value)


@pytest.mark.parametrize("value", UNSUPPORTED, ids=repr)
@pytest.mark.parametrize("op", ["add", "multiply", "maximum", "equal", "less"])
def test_operations_of_two_refuse_what_holds_no_numbers(op, value):
    for arguments in ((value, 1.0), (np.ones(3), value), (value, value)):
        with pytest.raises(TypeError, match="unsupported dtype; expected numbers"):
            getattr(ops, op)(*arguments)


@pytest.mark.parametrize("use", [ops.exp, ops.sum, lambda x: ops.add(x, 1), layers.Dense(2), layers.Flatten()])
def test_rows_of_different_length(use):
    with pytest.raises(ValueError, match="Make all rows the same length"):
        use([[1.0, 2.0], [3.0]])


@pytest.mark.parametrize("value", [float("nan"), 2.5, "1", (float("nan"), 1), ("a",)], ids=repr)
@pytest.mark.parametrize("op", ["sum", "argmax", "reshape", "transpose", "expand_dims", "squeeze", "flip", "split"])
def test_axes_and_sizes_that_are_no_whole_numbers(op, value):
    with pytest.raises(ValueError, match=f"{op}: .* is not a whole number; expected an integer"):
        getattr(ops, op)(np.ones((2, 2)), value)


@pytest.mark.parametrize("value", [float("nan"), 2.5, "1", None, (1,)], ids=repr)
@pytest.mark.parametrize("op", [ops.softmax, ops.log_softmax])
def test_softmax_axis_that_is_no_whole_number(op, value):
    with pytest.raises(ValueError, match="axis is not a whole number"):
        op(np.ones((2, 2)), axis=value)


def test_sizes_beyond_64_bits():
    x, w = np.ones((1, 4, 4, 1)), np.ones((2, 2, 1, 1))
    for use in (lambda: ops.conv(x, w, strides=2**70), lambda: ops.max_pool(x, 2**70), lambda: ops.im2col(x, 2**70)):
        with pytest.raises(ValueError, match="is not a size"):
            use()
    with pytest.raises(ValueError, match="the sizes do not fit"):
        ops.reshape(x, 2**70)


def test_tensors_are_formatted_like_numbers():
    assert f"{juanji.Tensor(1.25):.3f} {juanji.Tensor(3):d}" == "1.250 3"
    assert f"{juanji.Tensor([1.0])}" == str(juanji.Tensor([1.0]))


@pytest.mark.parametrize("target", [None, 1.0, np.ones(2)], ids=repr)
def test_gradient_of_what_is_no_tensor(target):
    x = juanji.Variable(2.0)
    with juanji.GradientTape() as tape:
        x * x
    with pytest.raises(TypeError, match="the target has no history"):
        tape.gradient(target, x)


def test_sequential_of_one_layer_without_a_list():
    with pytest.raises(ValueError, match="not a list of layers"):
        Sequential(layers.Dense(2))


def test_weights_too_large_for_memory():
    with pytest.raises(MemoryError, match=r"'kernel' does not fit into memory; .*shape=\(3, 1099511627776\)"):
        layers.Dense(2**40)(np.ones((1, 3)))


def test_set_weights_of_another_type_changes_nothing():
    model = classifier()
    before = model.get_weights()
    for weights in (None, 3, [w + 0j for w in before], [w.astype(object) for w in before]):
        with pytest.raises(TypeError, match="set_weights"):
            model.set_weights(weights)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(new, old)


def test_saving_to_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="save_weights: no such folder"):
        classifier().save_weights(tmp_path / "missing" / "w.safetensors")
    with pytest.raises(TypeError, match="save_weights: filepath is not a path"):
        classifier().save_weights(None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layer", [layers.Dense(2), layers.Conv2D(2, 1), layers.DepthwiseConv2D(1)], ids=repr)
def test_weights_for_an_unknown_size(layer):
    with pytest.raises(ValueError, match="is not known; expected at least 1 on the last axis"):
        layer.build((None, 4, 4, None))


def test_gradient_after_the_variable_was_changed():
    for change in (
        lambda v: v.assign([5.0, 5.0]),
        lambda v: juanji.optimizers.SGD().apply([np.ones(2)], [v]),
        lambda v: juanji.optimizers.Adam().apply([np.ones(2)], [v]),
    ):
        v = juanji.Variable([1.0, 2.0], name="kernel")
        v.assign([2.0, 3.0])
        with juanji.GradientTape(persistent=True) as tape:
            y = v * v
        np.testing.assert_array_equal(tape.gradient(y, v), [4.0, 6.0])
        change(v)
        with pytest.raises(RuntimeError, match="variable 'kernel' was changed after it was recorded"):
            tape.gradient(y, v)


def test_changing_a_variable_that_the_target_does_not_use():
    v, w = juanji.Variable(3.0), juanji.Variable(1.0)
    with juanji.GradientTape() as tape:
        y = v * v
        w * 2.0
        w.assign_add(1.0)
    assert float(tape.gradient(y, v)) == 6.0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "3", (1,), 2.5], ids=repr)
def test_numbers_of_classes_that_are_none(value):
    with pytest.raises(ValueError, match="to_categorical: not a number of classes"):
        utils.to_categorical([0, 1], value)
    with pytest.raises(ValueError, match="one_hot: num_classes is not a whole number"):
        ops.one_hot([0, 1], value)
