"""juanji.utils: labels, seeds, names and the registry."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import juanji
from juanji import Tensor
from juanji.utils import normalize, set_random_seed, to_categorical
from juanji.utils.naming import auto_name, reset_names, to_snake_case
from juanji.utils.registry import Configurable, Registry, plain


@given(hnp.arrays(np.int64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.integers(0, 6)))
def test_to_categorical_is_one_hot(labels):
    rows = to_categorical(labels, num_classes=7)
    kept = labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    assert rows.dtype == np.float64
    assert rows.shape == (*kept.shape, 7)
    for index in np.ndindex(kept.shape):
        assert rows[index].tolist() == [float(c == kept[index]) for c in range(7)]


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "float32", "float64", "bool"])
def test_to_categorical_takes_any_number_type(dtype):
    labels = np.array([[1], [0], [1]], dtype=dtype)
    assert to_categorical(labels).tolist() == [[0, 1], [1, 0], [0, 1]]


def test_to_categorical_counts_classes_and_keeps_scalars():
    assert to_categorical([0, 0]).shape == (2, 1)
    assert to_categorical(2, 3).tolist() == [0, 0, 1]
    assert to_categorical(Tensor(np.array([1]))).tolist() == [[0, 1]]
    assert to_categorical([], 4).shape == (0, 4)
    assert to_categorical(np.zeros((0, 1)), 4).shape == (0, 4)


@pytest.mark.parametrize(
    ("labels", "classes", "message"),
    [
        ([0, 10], 10, r"expected 0 to 9 for num_classes=10, got 10 at position 1"),
        ([0, -1], None, r"got -1 at position 1"),
        ([-1], None, r"got -1 at position 0"),
        ([0.5], None, r"not whole numbers; .* got 0\.5"),
        ([0.0, np.nan], 3, r"not whole numbers; .* got nan"),
        ([np.inf], 3, r"got inf"),
        (["cat"], 3, r"got dtype=<U3"),
        ([], None, r"Pass num_classes"),
        ([0], 0, r"got num_classes=0"),
        ([0], 2.5, r"got num_classes=2\.5"),
        ([0], True, r"got num_classes=True"),
    ],
)
def test_to_categorical_refuses(labels, classes, message):
    with pytest.raises(ValueError, match=message):
        to_categorical(labels, classes)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize_gives_unit_vectors(axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[1], x[:, 2] = 0.0, 0.0
    y = normalize(x, axis, order)
    norms = np.linalg.norm(y, order, axis)
    zero = ~x.any(axis)
    np.testing.assert_allclose(norms[~zero], 1.0, rtol=4 * np.finfo(float).eps)
    assert not norms[zero].any()


def test_set_random_seed_repeats_every_source():
    draws = []
    for _ in range(2):
        set_random_seed(7)
        draws.append((random.random(), np.random.rand(), juanji.random.normal((3,)).tolist()))  # noqa: NPY002
    assert draws[0] == draws[1]
    set_random_seed(8)
    assert juanji.random.normal((3,)).tolist() != draws[0][2]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, float("nan"), "1", None, True])
def test_set_random_seed_refuses(seed):
    with pytest.raises(ValueError, match=r"expected an integer from 0 to 4294967295, got seed="):
        set_random_seed(seed)


def test_names():
    reset_names()
    assert [auto_name("Conv2D"), auto_name("Conv2D"), auto_name("conv2d")] == [
        "conv2d",
        "conv2d_1",
        "conv2d_2",
    ]
    assert auto_name("MaxPooling2D") == "max_pooling2d"
    reset_names()
    assert auto_name("Conv2D") == "conv2d"
    assert to_snake_case("RMSprop") == "rm_sprop"


class Square(Configurable):
    def __init__(self, side=1.0):
        self.side = side

    def __call__(self):
        return self.side

    def get_config(self):
        return {"side": self.side}


def area(side):
    return side * side


@pytest.fixture
def shapes():
    registry: Registry[object] = Registry("juanji.shapes", default=area)
    registry.register("quad", snake_case=True)(Square)
    registry.register()(area)
    return registry


def test_registry_finds_by_every_form(shapes):
    assert shapes.get(None) is area
    assert shapes.get("area") is area
    assert shapes.get(area) is area
    assert shapes.names() == ["Square", "area", "quad", "square"]
    for identifier in ["Square", "square", "quad", Square, {"class_name": "Square", "config": {}}]:
        assert isinstance(shapes.get(identifier), Square)
    made = Square(3.0)
    assert shapes.get(made) is made


def test_registry_round_trip(shapes):
    assert shapes.serialize(area) == "area"
    assert shapes.deserialize("area") is area
    config = shapes.serialize(Square(2.0))
    assert config == {"module": "juanji.shapes", "class_name": "Square", "config": {"side": 2.0}}
    assert shapes.deserialize(config).side == 2.0
    assert shapes.deserialize({"class_name": "Mine", "config": {"side": 4}}, {"Mine": Square}).side == 4


def test_registry_refuses(shapes):
    with pytest.raises(ValueError, match=r"expected one of 'Square', 'area', 'quad', 'square', got identifier='squar'"):
        shapes.get("squar")
    with pytest.raises(ValueError, match=r"Did you mean 'square'\?"):
        shapes.get("squar")
    with pytest.raises(ValueError, match=r"got identifier=3"):
        shapes.get(3)
    with pytest.raises(ValueError, match=r"dictionary with 'class_name' and 'config', got config={'side': 1}"):
        shapes.get({"side": 1})
    with pytest.raises(ValueError, match=r"no configuration; .* got int"):
        shapes.serialize(3)


def test_plain():
    assert plain(np.float32(0.5)) == 0.5
    assert type(plain(np.float32(0.5))) is float
    assert plain(np.arange(2)) == [0, 1]
    assert plain("x") == "x"
