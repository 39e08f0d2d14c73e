"""Sequential: adding, building, calling, weights, summary, saving."""

from __future__ import annotations

import os

import numpy as np
import pytest

from juanji import Model, Sequential, layers


def small(**first):
    return Sequential(
        [
            layers.Conv2D(2, 3, activation="relu", **first),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def test_built_at_once_when_the_shape_is_known():
    for model in (small(input_shape=(8, 8, 1)), Sequential([layers.Input((8, 8, 1)), *small().layers])):
        assert model.built
        assert model.input_shape == (None, 8, 8, 1)
        assert model.output_shape == (None, 3)
        assert [v.shape for v in model.weights] == [(3, 3, 1, 2), (2,), (18, 3), (3,)]
        assert len(model.layers) == 4
        assert model.count_params() == 18 + 2 + 54 + 3


def test_built_at_first_call_otherwise():
    model = small()
    assert not model.built
    assert model.output_shape is None
    assert model(np.zeros((2, 8, 8, 1))).shape == (2, 3)
    assert model.built
    assert model.input_shape == (None, 8, 8, 1)


def test_add_and_pop():
    model = Sequential()
    model.add(layers.Input((4,)))
    model.add(layers.Dense(3))
    model.add(layers.Dense(2))
    kernel = model.layers[0].kernel
    assert model.output_shape == (None, 2)
    assert model.pop().units == 2
    assert model.output_shape == (None, 3)
    model.add(layers.Dense(5))
    assert model.layers[0].kernel is kernel
    assert model(np.zeros((1, 4))).shape == (1, 5)


def test_input_dim_of_the_first_layer():
    assert Sequential([layers.Dense(2, input_dim=3)]).input_shape == (None, 3)
    assert Sequential([layers.Dense(2, input_shape=(3,), batch_size=4)]).input_shape == (4, 3)


def test_the_output_is_that_of_the_layers():
    model = small(input_shape=(8, 8, 1))
    x = np.random.default_rng(0).standard_normal((2, 8, 8, 1)).astype("float32")
    y = x
    for layer in model.layers:
        y = layer(y)
    np.testing.assert_array_equal(model(x).numpy(), np.asarray(y))


def test_models_nest():
    inner = Sequential([layers.Input((4,)), layers.Dense(3)])
    outer = Sequential([inner, layers.Dense(2)])
    assert outer.output_shape == (None, 2)
    assert len(outer.weights) == 4
    inner.trainable = False
    assert len(outer.trainable_weights) == 2


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda m: m.add("dense"), "only layers can be added; expected a juanji.layers.Layer, got 'dense'"),
        (lambda m: m.add(layers.Dense), "only layers can be added"),
        (lambda m: m.add(layers.Dense(1, name="d")), "a name is used twice.*got name='d'"),
        (lambda m: m.add(layers.Input((3,))), "a second input; expected one, which already has the shape"),
        (lambda m: Sequential().pop(), "nothing to pop"),
        (lambda m: Sequential().build((None, 3)), "nothing to build"),
        (lambda m: Sequential([layers.Dense(1)]).build(), "the input shape is not known"),
        (lambda m: m.build((None, 7)), r"wrong shape of the input; expected \(None, 4\), got shape=\(None, 7\)"),
        (lambda m: m(np.zeros((2, 5))), r"'m': wrong shape of the input; expected \(None, 4\), got shape=\(2, 5\)"),
        (lambda m: m(np.zeros(4)), r"wrong shape of the input; expected \(None, 4\), got shape=\(4,\)"),
        (lambda m: Sequential([layers.Dense(1), layers.Input((3,))]), "the input comes late"),
        (lambda m: m.get_layer("nothing"), r"no such layer; expected one of d, got name='nothing'"),
        (lambda m: m.get_layer(index=3), "no such layer; expected an index below 1"),
        (lambda m: m.get_layer(), "expected either name or index"),
    ],
)
def test_mistakes_are_told(action, message):
    model = Sequential([layers.Input((4,)), layers.Dense(2, name="d")], name="m")
    with pytest.raises(ValueError, match=message):
        action(model)
    assert model.output_shape == (None, 2)


