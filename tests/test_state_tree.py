"""Values of a model's variables as nested dictionaries."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import Sequential, layers

X, Y = np.ones((8, 4), "float32"), np.zeros((8, 2), "float32")


def trained():
    model = Sequential([layers.Input((4,)), layers.Dense(3, name="body"), layers.Dense(2, name="head")], name="small")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def test_training_goes_on_from_a_tree_as_if_nothing_had_been():
    model = trained()
    tree = model.get_state_tree()
    first = [model.train_on_batch(X, Y), model.get_weights()]
    model.set_state_tree(tree)
    second = [model.train_on_batch(X, Y), model.get_weights()]
    assert first[0] == second[0]
    for a, b in zip(first[1], second[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_kinds_and_paths():
    model = trained()
    tree = model.get_state_tree("numpy_array")
    assert set(tree["trainable_variables"]["small"]) == {"body", "head"}
    assert set(tree["metrics_variables"]) == {"loss", "mean_absolute_error"}
    assert "small_head_kernel_momentum" in tree["optimizer_variables"][model.optimizer.name]
    assert tree["non_trainable_variables"] == {}
    assert type(tree["trainable_variables"]["small"]["body"]["kernel"]) is np.ndarray


def test_values_are_copies():
    model = trained()
    tree = model.get_state_tree("numpy_array")["trainable_variables"]["small"]["head"]["kernel"]
    before = tree.copy()
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(tree, before)


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"trainable": {}}, "unknown kind"),
        ({"trainable_variables": {"small": {"nose": {"kernel": np.ones((3, 2))}}}}, "no such variable"),
        ({"trainable_variables": {"small": {"head": {"kernel": np.ones((2, 3))}}}}, "wrong shape"),
        ({"trainable_variables": {"small": {"head": {"kernel": 1.0}}}}, "wrong shape"),
    ],
)
def test_wrong_trees_change_nothing(tree, message):
    model = trained()
    before = model.get_weights()
    good = {"trainable_variables": {"small": {"head": {"bias": np.full(2, 9.0)}}}}
    with pytest.raises(ValueError, match=message):
        model.set_state_tree({**good, **tree})
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_unknown_format_and_equal_paths():
    with pytest.raises(ValueError, match="unknown format"):
        trained().get_state_tree("jax")
    model = trained()
    model.metrics_variables[1].path = model.metrics_variables[0].path
    with pytest.raises(ValueError, match="same path"):
        model.get_state_tree()


def test_a_model_that_is_not_compiled():
    tree = Sequential([layers.Input((4,)), layers.Dense(2)]).get_state_tree()
    assert tree["optimizer_variables"] == tree["metrics_variables"] == {}


def test_lists_will_do():
    model = trained()
    model.set_state_tree({"trainable_variables": {"small": {"head": {"bias": [3, 4]}}}})
    assert model.get_weights()[-1].tolist() == [3.0, 4.0]
