"""Operations that move elements: values as NumPy's, gradients by differences, errors that say what came."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import GradientTape, Tensor, ops
from reference.gradients import check_gradients, check_second_gradients

X = np.random.default_rng(1).normal(size=(2, 3, 4))

CASES = {
    "reshape": (lambda x: ops.reshape(x, (4, -1)), lambda x: x.reshape(4, -1)),
    "reshape to one number": (lambda x: ops.reshape(x, 24), lambda x: x.reshape(24)),
    "ravel": (ops.ravel, np.ravel),
    "transpose": (ops.transpose, np.transpose),
    "transpose axes": (lambda x: ops.transpose(x, (1, -1, 0)), lambda x: x.transpose(1, 2, 0)),
    "moveaxis": (lambda x: ops.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1)),
    "moveaxis back": (lambda x: ops.moveaxis(x, -1, 0), lambda x: np.moveaxis(x, -1, 0)),
    "swapaxes": (lambda x: ops.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1)),
    "expand_dims": (lambda x: ops.expand_dims(x, -1), lambda x: np.expand_dims(x, -1)),
    "expand_dims several": (lambda x: ops.expand_dims(x, (0, 2)), lambda x: np.expand_dims(x, (0, 2))),
    "squeeze": (lambda x: ops.squeeze(x[:1]), lambda x: np.squeeze(x[:1])),
    "squeeze axis": (lambda x: ops.squeeze(x[:1, :, :1], 0), lambda x: np.squeeze(x[:1, :, :1], 0)),
    "broadcast_to": (
        lambda x: ops.broadcast_to(x[:, :1], (5, 2, 3, 4)),
        lambda x: np.broadcast_to(x[:, :1], (5, 2, 3, 4)),
    ),
    "concatenate": (lambda x: ops.concatenate([x, x[:, :1], x], 1), lambda x: np.concatenate([x, x[:, :1], x], 1)),
    "concatenate back": (lambda x: ops.concatenate([x, x], -1), lambda x: np.concatenate([x, x], -1)),
    "stack": (lambda x: ops.stack([x[0], x[1]], 1), lambda x: np.stack([x[0], x[1]], 1)),
    "stack last": (lambda x: ops.stack([x, x], -1), lambda x: np.stack([x, x], -1)),
    "split": (lambda x: ops.split(x, 2, 2)[1], lambda x: np.split(x, 2, 2)[1]),
    "split at": (lambda x: ops.split(x, [1, -1], 2)[1], lambda x: np.split(x, [1, -1], 2)[1]),
    "flip": (ops.flip, np.flip),
    "flip axis": (lambda x: ops.flip(x, -1), lambda x: np.flip(x, -1)),
    "pad": (lambda x: ops.pad(x, ((1, 0), (0, 2), (1, 1))), lambda x: np.pad(x, ((1, 0), (0, 2), (1, 1)))),
    "pad value": (lambda x: ops.pad(x, 1, constant_values=2.5), lambda x: np.pad(x, 1, constant_values=2.5)),
    "pad one number": (lambda x: ops.pad(x, 2), lambda x: np.pad(x, 2)),
    "pad edge": (lambda x: ops.pad(x, 2, "edge"), lambda x: np.pad(x, 2, "edge")),
    "pad reflect": (lambda x: ops.pad(x, (1, 1), "reflect"), lambda x: np.pad(x, (1, 1), "reflect")),
    "pad symmetric": (lambda x: ops.pad(x, (2, 1), "symmetric"), lambda x: np.pad(x, (2, 1), "symmetric")),
    "pad circular": (lambda x: ops.pad(x, (0, 2), "circular"), lambda x: np.pad(x, (0, 2), "wrap")),
    "repeat": (lambda x: ops.repeat(x, 2, 1), lambda x: np.repeat(x, 2, 1)),
    "repeat by one number in a list": (lambda x: ops.repeat(x, [3]), lambda x: np.repeat(x, [3])),
    "repeat back": (lambda x: ops.repeat(x, 3, -1), lambda x: np.repeat(x, 3, -1)),
    "repeat flat": (lambda x: ops.repeat(x, 2), lambda x: np.repeat(x, 2)),
    "repeat each": (lambda x: ops.repeat(x, [2, 0, 1], 1), lambda x: np.repeat(x, [2, 0, 1], 1)),
    "repeat never": (lambda x: ops.repeat(x, 0, 1), lambda x: np.repeat(x, 0, 1)),
    "tile": (lambda x: ops.tile(x, 2), lambda x: np.tile(x, 2)),
    "tile axes": (lambda x: ops.tile(x, (2, 1, 3)), lambda x: np.tile(x, (2, 1, 3))),
    "tile more axes": (lambda x: ops.tile(x, (2, 1, 1, 2)), lambda x: np.tile(x, (2, 1, 1, 2))),
    "take": (lambda x: ops.take(x, [[0, -1], [2, 2]], 1), lambda x: np.take(x, [[0, -1], [2, 2]], 1)),
    "take flat": (lambda x: ops.take(x, 5), lambda x: np.take(x, 5)),
    "item": (lambda x: x[1, 2, 3], lambda x: x[1, 2, 3]),
    "slice": (lambda x: x[:, ::-2, 1:3], lambda x: x[:, ::-2, 1:3]),
    "last": (lambda x: x[-1, ..., -2], lambda x: x[-1, ..., -2]),
    "backwards": (lambda x: x[::-1, 2:0:-1, ::3], lambda x: x[::-1, 2:0:-1, ::3]),
    "nothing": (lambda x: x[:, 2:1], lambda x: x[:, 2:1]),
    "far slices": (lambda x: x[-100:100, 1:99], lambda x: x[-100:100, 1:99]),
    "all of it": (lambda x: x[:], lambda x: x[:]),
    "NumPy numbers": (lambda x: x[np.int64(1), np.int32(0) :], lambda x: x[1, 0:]),
    "ellipsis": (lambda x: x[..., None, 0], lambda x: x[..., None, 0]),
    "mask": (lambda x: x[X > 0], lambda x: x[X > 0]),
    "repeated indices": (lambda x: x[[0, 1, 0, 0]], lambda x: x[[0, 1, 0, 0]]),
    "mixed indices": (lambda x: x[[0, 1], :, [1, 1]], lambda x: x[[0, 1], :, [1, 1]]),
}


@pytest.mark.parametrize("name", CASES)
def test_values_are_numpys(name):
    function, expected = CASES[name]
    np.testing.assert_array_equal(np.asarray(function(X)), expected(X))
    got = function(Tensor(X))
    assert isinstance(got, Tensor)
    np.testing.assert_array_equal(np.asarray(got), expected(X))
    integers = np.arange(24).reshape(2, 3, 4)
    if name not in ("pad value", "mask"):
        np.testing.assert_array_equal(np.asarray(function(integers)), expected(integers))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8", "bool", "float16", "int16"])
@pytest.mark.parametrize("name", [name for name in CASES if name not in ("pad value", "mask")])
def test_every_type(name, dtype):
    function, expected = CASES[name]
    x = (10 * X).astype(dtype)
    got = np.asarray(function(x))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, expected(x))


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    check_gradients(CASES[name][0], X)


@pytest.mark.parametrize(
    "name",
    [
        "reshape",
        "transpose axes",
        "broadcast_to",
        "concatenate",
        "pad",
        "split",
        "take",
        "slice",
        "last",
        "repeat",
        "tile",
    ],
)
def test_second_gradients(name):
    function = CASES[name][0]
    check_second_gradients(lambda x: ops.square(function(x)), X)


def test_errors_of_indices_are_numpys():
    with pytest.raises(IndexError, match="index 2 is out of bounds for axis 0 with size 2"):
        ops.get_item(X, 2)
    with pytest.raises(IndexError, match="too many indices"):
        ops.get_item(X, (0, 0, 0, 0))
    with pytest.raises(ValueError, match="slice step cannot be zero"):
        ops.get_item(X, slice(None, None, 0))


def test_infer_knows_shapes_without_running():
    from juanji.ops import _indexing, _shape

    spec = [("float32", (5, 6, 7))]
    for operation, attributes, shape in (
        (_shape._transpose, {"axes": (2, 0, 1)}, (7, 5, 6)),
        (_shape._broadcast_to, {"shape": (2, 5, 6, 7)}, (2, 5, 6, 7)),
        (_shape._flip, {"axes": (0,)}, (5, 6, 7)),
        (_shape._slice, {"bounds": ((1, 2), (0, 6), (3, 7))}, (1, 6, 4)),
        (_shape._pad, {"widths": ((0, 0), (1, 2), (3, 0)), "value": 0}, (5, 9, 10)),
        (_indexing._get_part, {"key": (0, (None, None, -2), None)}, (3, 1, 7)),
    ):
        native = operation._native(**attributes)
        assert list(native.infer(spec)) == [("float32", shape)]
        assert native.native_side(spec) is not None
    assert _shape._flip._native(axes=()).native_side(spec) is None  # nothing to copy


@pytest.mark.parametrize("width", [2**61, 2**62, 2**63 - 1])
def test_pad_with_widths_whose_sum_overflows(width):
    with pytest.raises(ValueError, match=r"pad: a width is too large; expected less than 2\^60, got width="):
        ops.pad(np.ones((2, 3), "float32"), width)


def test_flip_of_a_single_number():
    np.testing.assert_array_equal(ops.flip(np.float32(3.0)), np.float32(3.0))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "int16", "float16"])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("cuts", [[], [1], [0, 1, 1, 4], [1, 2, 3, 4], [2, 100]])
def test_split_gives_every_part(dtype, axis, cuts):
    x = np.random.default_rng(2).integers(0, 2, (5, 6, 7)).astype(dtype)
    for got, expected in zip(ops.split(x, cuts, axis), np.split(x, cuts, axis), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


def test_split_of_rows_longer_than_a_task():
    x = np.random.default_rng(2).normal(size=(3, 40_000)).astype("float32")
    for got, expected in zip(ops.split(x, [1, 7_000, 39_999], 1), np.split(x, [1, 7_000, 39_999], 1), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_gradient_of_split_parts_of_which_some_are_not_used():
    def some(x):
        first, _, third = ops.split(x, 3, axis=1)
        return ops.multiply(first, third)

    check_gradients(some, X.reshape(2, -1))
    check_second_gradients(some, X.reshape(4, -1))


def test_split_into_parts_of_an_empty_axis():
    assert [p.shape for p in ops.split(np.zeros((0, 2)), 3)] == [(0, 2)] * 3
    assert [p.shape for p in ops.split(np.zeros(4), [3, 2])] == [(3,), (0,), (2,)]


def test_empty_arrays():
    empty = np.zeros((0, 3))
    assert ops.ravel(empty).shape == (0,)
    assert ops.reshape(empty, (3, 0)).shape == (3, 0)
    assert ops.transpose(empty).shape == (3, 0)
    assert ops.concatenate([empty, np.ones((2, 3))]).shape == (2, 3)
    assert ops.take(np.ones(3), []).shape == (0,)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("shape", [(), (5,), (2, 0), (2, 3)])
def test_take_of_any_shape(axis, shape):
    indices = np.random.default_rng(3).integers(-X.shape[axis], X.shape[axis], shape)
    for kind in (np.asarray, lambda i: i.astype("int32"), Tensor):
        got = ops.take(X, kind(indices), axis)
        np.testing.assert_array_equal(np.asarray(got), np.take(X, indices, axis))
    check_gradients(lambda x: ops.take(x, indices, axis), X)
    check_second_gradients(lambda x: ops.square(ops.take(x, indices, axis)), X)


def test_take_in_large_arrays_at_any_thread_count(threads):
    x = np.random.default_rng(4).normal(size=(3, 40, 333))
    indices = np.random.default_rng(5).integers(0, 40, 300)
    expected = np.zeros_like(x)
    dy = np.random.default_rng(6).normal(size=(3, 300, 333))
    for i, place in enumerate(indices):
        expected[:, place] += dy[:, i]
    results = set()
    for n in (1, 3):
        threads(n)
        np.testing.assert_array_equal(ops.take(x, indices, 1), x[:, indices])
        tensor = Tensor(x)
        with GradientTape() as tape:
            tape.watch(tensor)
            y = ops.take(tensor, indices, 1)
        dx = np.asarray(tape.gradient(y, tensor, output_gradients=dy))
        np.testing.assert_array_equal(dx, expected)
        results.add(dx.tobytes())
    assert len(results) == 1


def test_indices_of_a_tensor_are_checked_when_it_has_values():
    with pytest.raises(ValueError, match=r"take: index out of range; expected -3 to 2, got indices.flat\[1\]=3"):
        ops.take(X, Tensor(np.array([0, 3])), 1)
    with pytest.raises(ValueError, match=r"take: index out of range; .* got indices.flat\[0\]=-4"):
        ops.take(X, Tensor(np.array([-4])), 1)


def test_class_numbers_and_indices_can_be_recorded():
    from juanji.trace import Trace

    with Trace() as trace:
        labels = trace.add_input(np.zeros(5, "int32"))
        assert ops.one_hot(labels, 3).shape == (5, 3)
        assert ops.take(np.ones((4, 2)), labels, 0).shape == (5, 2)
    assert all(node.native is not None for node in trace.nodes if node.name not in ("reshape", "expand_dims"))


def test_one_hot():
    np.testing.assert_array_equal(ops.one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(ops.one_hot([2, 0], 3, axis=0), [[0, 1], [0, 0], [1, 0]])
    np.testing.assert_array_equal(ops.one_hot([-1, 3], 3), np.zeros((2, 3)))
    assert ops.one_hot([0], 2, dtype="float64").dtype == "float64"


def test_only_needed_parts_of_a_concatenation_get_gradients():
    x, constant = Tensor(np.ones(2)), np.ones(3)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.concatenate([x, constant]) * np.arange(5.0)
    np.testing.assert_array_equal(tape.gradient(y, x), [0.0, 1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ops.reshape(X, (5, -1)),
            r"reshape: the sizes do not fit; .* got newshape=\(5, -1\) for x.shape=\(2, 3, 4\)",
        ),
        (lambda: ops.reshape(X, (-1, -1)), r"reshape: .* at most one -1"),
        (lambda: ops.reshape(X, (-2, -12)), r"reshape: the sizes do not fit"),
        (lambda: ops.transpose(X, (0, 0, 1)), r"transpose: not an order of the dimensions; .* got axes=\(0, 0, 1\)"),
        (lambda: ops.transpose(X, (0, 1, 3)), r"transpose: no such axis; expected an axis from -3 to 2, got axis=3"),
        (lambda: ops.squeeze(X, 1), r"squeeze: only dimensions of size 1 can go; .* got x.shape=\(2, 3, 4\)"),
        (lambda: ops.expand_dims(X, (0, 0)), r"expand_dims: an axis is named twice"),
        (lambda: ops.expand_dims(X, 5), r"expand_dims: no such axis; expected an axis from -4 to 3, got axis=5"),
        (lambda: ops.broadcast_to(X, (2, 3)), r"broadcast_to: the shapes do not fit; .* got x.shape=\(2, 3, 4\)"),
        (lambda: ops.concatenate([]), r"concatenate: nothing to join"),
        (lambda: ops.concatenate([X, X[0]]), r"concatenate: the shapes do not fit; .* got xs\[1\].shape=\(3, 4\)"),
        (lambda: ops.stack([X, X[:1]]), r"stack: the shapes differ; .* got x\[1\].shape=\(1, 3, 4\)"),
        (lambda: ops.split(X, 2, 1), r"split: no equal parts; expected a divisor of 3, got indices_or_sections=2"),
        (lambda: ops.pad(X, -1), r"pad: negative width"),
        (lambda: ops.pad(X, 1, mode="mean"), r"pad: unsupported mode; expected one of constant, .* got mode='mean'"),
        (lambda: ops.pad(X[:0], 1, mode="edge"), r"pad: there is nothing to repeat; .* got x.shape=\(0, 3, 4\)"),
        (lambda: ops.repeat(X, -1), r"repeat: negative; expected a number from 0, got repeats=-1"),
        (lambda: ops.tile(X, (1, -2)), r"tile: negative; expected numbers from 0, got repeats=\(1, -2\)"),
        (
            lambda: ops.take(X, [3], 1),
            r"take: index out of range; expected -3 to 2 along axis 1, got indices from 3 to 3",
        ),
        (lambda: ops.flip(np.float64(1.0), 0), r"flip: no such axis; expected an array with at least one dimension"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_type_errors_say_what_came():
    with pytest.raises(TypeError, match=r"take: indices must be integers; .* got dtype=float64"):
        ops.take(X, np.array([0.5]))
    with pytest.raises(TypeError, match=r"one_hot: class numbers must be integers; .* got dtype=float64"):
        ops.one_hot(np.array([0.5]), 3)


@pytest.mark.parametrize(("source", "destination"), [((0, 1), (2, 0)), ((2, 0), (0, 1)), ((-1,), (0,)), ((), ())])
def test_moveaxis_of_several(source, destination):
    x = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(ops.moveaxis(x, source, destination), np.moveaxis(x, source, destination))


def test_moveaxis_refuses_places_that_do_not_fit():
    with pytest.raises(ValueError, match=r"moveaxis: expected as many different places as dimensions"):
        ops.moveaxis(np.ones((2, 3)), (0, 1), 0)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 2, 3), (8, 9, 1), (2, 0, 1), (30, 1)])
def test_few_channels_side_by_side(sizes, dtype):
    rng = np.random.default_rng(len(sizes))
    parts = [rng.integers(0, 100, (3, 700, 5, n)).astype(dtype) for n in sizes]
    np.testing.assert_array_equal(ops.concatenate(parts, axis=-1), np.concatenate(parts, axis=-1))
