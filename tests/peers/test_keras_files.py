"""Files and configurations: what Keras writes is read here, what is written here is read by Keras."""

from __future__ import annotations

import inspect
import json
import warnings

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402
from juanji.saving.keras_file import keras_form  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("eager")]
RNG = np.random.default_rng(0)


def sequential(k):
    model = k.Sequential(
        [
            k.layers.Input((8, 8, 3)),
            k.layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            k.layers.BatchNormalization(),
            k.layers.MaxPooling2D(),
            k.layers.Flatten(),
            k.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, RNG.normal(size=(8, 8, 8, 3)).astype("float32"), RNG.integers(0, 2, 8)


def unbuilt(k):
    model = k.Sequential([k.layers.Dense(3, activation="tanh"), k.layers.Dense(1)])
    model.compile(k.optimizers.SGD(0.01, momentum=0.9), k.losses.LogCosh())
    return model, RNG.normal(size=(8, 4)).astype("float32"), RNG.normal(size=(8, 1))


def functional(k, columns=(Ellipsis, slice(1, 3))):
    a, b, inside = k.layers.Input((4,), name="a"), k.layers.Input((4,), name="b"), k.layers.Input((4,))
    inner = k.Model(inside, k.layers.Dense(3)(inside), name="inner")
    shared = k.layers.Dense(4, name="shared")
    x = shared(a) + shared(b) * 2.0
    x = k.ops.reshape(k.ops.concatenate([x, k.ops.mean(x, axis=-1, keepdims=True)], axis=-1), (-1, 5))
    outputs = [inner(x[:, :4]), k.layers.Dense(1, name="head")(k.layers.Concatenate()([inner(a), x[columns]]))]
    model = k.Model({"a": a, "b": b}, outputs)
    rate = k.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
    model.compile(k.optimizers.RMSprop(rate), ["mse", k.losses.MeanAbsoluteError()], [1.0, 0.5], [["mae"], None])
    data = {"a": RNG.normal(size=(8, 4)).astype("float32"), "b": RNG.normal(size=(8, 4)).astype("float32")}
    return model, data, [RNG.normal(size=(8, 3)), RNG.normal(size=(8, 1))]


def without_ellipsis(k):
    return functional(k, (slice(None), slice(1, 3)))


def nested(k):
    encoder = k.Sequential([k.layers.Input((6,)), k.layers.Dense(4, activation="relu")], name="encoder")
    x = k.layers.Input((6,))
    inner = k.Model(x, [encoder(x), k.layers.Dense(2)(x)], name="inner")
    y = k.layers.Input((6,))
    first, second = inner(y)
    model = k.Model(y, k.layers.Dense(1)(k.layers.Concatenate()([first, second, y])))
    model.compile(k.optimizers.Adam(0.01, amsgrad=True), "mse")
    return model, RNG.normal(size=(8, 6)).astype("float32"), RNG.normal(size=(8, 1))


MODELS = [sequential, unbuilt, functional, nested]


def assert_alike(one, other, x, y):
    def flat(results):
        return results if isinstance(results, list) else [results]

    for a, b in zip(flat(one.predict(x, verbose=0)), flat(other.predict(x, verbose=0))):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    for _ in range(2):
        one.reset_metrics()
        other.reset_metrics()
        losses = [flat(m.train_on_batch(x, y))[0] for m in (one, other)]
        np.testing.assert_allclose(*losses, rtol=1e-5)
    assert int(one.optimizer.iterations) == int(other.optimizer.iterations)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("make", MODELS)
def test_what_keras_writes_is_read(make, ending, tmp_path):
    model, x, y = make(keras)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / f"m.{ending}")
    assert_alike(model, juanji.saving.load_model(tmp_path / f"m.{ending}"), x, y)


@pytest.mark.parametrize("make", MODELS)
def test_what_is_written_keras_reads(make, tmp_path):
    model, x, y = make(juanji)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / "m.keras")
    assert_alike(keras.saving.load_model(tmp_path / "m.keras"), model, x, y)


