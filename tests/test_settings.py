"""Global settings, types and contexts under Keras' names."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import backend, config, dtype_policies, layers, mixed_precision
from small_models import X, Y, linear


@pytest.fixture(autouse=True)
def settings_come_back():
    yield
    config.set_floatx("float32")
    config.set_epsilon(1e-7)
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


def test_there_is_one_backend_and_one_order_of_axes():
    assert backend.backend() == config.backend() == "juanji"
    config.set_backend("juanji")
    config.set_image_data_format("channels_last")
    assert config.image_data_format() == backend.image_data_format() == "channels_last"
    with pytest.raises(ValueError, match="no such backend; expected 'juanji', got backend='torch'"):
        config.set_backend("torch")
    with pytest.raises(ValueError, match="unsupported order; expected 'channels_last'"):
        config.set_image_data_format("channels_first")


def test_the_policy_is_the_float_type():
    config.set_dtype_policy("float64")
    assert layers.Dense(1).dtype == config.floatx() == mixed_precision.global_policy().name == "float64"
    mixed_precision.set_global_policy(dtype_policies.DTypePolicy("float32"))
    layer = layers.Dense(1)
    assert layer.dtype_policy == dtype_policies.get("float32")
    assert layer.compute_dtype == layer.variable_dtype == "float32"
    assert layers.Dense(1, dtype=dtype_policies.DTypePolicy("float64")).dtype == "float64"
    policy = dtype_policies.FloatDTypePolicy("float64")
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy
    for name in ("mixed_int8", "float16", "int8", 3):
        with pytest.raises(ValueError, match="expected 'float32' or 'float64'"):
            config.set_dtype_policy(name)


@pytest.mark.parametrize("name", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_policies_compute_in_float32_and_say_so(name):
    with pytest.warns(UserWarning, match=f"'{name}' computes in float32 here"):
        mixed_precision.set_global_policy(name)
    assert mixed_precision.global_policy().name == layers.Dense(1).compute_dtype == "float32"
    with pytest.warns(UserWarning, match="no mixed precision"):
        layer = layers.Dense(1, dtype=name)
    assert layer.variable_dtype == "float32"


def test_settings_are_kept():
    config.set_epsilon(1e-3)
    assert backend.epsilon() == 1e-3
    for on, off, asked in (
        (config.enable_flash_attention, config.disable_flash_attention, config.is_flash_attention_enabled),
        (config.enable_traceback_filtering, config.disable_traceback_filtering, config.is_traceback_filtering_enabled),
    ):
        on()
        assert asked() is True
        off()
        assert asked() is False
    assert config.is_nnx_enabled() is False


def test_limits_of_epochs_and_steps_hold_in_every_loop():
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (2, 3)
    model = linear()
    assert model.fit(X, Y, batch_size=10, epochs=5, verbose=0).epoch == [0, 1]
    assert model.optimizer.iterations == 6
    assert model.predict(X, batch_size=10, verbose=0).shape == (30, 1)
    assert model.predict(X, batch_size=40, verbose=0).shape == (50, 1)
    with pytest.raises(ValueError, match="not a limit"):
        config.set_max_epochs(0)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [(None, "float32"), (float, "float32"), (int, "int32"), (bool, "bool"), (np.float64, "float64"), ("uint8", "uint8"),
     (np.dtype("int64"), "int64")],
)  # fmt: skip
def test_names_of_types(dtype, name):
    assert backend.standardize_dtype(dtype) == name


@pytest.mark.parametrize("dtype", ["floaty", "U3", object, 7])
def test_types_that_are_none(dtype):
    with pytest.raises(ValueError, match="no type of numbers"):
        backend.standardize_dtype(dtype)


def test_types_of_sums():
    assert backend.result_type() == "float32"
    assert backend.result_type(int) == "int32"
    assert backend.result_type("float32", "float64") == "float64"
    assert backend.result_type("int64", float) == "float32"
    assert backend.is_float_dtype(np.float32)
    assert not backend.is_int_dtype("float32")


def test_contexts_and_versions():
    with juanji.device("CPU:0"), juanji.name_scope("block"):
        pass
    with pytest.raises(ValueError, match="no such device; expected 'cpu', got device_name='gpu:0'"):
        juanji.device("gpu:0").__enter__()
    with pytest.raises(ValueError, match="not a name"):
        juanji.name_scope("a/b").__enter__()
    assert juanji.version() == juanji.__version__


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        ({"ndim": 2}, (1, 2, 3), "expected 2 axes"),
        ({"min_ndim": 3}, (1, 2), "expected at least 3 axes"),
        ({"max_ndim": 1}, (1, 2), "expected at most 1 axes"),
        ({"axes": {-1: 3}}, (1, 2), "expected size 3 of axis -1"),
        ({"axes": {4: 3}}, (1, 2), "expected size 3 of axis 4"),
        ({"shape": (None, 5)}, (1, 2), r"expected shape \(None, 5\)"),
    ],
)
def test_inputs_that_miss_the_specification_of_a_layer(spec, shape, message):
    class Plain(layers.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = juanji.InputSpec(**spec)

    with pytest.raises(ValueError, match=message):
        Plain()(np.zeros(shape, "float32"))
    again = juanji.InputSpec.from_config(juanji.InputSpec(**spec).get_config())
    assert vars(again) == vars(juanji.InputSpec(**spec))


def test_inputs_that_fit_the_specification_of_a_layer():
    spec = juanji.InputSpec(shape=(None, 3, 1), allow_last_axis_squeeze=True)
    assert spec.misfit((7, 3, 1)) is spec.misfit((7, 3)) is spec.misfit((None, 3, 1)) is None
    assert spec.misfit((7, 4, 1)) == "shape (None, 3, 1)"
    with pytest.raises(TypeError, match="axes is not clear"):
        juanji.InputSpec(axes={"last": 3})
