"""Every name that Keras' get() knows is known here, and what Keras writes is read. Skipped without Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from juanji import activations, constraints, initializers, losses, metrics, regularizers

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

OURS = {
    "activations": activations,
    "constraints": constraints,
    "initializers": initializers,
    "losses": losses,
    "metrics": metrics,
    "regularizers": regularizers,
}
BASES = {"Constraint", "Initializer", "Loss", "LossFunctionWrapper", "Metric", "MeanMetricWrapper", "Regularizer"}
BASES |= {"constraint", "initializer", "metric", "mean_metric_wrapper", "regularizer"}
AUDIO = {"STFT", "STFTInitializer", "stft"}
NAMES = [
    (family, name) for family in OURS for name in sorted({*getattr(keras.src, family).ALL_OBJECTS_DICT} - BASES - AUDIO)
]


@pytest.mark.parametrize(("family", "name"), NAMES)
def test_names(family, name):
    theirs_class = getattr(keras.src, family).ALL_OBJECTS_DICT[name]
    known = getattr(OURS[family], "registry", getattr(OURS[family], "_registry", None)).find(name)
    assert known.__name__ == theirs_class.__name__


def written(thing):
    """A configuration as it comes out of a file."""
    return json.loads(json.dumps(thing))


MADE = [
    ("initializers", lambda k: k.initializers.Constant(0.5)),
    ("initializers", lambda k: k.initializers.Identity(2.0)),
    ("initializers", lambda k: k.initializers.GlorotNormal(seed=3)),
    ("initializers", lambda k: k.initializers.HeUniform(input_axes=(0,), output_axes=(1,))),
    ("initializers", lambda k: k.initializers.Orthogonal(gain=0.5)),
    ("initializers", lambda k: k.initializers.TruncatedNormal(0.1, 0.2, seed=k.random.SeedGenerator(4))),
    ("initializers", lambda k: k.initializers.VarianceScaling(2.0, "fan_avg", "uniform", seed=5)),
    ("regularizers", lambda k: k.regularizers.L1(0.1)),
    ("regularizers", lambda k: k.regularizers.L1L2(0.1, 0.2)),
    ("regularizers", lambda k: k.regularizers.OrthogonalRegularizer(0.5, "columns")),
    ("constraints", lambda k: k.constraints.MaxNorm(3, axis=[0, 1])),
    ("constraints", lambda k: k.constraints.MinMaxNorm(0.1, 0.2, 0.5)),
    ("constraints", lambda k: k.constraints.NonNeg()),
    ("constraints", lambda k: k.constraints.UnitNorm(axis=1)),
]


@pytest.mark.parametrize(("family", "make"), MADE)
def test_configurations(family, make):
    theirs = make(keras)
    config = written(getattr(keras, family).serialize(theirs))
    ours = OURS[family].deserialize(config)
    assert type(ours).__name__ == type(theirs).__name__
    assert written(OURS[family].serialize(ours))["config"].keys() == config["config"].keys() | (
        {"gain"} if config["class_name"] == "Identity" else set()  # which Keras forgets
    )
    again = OURS[family].get(OURS[family].serialize(ours))
    assert written(again.get_config()) == written(ours.get_config())


W = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


@pytest.mark.parametrize("make", [make for family, make in MADE if family in ("regularizers", "constraints")])
def test_values(make):
    import juanji

    ours, theirs = make(juanji)(W), make(keras)(keras.ops.convert_to_tensor(W))
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["mse", "huber", "categorical_crossentropy"])
def test_functions_of_losses(name):
    config = written(keras.losses.serialize(keras.losses.get(name)))
    assert losses.deserialize(config) is losses.get(name)