@pytest.mark.parametrize("make", [sequential, unbuilt, without_ellipsis, nested])
def test_h5_files_that_are_written_keras_reads(make, tmp_path):  # an Ellipsis it does not read in its own either
    model, x, y = make(juanji)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    model.save(tmp_path / "m.h5")
    again = keras.saving.load_model(tmp_path / "m.h5", compile=False)  # of these it does not restore optimizers
    for a, b in zip(again.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(*(m if isinstance(m, list) else [m] for m in (again.predict(x), model.predict(x)))):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("make", MODELS[2:])
def test_models_that_were_never_trained(make, tmp_path):
    theirs, x, y = make(keras)
    theirs.save(tmp_path / "theirs.keras")
    assert_alike(theirs, juanji.saving.load_model(tmp_path / "theirs.keras"), x, y)
    ours = make(juanji)[0]
    ours.save(tmp_path / "ours.keras")
    assert_alike(keras.saving.load_model(tmp_path / "ours.keras"), ours, x, y)


@pytest.mark.parametrize("make", MODELS)
def test_weight_files_both_ways(make, tmp_path):
    theirs, x, y = make(keras)
    ours, again = make(juanji)[0], make(keras)[0]
    theirs.fit(x, y, verbose=0)
    ours.fit(x, y, verbose=0)
    again.fit(x, y, verbose=0)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    ours.save_weights(tmp_path / "ours.weights.h5")
    again.load_weights(tmp_path / "ours.weights.h5")
    for a, b, c in zip(theirs.get_weights(), ours.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


@pytest.mark.parametrize("make", MODELS)
def test_json_both_ways(make):
    theirs, ours = make(keras)[0], make(juanji)[0]
    again = juanji.models.model_from_json(theirs.to_json())
    assert [layer.name for layer in again.layers] == [layer.name for layer in theirs.layers]
    form = json.dumps(keras_form(json.loads(ours.to_json())))
    assert [layer.name for layer in keras.models.model_from_json(form).layers] == [layer.name for layer in ours.layers]


def attending(k, call):
    """A model as a layer: some layers cannot be called with one argument."""
    x = k.Input(SEQUENCE)
    return (keras if k is keras.layers else juanji).Model(x, call(x))


SEQUENCE, IMAGE, VOLUME = (5, 4), (6, 6, 3), (4, 5, 4, 2)
LAYERS = {
    "Dense": ((4,), lambda k: k.Dense(3)),
    "Conv1D": (SEQUENCE, lambda k: k.Conv1D(3, 2)),
    "Conv2D": (IMAGE, lambda k: k.Conv2D(3, 2)),
    "Conv3D": (VOLUME, lambda k: k.Conv3D(3, 2)),
    "Conv2DTranspose": (IMAGE, lambda k: k.Conv2DTranspose(3, 2)),
    "DepthwiseConv2D": (IMAGE, lambda k: k.DepthwiseConv2D(2, depth_multiplier=2)),
    "SeparableConv2D": (IMAGE, lambda k: k.SeparableConv2D(3, 2)),
    "BatchNormalization": (IMAGE, lambda k: k.BatchNormalization()),
    "LayerNormalization": (SEQUENCE, lambda k: k.LayerNormalization()),
    "GroupNormalization": (IMAGE, lambda k: k.GroupNormalization(3)),
    "RMSNormalization": (SEQUENCE, lambda k: k.RMSNormalization()),
    "PReLU": (IMAGE, lambda k: k.PReLU()),
    "Embedding": ((4,), lambda k: k.Embedding(7, 3)),
    "EinsumDense": (SEQUENCE, lambda k: k.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")),
    "SimpleRNN": (SEQUENCE, lambda k: k.SimpleRNN(3)),
    "LSTM": (SEQUENCE, lambda k: k.LSTM(3)),
    "GRU": (SEQUENCE, lambda k: k.GRU(3, return_sequences=True)),
    "ConvLSTM2D": ((3, 5, 5, 2), lambda k: k.ConvLSTM2D(2, 2)),
    "RNN": (SEQUENCE, lambda k: k.RNN([k.LSTMCell(3), k.GRUCell(2)])),
    "Bidirectional": (SEQUENCE, lambda k: k.Bidirectional(k.LSTM(3, return_sequences=True))),
    "TimeDistributed": (SEQUENCE, lambda k: k.TimeDistributed(k.Dense(3))),
    "SpectralNormalization": ((4,), lambda k: k.SpectralNormalization(k.Dense(3))),
    "Normalization": ((4,), lambda k: k.Normalization(mean=[0.0, 1, 2, 3], variance=[1.0, 2, 3, 4])),
    "Discretization": ((4,), lambda k: k.Discretization([0.0, 1.0])),
    "MultiHeadAttention": (SEQUENCE, lambda k: attending(k, lambda x: k.MultiHeadAttention(2, 3)(x, value=x[:, :2]))),
    "GroupQueryAttention": (SEQUENCE, lambda k: attending(k, lambda x: k.GroupQueryAttention(4, 4, 2)(x, x))),
    "Attention": (SEQUENCE, lambda k: attending(k, lambda x: k.Attention(use_scale=True)([x, x]))),
    "Masking": (SEQUENCE, lambda k: attending(k, lambda x: k.LSTM(3)(k.Masking()(x)))),
    "GRU with a state": (SEQUENCE, lambda k: attending(k, lambda x: k.GRU(4)(x, initial_state=x[:, 0]))),
    "Pipeline": (IMAGE, lambda k: k.Pipeline([k.Rescaling(0.5), k.Rescaling(2.0, 1.0)])),
}


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", LAYERS)
def test_layers_in_files_both_ways(name, ending, tmp_path):
    shape, make = LAYERS[name]
    integers = name == "Embedding"
    x = RNG.integers(0, 7, (2, *shape)) if integers else RNG.normal(size=(2, *shape)).astype("float32")
    theirs, ours = (k.Sequential([k.layers.Input(shape, dtype=str(x.dtype)), make(k.layers)]) for k in (keras, juanji))
    for weight in theirs.weights:
        if "float" in str(weight.dtype):
            weight.assign(weight.numpy() + RNG.uniform(0.1, 0.3, weight.shape))
    theirs.save(tmp_path / f"theirs.{ending}")
    ours.save(tmp_path / f"ours.{ending}")
    for one, other in (
        (theirs, juanji.saving.load_model(tmp_path / f"theirs.{ending}")),
        (keras.saving.load_model(tmp_path / f"ours.{ending}"), ours),
    ):
        np.testing.assert_allclose(one(x), other.predict(x, verbose=0), rtol=1e-5, atol=1e-5)


def test_code_of_keras_is_refused(tmp_path):
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Lambda(lambda x: x * 2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="there is code in the configuration"):
        juanji.saving.load_model(tmp_path / "m.keras")


LEFT_OUT = {
    "Lambda": "its function is code",
    "MultiOptimizer": "its map names variables of a model",
    "OptimizerMap": "likewise",
}


def some_parts():
    inner = {"Bidirectional": "LSTM", "TimeDistributed": "Dense", "Wrapper": "Dense", "SpectralNormalization": "Dense"}
    families = "layers", "losses", "metrics", "optimizers", "initializers", "regularizers", "constraints"
    for family in families:
        for name, kind in inspect.getmembers(getattr(keras, family), inspect.isclass):
            base = name in ("InputSpec", "Loss", family[:-1].capitalize()) or name.endswith("Wrapper")
            if hasattr(getattr(juanji, family), name) and name == kind.__name__ and not base and name not in LEFT_OUT:
                yield pytest.param(family, name, inner.get(name), id=f"{family}.{name}")


TWO_NUMBERS = (
    "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose SeparableConv1D SeparableConv2D ConvLSTM1D "
    "ConvLSTM2D ConvLSTM3D Embedding ReversibleEmbedding MultiHeadAttention Resizing CenterCrop RandomCrop"
)
ONE_NUMBER = (
    "Dense DepthwiseConv1D DepthwiseConv2D LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell RepeatVector "
    "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
    "AdaptiveMaxPooling2D AdaptiveMaxPooling3D MeanIoU OneHotMeanIoU RandomPosterization Dot"
)
ONE_PART = (
    "Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D Rescaling "
    "RandomRotation RandomZoom RandomBrightness RandomContrast RandomHue RandomSaturation RandomSharpness "
    "RandomColorDegeneration SensitivityAtSpecificity SpecificityAtSensitivity PrecisionAtRecall RecallAtPrecision"
)
ARGUMENTS = {
    **dict.fromkeys(TWO_NUMBERS.split(), (2, 2)),
    **dict.fromkeys(ONE_NUMBER.split(), (2,)),
    **dict.fromkeys(ONE_PART.split(), (0.5,)),
    **{f"{kind}Pooling{n}D": (2,) for kind in ("Average", "Max") for n in (1, 2, 3)},
    "Activation": ("relu",),
    "Permute": ((2, 1),),
    "Reshape": ((2, 2),),
    "RandomTranslation": (0.1, 0.2),
    "RandomShear": (0.1, 0.2),
    "EinsumDense": ("abc,cd->abd", (None, 4)),
    "GroupQueryAttention": (2, 2, 1),
    "InputLayer": ((3,),),
    "Discretization": ([0.0, 1.0],),
    "IoU": (3, [0]),
    "OneHotIoU": (3, [0]),
    "CategoryEncoding": (4,),
    "MaxNumBoundingBoxes": (5,),
}
# Arguments that are parts themselves.
PARTS = {
    "Pipeline": lambda: ([keras.layers.Rescaling(2.0)],),
    "RNN": lambda: (keras.layers.LSTMCell(2),),
    "StackedRNNCells": lambda: ([keras.layers.GRUCell(2), keras.layers.LSTMCell(3)],),
    "LossScaleOptimizer": lambda: (keras.optimizers.SGD(0.1),),
}
UNREADABLE = {"RandomShear"}  # of what Keras writes, by Keras itself


@pytest.mark.parametrize(("family", "name", "inner"), list(some_parts()))
def test_configurations_both_ways(family, name, inner):
    kind = getattr(getattr(keras, family), name)
    arguments = PARTS[name]() if name in PARTS else ARGUMENTS.get(name, ())
    part = kind(*(arguments if inner is None else (getattr(keras.layers, inner)(2),)))
    theirs = keras.saving.serialize_keras_object(part)
    ours = juanji.saving.deserialize_keras_object(json.loads(json.dumps(theirs)))
    assert type(ours).__name__ == theirs["class_name"]
    if name in UNREADABLE:
        with pytest.raises(TypeError):
            keras.saving.deserialize_keras_object(theirs)
        return
    back = keras_form(json.loads(json.dumps(juanji.saving.serialize_keras_object(ours))))
    again = keras.saving.serialize_keras_object(keras.saving.deserialize_keras_object(back))
    for key, value in theirs["config"].items():
        if isinstance(value, (int, float, str, bool)) and key not in ("name", "dtype", "axis"):
            assert again["config"][key] == value, key