def test_a_layer_that_does_not_fit_is_not_added():
    model = Sequential([layers.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"Conv2D.*wrong rank"):
        model.add(layers.Conv2D(1, 1))
    assert len(model.layers) == 1
    model.add(layers.Dense(3))
    assert model.output_shape == (None, 3)


def test_configuration_makes_the_same_model_again():
    model = small(input_shape=(8, 8, 1))
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x = np.ones((1, 8, 8, 1))
    np.testing.assert_array_equal(model(x).numpy(), again(x).numpy())


SUMMARY = """\
Model: "m"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓
┃ Layer (type)             ┃ Output Shape        ┃   Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━┩
│ a (Conv2D)               │ (None, 6, 6, 2)     │        20 │
├──────────────────────────┼─────────────────────┼───────────┤
│ b (Flatten)              │ (None, 72)          │         0 │
├──────────────────────────┼─────────────────────┼───────────┤
│ c (Dense)                │ (None, 300)         │    21,900 │
└──────────────────────────┴─────────────────────┴───────────┘
 Total params: 21,920 (85.62 KB)
 Trainable params: 21,900 (85.55 KB)
 Non-trainable params: 20 (80.00 B)"""


def named_model():
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 3, name="a", trainable=False),
            layers.Flatten(name="b"),
            layers.Dense(300, name="c"),
        ],
        name="m",
    )
    return model


def text_of(model, **arguments):
    lines = []
    model.summary(print_fn=lines.append, **arguments)
    return "\n".join(lines)


def test_summary_is_a_table():
    text = text_of(named_model(), line_length=62)
    assert text == SUMMARY


def test_summary_of_an_unbuilt_model():
    text = text_of(Sequential([layers.Dense(1, name="d")]), line_length=80)
    assert [cell.strip() for cell in text.splitlines()[4].split("│")[1:4]] == ["d (Dense)", "?", "0 (unbuilt)"]
    assert "Total params: 0 (0.00 B)" in text


def test_summary_on_a_terminal_that_is_too_narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "1")
    assert "Total params" in text_of(named_model(), show_trainable=True)


def test_summary_options():
    model = named_model()
    text = text_of(model, show_trainable=True, line_length=80)
    rows = [line.split("│") for line in text.splitlines() if line.startswith("│")]
    assert [row[4].strip() for row in rows] == ["N", "-", "Y"]
    text = text_of(model, layer_range=["a", "b"], line_length=80)
    assert "a (Conv2D)" in text
    assert "c (Dense)" not in text
    with pytest.raises(ValueError, match="no such range; expected two of a, b, c"):
        text_of(model, layer_range=["a", "z"])
    with pytest.raises(ValueError, match="the columns do not fit"):
        text_of(model, line_length=10)
    outer = Sequential([model], name="outer")
    assert "└ a (Conv2D)" in text_of(outer, expand_nested=True, line_length=80)
    assert "a (Conv2D)" not in text_of(outer, line_length=80)


def test_the_heading_of_the_trainable_column_stays_whole():
    text = text_of(named_model(), show_trainable=True, line_length=60)
    assert [cell.strip() for cell in text.splitlines()[2].split("┃")[1:-1]][-1] == "Trainable"


def test_summary_of_layers_that_were_called_in_code_of_ones_own():
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(3, name="d")
            self.drop = layers.Dropout(0.5, name="drop")

        def call(self, x):
            return self.d(x)

    model = Own()
    before = [[cell.strip() for cell in line.split("│")[1:4]] for line in text_of(model).splitlines()[4:7:2]]
    assert before == [["d (Dense)", "?", "0 (unbuilt)"], ["drop (Dropout)", "?", "0"]]
    model(np.zeros((2, 4), "float32"))
    assert [cell.strip() for cell in text_of(model).splitlines()[4].split("│")[1:4]] == ["d (Dense)", "(2, 3)", "15"]


def test_summary_lines_are_equally_wide():
    model = Sequential([layers.Input((4,)), layers.Dense(3, name="层" * 30)])
    lines = [line for line in text_of(model, line_length=50).splitlines() if line[0] in "┏┃┡│├└"]
    import unicodedata

    widths = {sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in lines}
    assert widths == {50}


