"""Tensor operators, conversion, creation, and how operations decide between NumPy and a NumPy stand-in."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from juanji import GradientTape, Tensor, Variable, ops
from juanji.ops import _binary, _indexing, _reductions, _shape, _unary
from juanji.ops._operation import Operation
from reference.gradients import check_gradients

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("function", [*OPERATORS, *COMPARISONS, operator.floordiv, operator.mod])
def test_operators_with_tensors_arrays_and_numbers(function):
    a, b = np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 0.5])
    for x, y in [(Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b)), (Tensor(a), 2.0), (2, Tensor(b))]:
        got = function(x, y)
        assert isinstance(got, Tensor)
        np.testing.assert_array_equal(np.asarray(got), function(np.asarray(x), np.asarray(y)))


@pytest.mark.parametrize("function", OPERATORS)
def test_operator_gradients(function):
    a, b = np.array([[1.0], [2.0]]), np.array([3.0, 2.0, 0.5])
    check_gradients(function, a, b)
    check_gradients(lambda x: function(x, 2), b)
    check_gradients(lambda x: function(2.0, x), b)


def test_matmul_operator():
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    for x, y in [(Tensor(a), Tensor(b)), (a, Tensor(b)), (Tensor(a), b)]:
        np.testing.assert_array_equal(np.asarray(x @ y), a @ b)


def test_unary_operators():
    x = np.array([-1.0, 2.0])
    check_gradients(lambda v: -v, x)
    check_gradients(abs, x)
    np.testing.assert_array_equal(np.asarray(+Tensor(x)), x)


def test_equality_is_by_element_and_the_hash_by_object():
    a, b = Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    assert np.asarray(a == b).all()
    assert {a: "a", b: "b"}[b] == "b"
    assert hash(a) != hash(b)
    assert (a == None) is False  # noqa: E711
    assert (a != "text") is True
    assert a in [a]


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i4", ">u2", ">f2"])
@pytest.mark.parametrize("function", [ops.exp, ops.relu, ops.sum, ops.mean, ops.sort, lambda x: ops.multiply(x, x)])
def test_arrays_with_bytes_in_the_other_order(dtype, function):
    x = np.arange(6).reshape(2, 3)
    other, own = x.astype(dtype), x.astype(np.dtype(dtype).newbyteorder("="))
    for got in (function(other), function(Tensor(other)), function(Variable(other))):
        assert got.dtype.isnative
        np.testing.assert_array_equal(np.asarray(got), function(own))


def test_weak_numbers_keep_the_type_of_a_tensor():
    assert (Tensor(np.float32([1])) * 2.0).dtype == "float32"
    assert (2 / Tensor(np.float32([1]))).dtype == "float32"
    assert (Tensor(np.float32([1])) ** 0.5).dtype == "float32"
    assert (Tensor(np.float32([1])) * np.float64([2.0])).dtype == "float64"


def test_mixed_types_are_differentiated_in_the_type_of_each_source():
    x, y = Tensor(np.float32([2.0])), Tensor(np.float64([3.0]))
    with GradientTape() as tape:
        tape.watch([x, y])
        z = x * y
    dx, dy = tape.gradient(z, [x, y])
    assert (dx.dtype, dy.dtype) == ("float32", "float64")
    assert (float(dx), float(dy)) == (3.0, 2.0)


def test_masks_stop_gradients_without_an_error():
    x = Tensor(np.array([-1.0, 2.0]))
    with GradientTape() as tape:
        tape.watch(x)
        y = x * ops.cast(x > 0, "float64") + ops.cast(ops.argmax(x), "float64")
    np.testing.assert_array_equal(tape.gradient(y, x), [0.0, 1.0])


def test_stop_gradient():
    x = Variable(3.0)
    with GradientTape() as tape:
        y = ops.stop_gradient(x * x) * x
    assert float(tape.gradient(y, x)) == 9.0
    array = np.ones(2)
    assert ops.stop_gradient(array) is array


def test_conversion():
    assert ops.convert_to_tensor([1.0]).dtype == "float32"
    assert ops.convert_to_tensor([1]).dtype == "int32"
    assert ops.convert_to_tensor([2**31]).dtype == "int64"
    assert ops.convert_to_tensor([1], dtype="float64").dtype == "float64"
    assert ops.convert_to_tensor(np.float64([1])).dtype == "float64"
    tensor = Tensor([1.0])
    assert ops.convert_to_tensor(tensor) is tensor
    assert ops.convert_to_numpy(tensor) is tensor.numpy()
    assert ops.is_tensor(tensor)
    assert not ops.is_tensor([1.0])


def test_tapes_watch_what_conversion_gives():
    array = np.array([1.0, -2.0])
    x = ops.convert_to_tensor(array, dtype="float32")
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(x * x * array.astype("float32"))
    np.testing.assert_array_equal(tape.gradient(y, x), 2 * array * array)
    with pytest.raises(TypeError, match=r"Wrap it: x = juanji\.ops\.convert_to_tensor\(x\)"), GradientTape() as tape:
        tape.watch(array)
    assert isinstance(ops.array(array), np.ndarray)
    assert ops.shape(Tensor(np.ones((2, 3)))) == (2, 3)
    assert isinstance(ops.exp(Tensor([1])), Tensor)


def test_creation():
    assert ops.zeros((2, 3)).dtype == "float32"
    assert ops.ones(2, dtype="int32").tolist() == [1, 1]
    assert ops.full((2,), 7).dtype == "float32"
    assert ops.full((2,), 7, "int64").dtype == "int64"
    assert ops.full((2,), 0.1)[0] == np.float32(0.1)
    for like in (ops.zeros_like, ops.ones_like):
        assert like(Tensor(np.ones((2, 3)))).dtype == "float64"
        assert like(np.ones(2), dtype="float32").dtype == "float32"
    assert ops.full_like(np.ones(2), 3).tolist() == [3.0, 3.0]
    assert ops.arange(3).tolist() == [0, 1, 2]
    assert ops.arange(0, 1, 0.5).dtype == "float32"
    assert ops.arange(1, 7, 2, dtype="float64").tolist() == [1.0, 3.0, 5.0]


INFERENCE = [
    (_binary._add, {}, [((2, 1), "float32"), ((3,), "float32")]),
    (_binary._add, {}, [((2, 1), "int64"), ((3,), "int64")]),
    (_binary._less, {}, [((2, 1), "float64"), ((3,), "float64")]),
    (_binary._where, {}, [((2, 1), "bool"), ((3,), "float32"), ((), "float32")]),
    (_unary._exp, {}, [((4, 5), "float64")]),
    (_unary._square, {}, [((4, 5), "int32")]),
    (_unary._activation_gradient, {"activation": "tanh"}, [((4,), "float32"), ((4,), "float32")]),
    (_reductions._sum, {"axes": (0, 2), "keepdims": False}, [((2, 3, 4), "float32")]),
    (_reductions._mean, {"axes": (1,), "keepdims": True}, [((2, 3, 4), "float64")]),
    (_reductions._max, {"axes": (), "keepdims": True}, [((2, 3), "int64")]),
    (_reductions._argmax, {"axis": 1}, [((2, 3, 4), "float32")]),
    (_shape._reshape, {"shape": (-1, 2)}, [((2, 3, 4), "uint8")]),
    (_shape._concatenate, {"axis": 0}, [((2, 3), "float32"), ((1, 3), "float32")]),
    (_indexing._get_item, {"index": (slice(1), None)}, [((2, 3), "float32")]),
]


@pytest.mark.parametrize(("operation", "attributes", "inputs"), INFERENCE)
def test_inference_tells_what_running_gives(operation: Operation, attributes, inputs):
    native = operation._native(**attributes)
    result = native(*(np.ones(shape, dtype) for shape, dtype in inputs))
    [(dtype, shape)] = native.infer([(dtype, shape) for shape, dtype in inputs])
    assert (dtype, tuple(shape)) == (str(result.dtype), result.shape)


def test_the_value_of_a_trained_variable_has_a_gradient():
    v, fixed = Variable([1.0, 2.0]), Variable([3.0, 4.0], trainable=False)
    assert isinstance(v.value, np.ndarray)
    with GradientTape() as tape:
        loss = ops.sum(v.value * v.value * fixed.value)
        assert isinstance(fixed.value, np.ndarray)
    np.testing.assert_array_equal(tape.gradient(loss, v), [6.0, 16.0])
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0])
