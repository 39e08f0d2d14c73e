"""Every public function of juanji.ops on symbolic tensors: the model gives what the function gives for arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from juanji import Input, KerasTensor, Model, activations, ops
from juanji.symbolic.structure import flatten

X = np.random.default_rng(0).uniform(0.2, 0.8, (2, 6)).astype("float32")
Y = np.random.default_rng(1).uniform(0.2, 0.8, (2, 6)).astype("float32")
IMAGES = np.random.default_rng(2).normal(size=(2, 6, 6, 4)).astype("float32")
NOT_RECORDED = {"convert_to_numpy", "is_tensor", "shape"}  # answer about a symbolic tensor, or refuse it
FURTHER = {  # arguments behind the first, where one array or two do not do
    "average_pool": (IMAGES, 2),
    "batch_normalization": (IMAGES, np.zeros(4, "float32"), np.ones(4, "float32"), -1),
    "broadcast_to": None,  # needs to know the number of samples
    "cast": (X, "float64"),
    "clip": (X, 0.3, 0.6),
    "col2im": None,
    "conv": (IMAGES, np.ones((3, 3, 4, 2), "float32")),
    "conv2d": (IMAGES, np.ones((3, 3, 4, 2), "float32")),
    "conv_transpose": (IMAGES, np.ones((3, 3, 2, 4), "float32"), 2),
    "dense": (X, np.ones((6, 2), "float32")),
    "depthwise_conv": (IMAGES, np.ones((3, 3, 4, 1), "float32")),
    "expand_dims": (X, 1),
    "full_like": (X, 3),
    "get_item": (X, (slice(None), 2)),
    "im2col": None,
    "matmul": (X, np.ones((6, 2), "float32")),
    "max_pool": (IMAGES, 2),
    "moveaxis": (IMAGES, 1, 3),
    "moments": (IMAGES, (0, 1, 2)),
    "pad": (X, ((0, 0), (1, 2))),
    "repeat": (X, 3, 1),
    "reshape": (X, (-1, 2, 3)),
    "split": (X, 3, 1),
    "swapaxes": (IMAGES, 1, 2),
    "take": (X, [0, 3], 1),
    "tile": (X, (1, 2)),
    "transpose": (IMAGES, (0, 3, 1, 2)),
}


def ways_of_calling(name):
    """Lists of arguments with which the function runs."""
    if name in FURTHER:
        return [] if FURTHER[name] is None else [FURTHER[name]]
    ways = []
    for arguments in ((X,), (X, Y), ([X, Y],)):
        try:
            results = getattr(ops, name)(*arguments)
        except (TypeError, ValueError):
            continue
        if all(np.ndim(y) and len(y) == 2 for y in flatten(results)):  # those that keep the samples apart
            ways.append(arguments)
    return ways


def split_up(name, arguments):
    """The arrays that become inputs, and what calls the function with others in their place."""
    if isinstance(arguments[0], list):
        return arguments[0], lambda xs: getattr(ops, name)(xs)
    count = 1 if name in FURTHER else len(arguments)
    return list(arguments[:count]), lambda xs: getattr(ops, name)(*xs, *arguments[count:])


CALLS = [
    pytest.param(name, arguments, id=f"{name}-{i}")
    for name in sorted(set(ops.__all__) - NOT_RECORDED)
    for i, arguments in enumerate(ways_of_calling(name))
]


def test_most_functions_are_covered():
    assert len({call.values[0] for call in CALLS}) > 55


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_models_give_what_functions_give(name, arguments):
    expected = getattr(ops, name)(*arguments)
    arrays, call = split_up(name, arguments)
    inputs = [Input(array.shape[1:]) for array in arrays]
    outputs = call(inputs)
    model = Model(inputs, outputs)
    got = model(arrays)
    for y, array, wanted in zip(flatten(outputs), flatten(got), flatten(expected)):
        assert isinstance(y, KerasTensor)
        assert (y.dtype, len(y.shape)) == (str(wanted.dtype), wanted.ndim)
        assert all(size in (None, real) for size, real in zip(y.shape, wanted.shape))
        np.testing.assert_array_equal(array, wanted)
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    for array, wanted in zip(flatten(again(arrays)), flatten(expected)):
        np.testing.assert_array_equal(array, wanted)


def test_shapes_are_told_rather_than_recorded():
    x = Input((None, 3))
    assert ops.shape(x) == (None, None, 3)
    assert not ops.is_tensor(x)
    with pytest.raises(TypeError, match="has no value"):
        ops.convert_to_numpy(x)


@pytest.mark.parametrize(
    "name", ["relu", "relu6", "leaky_relu", "elu", "selu", "silu", "mish", "softmax", "hard_sigmoid"]
)
def test_activations_take_symbolic_tensors(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    x = Input((6,))
    model = Model(x, function(x))
    np.testing.assert_array_equal(model(X), function(X))
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_array_equal(again(X), function(X))


UNARY = [ops.relu, ops.tanh, ops.negative, abs, lambda x: x[:, ::-1], lambda x: ops.flip(x, 1), lambda x: 0.5 - x]
BINARY = [ops.add, ops.multiply, ops.maximum, lambda a, b: a - b, lambda a, b: ops.where(a > b, a, b * 2)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=14))
def test_any_graph_gives_what_its_steps_give(steps):
    """Each step applies a function to earlier results, picked at random, so that branches meet and end."""

    def run(first, second):
        values = [first, second]
        for function, a, b in steps:
            x, y = values[a % len(values)], values[b % len(values)]
            values.append(UNARY[function](x) if function < 7 else BINARY[function - 7](x, y))
        return values[2:]

    a, b = Input((6,)), Input((6,))
    model = Model([a, b], run(a, b))
    expected = run(X, Y)
    got = model([X, Y])
    for y, wanted in zip(got if isinstance(got, list) else [got], expected):
        np.testing.assert_array_equal(y, wanted)
    names = [operation.name for operation in model._graph.operations]
    assert len(set(names)) == len(names)
    again = Model.from_config(json.loads(json.dumps(model.get_config())))
    for y, wanted in zip(flatten(again([X, Y])), expected):
        np.testing.assert_array_equal(y, wanted)