def test_summary_falls_back_to_ascii(monkeypatch):
    class Narrow:
        encoding = "ascii"

    monkeypatch.setattr("sys.stdout", Narrow())
    assert text_of(named_model(), line_length=62).isascii()


def test_weights_survive_a_file(tmp_path):
    model = small(input_shape=(8, 8, 1))
    other = small(input_shape=(8, 8, 1))
    path = tmp_path / "w.safetensors"
    model.save_weights(path)
    other.load_weights(str(path))
    for a, b in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert os.listdir(tmp_path) == ["w.safetensors"]


def test_weight_names_do_not_depend_on_layer_names(tmp_path):
    from safetensors.numpy import load_file

    model = Sequential([layers.Input((2,)), layers.Dense(2, name="x"), Sequential([layers.Dense(1)]), layers.Dense(3)])
    model.save_weights(tmp_path / "w.safetensors")
    assert sorted(load_file(tmp_path / "w.safetensors")) == [
        f"{layer}/{weight}" for layer in ("dense", "dense_1", "sequential/dense") for weight in ("bias", "kernel")
    ]


def test_weights_of_another_model_change_nothing(tmp_path):
    path = tmp_path / "w.safetensors"
    small(input_shape=(8, 8, 1)).save_weights(path)
    model = small(input_shape=(12, 12, 1))
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"wrong shape of 'dense/kernel'.*expected \(50, 3\), got shape=\(18, 3\)"):
        model.load_weights(path)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"belongs to another model.*missing: none; not in the model: conv2d/bias"):
        Sequential([layers.Dense(3, input_dim=18)]).load_weights(path)
    with pytest.raises(ValueError, match="Build the model"):
        Sequential([layers.Dense(3)]).load_weights(path)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 100, None])
def test_damaged_files_are_told(tmp_path, content):
    path = tmp_path / "w.safetensors"
    model = Sequential([layers.Dense(3, input_dim=18)])
    model.save_weights(path)
    path.write_bytes(path.read_bytes()[:-5] if content is None else content)
    with pytest.raises(ValueError, match=r"cannot be read; expected a complete \.safetensors file"):
        model.load_weights(path)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    model = Sequential([layers.Dense(3, input_dim=2)])
    model.save_weights(path)
    old = path.read_bytes()
    model.set_weights([np.ones((2, 3)), np.ones(3)])

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        model.save_weights(path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["w.safetensors"]


def test_save_weights_refuses(tmp_path):
    model = Sequential([layers.Dense(3)])
    with pytest.raises(ValueError, match="has no weights; expected a built model"):
        model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(
        ValueError, match=r"expected a name ending in \.safetensors or .*, got filepath='w.h5'.*'w.safetensors'"
    ):
        model.save_weights("w.h5")
    model.build((None, 2))
    model.save_weights(tmp_path / "w.safetensors")
    with pytest.raises(FileExistsError, match="the file exists"):
        model.save_weights(tmp_path / "w.safetensors", overwrite=False)
    with pytest.raises(FileNotFoundError, match="no such file"):
        model.load_weights(tmp_path / "x.safetensors")


def test_models_can_be_written_as_classes():
    class Residual(Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(4)
            self.drop = layers.Dropout(0.5)

        def call(self, inputs, training=None):
            return inputs + self.drop(self.inner(inputs))

    model = Residual()
    assert model(np.ones((2, 4))).shape == (2, 4)
    assert [layer.name for layer in model.layers] == [model.inner.name, model.drop.name]
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(np.ones((8, 4)), np.zeros((8, 4)), verbose=0)
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_ends_are_those_of_the_call_in_another_model():
    body = Sequential([layers.Input((3,)), layers.Dense(2, activation="tanh")])
    own = body.output
    assert body.outputs[0] is own
    x = layers.Input((3,))
    model = Model(x, layers.Dense(1)(body(x)))
    assert body.input is x
    assert body.outputs[0] is own
    inner = Model(model.input, body.output)
    data = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(inner(data), body(data))
