"""Models of many shapes, trained a little, through .keras files both ways: the same outputs, the same next step."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.usefixtures("double", "eager", "whole_gradients")]
IMAGE, STEPS, TOKENS = (8, 8, 3), (5, 3), (5,)


def shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    dense = k.layers.Dense(3, activation="tanh")
    return k.Model([a, b], k.layers.Dense(2)(k.layers.Subtract()([dense(a), dense(b)])))


def nested_twice(k):
    x = k.Input((6,))
    inner = k.Model(x, k.layers.BatchNormalization()(k.layers.Dense(4)(x)), name="inner")
    y = k.Input((6,))
    middle = k.Model(y, k.layers.Concatenate()([inner(y), inner(y * 2.0)]), name="middle")
    z = k.Input((6,))
    return k.Model(z, k.layers.Dense(1)(k.layers.Add()([middle(z), middle(-z)])))


def sequential_inside(k):
    body = k.Sequential([k.layers.Conv2D(4, 3, padding="same"), k.layers.BatchNormalization(), k.layers.ReLU()])
    x = k.Input(IMAGE)
    return k.Model(x, k.layers.Dense(2)(k.layers.GlobalAveragePooling2D()(body(x))))


def residual(k):
    x = k.Input(IMAGE)
    h = k.layers.BatchNormalization()(k.layers.Conv2D(4, 3, padding="same", use_bias=False)(x))
    shortcut = k.layers.Conv2D(4, 1)(x)
    h = k.layers.Activation("relu")(k.layers.Add()([h, shortcut]))
    return k.Model(x, k.layers.Dense(3, activation="softmax")(k.layers.Flatten()(k.layers.MaxPooling2D()(h))))


def several_outputs(k):
    x = k.Input(IMAGE, name="picture")
    h = k.layers.SeparableConv2D(4, 3, activation="relu")(x)
    pooled = k.layers.GlobalAveragePooling2D(name="pool")(h)
    return k.Model(x, {"kind": k.layers.Dense(3, name="kind")(pooled), "size": k.layers.Dense(1, name="size")(pooled)})


def joined_in_time(k):
    a, b = k.Input(TOKENS, dtype="int32"), k.Input(STEPS)
    tokens = k.layers.Embedding(4, 3, mask_zero=True)(a)
    h = k.layers.Concatenate(axis=1)([tokens, k.layers.Masking()(b)])
    return k.Model([a, b], k.layers.LSTM(2)(h))


def joined_in_channels(k):
    a, b = k.Input(TOKENS, dtype="int32"), k.Input(STEPS)
    h = k.layers.Concatenate()([k.layers.Embedding(4, 3, mask_zero=True)(a), b])
    h = k.layers.Concatenate()([k.layers.GRU(3, return_sequences=True)(h), h])
    return k.Model([a, b], [k.layers.GlobalAveragePooling1D()(h), k.layers.Dense(1)(k.layers.SimpleRNN(2)(h))])


def joined_inside(k):
    x = k.Input(STEPS)
    h = k.layers.Masking()(x)
    inner = k.Model(x, k.layers.LSTM(2)(k.layers.Concatenate(name="join")([h, h])), name="inner")
    y = k.Input(STEPS)
    return k.Model(y, k.layers.Dense(2)(k.layers.Concatenate()([inner(y), inner(y[:, ::-1])])))


def bidirectional(k):
    x = k.Input(TOKENS, dtype="int32")
    h = k.layers.Embedding(6, 4, mask_zero=True)(x)
    h = k.layers.Bidirectional(k.layers.GRU(3, return_sequences=True), merge_mode="sum")(h)
    return k.Model(x, k.layers.Bidirectional(k.layers.LSTM(2))(h))


def stacked_cells(k):
    x = k.Input(STEPS)
    cells = [k.layers.LSTMCell(3), k.layers.GRUCell(2)]
    h, *states = k.layers.RNN(cells, return_sequences=True, return_state=True)(x)
    return k.Model(x, k.layers.Dense(1)(k.layers.Concatenate()([h[:, -1], states[-1]])))


def transformer(k):
    x = k.Input((4, 6))
    h = k.layers.MultiHeadAttention(2, 3)(x, x)
    h = k.layers.LayerNormalization()(x + h)
    h = k.layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", activation="gelu")(h)
    return k.Model(x, k.layers.Dense(2)(k.layers.GlobalAveragePooling1D()(h)))


def film(k):
    x = k.Input((3, 6, 6, 1))
    h = k.layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(x)
    return k.Model(x, k.layers.TimeDistributed(k.layers.Conv2D(1, 1))(h))


def frozen(k):
    model = k.Sequential([k.Input(IMAGE), k.layers.DepthwiseConv2D(3), k.layers.Flatten(), k.layers.Dense(2)])
    model.layers[0].trainable = False
    return model


def upsampling(k):
    x = k.Input(IMAGE)
    h = k.layers.Conv2D(4, 3, strides=2, padding="same", kernel_regularizer="l2")(x)
    return k.Model(x, k.layers.PReLU()(k.layers.Conv2DTranspose(3, 3, strides=2, padding="same")(h)))


MODELS = [
    shared, nested_twice, sequential_inside, residual, several_outputs, joined_in_time, joined_in_channels,
    joined_inside, bidirectional, stacked_cells, transformer, film, frozen, upsampling,
]  # fmt: skip
OPTIMIZERS = {
    "Adam": {"amsgrad": True},
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"centered": True},
    "AdamW": {"weight_decay": 0.01, "use_ema": True},
    "Adafactor": {},
    "Nadam": {"clipnorm": 1.0},
    "Muon": {},
}


def data_for(model):
    rng = np.random.default_rng(0)
    inputs = []
    for x in model.inputs:
        shape = (8, *x.shape[1:])
        drawn = rng.integers(0, 4, shape) if "int" in str(x.dtype) else rng.normal(size=shape).astype("float32")
        drawn[0, 3:] = drawn[1] = drawn[:, -1:] = 0
        inputs.append(drawn)
    x = inputs[0] if len(inputs) == 1 else inputs
    out = model.output_shape
    y = {key: rng.random((8, *s[1:])) for key, s in out.items()} if isinstance(out, dict) else None
    y = y or [rng.random((8, *s[1:])) for s in out] if isinstance(out, (dict, list)) else rng.random((8, *out[1:]))
    return x, y


def flat(results):
    return list(results.values() if isinstance(results, dict) else results if isinstance(results, list) else [results])


def assert_alike(one, other, x, y):
    for a, b in zip(flat(one.predict(x, verbose=0)), flat(other.predict(x, verbose=0)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-7)  # TensorFlow's gelu and attention have float32 constants
    assert one.optimizer.iterations.path == other.optimizer.iterations.path
    for a, b in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, err_msg=a.path)
    for model in (one, other):
        model.train_on_batch(x, y)
    for a, b in zip(flat(one.predict(x, verbose=0)), flat(other.predict(x, verbose=0)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)  # Keras' betas are float32


@pytest.mark.parametrize("make", MODELS)
def test_files_both_ways(make, tmp_path):
    name = list(OPTIMIZERS)[MODELS.index(make) % len(OPTIMIZERS)]
    for k, other in ((juanji, keras), (keras, juanji)):
        for library in (juanji, keras):
            library.utils.clear_session(free_memory=False)
        model = make(k)
        x, y = data_for(model)
        loss = dict.fromkeys(model.output_shape, "mse") if isinstance(model.output_shape, dict) else "mse"
        model.compile(getattr(k.optimizers, name)(0.01, **OPTIMIZERS[name]), loss, jit_compile=False)
        model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
        model.save(tmp_path / f"{k.__name__}.keras")
        again = other.saving.load_model(tmp_path / f"{k.__name__}.keras")
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
        assert_alike(model, again, x, y)


def test_writing_a_file_leaves_the_model_as_it_is(tmp_path):
    model = joined_in_time(juanji)
    calls = [len(layer._inbound_nodes) for layer in model.layers]
    layers = [layer.name for layer in model.layers]
    for ending in ("keras", "h5", "keras"):
        model.save(tmp_path / f"m.{ending}")
        keras.saving.load_model(tmp_path / f"m.{ending}")
    assert [len(layer._inbound_nodes) for layer in model.layers] == calls
    assert [layer.name for layer in model.layers] == layers
    assert "logical_or" not in model.to_json()
