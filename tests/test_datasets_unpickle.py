"""The unpickler admits data only: hostile, crafted and damaged pickles."""

import os
import pickle
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from juanji.datasets._unpickle import UnsafePickleError, load_plain

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Call:
    """Pickles as a call of any function."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def named(module, name, *args):
    """A protocol 2 pickle that calls any name with strings."""
    encoded = [a.encode() for a in args]
    strings = b"".join(b"X" + len(a).to_bytes(4, "little") + a for a in encoded)
    return b"\x80\x02c" + f"{module}\n{name}\n".encode() + b"(" + strings + b"tR."


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        {"data": np.arange(6, dtype=np.uint8).reshape(2, 3), "labels": [1, 2]},
        {b"labels": [3], "text": "é", "bytes": b"\xff\0", "number": 2.5, "big": 10**40, "none": None},
        [1, [2.0, "three", {"four": b"5"}]],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">i4"),
        np.zeros((0, 4), np.float32),
        np.array(True),
        {"scalar": [np.int64(-7), np.float32(0.5)]},
    ],
    ids=["batch", "mixed", "nested", "fortran", "big endian", "empty", "bool", "scalars"],
)
def test_plain_data_comes_back(protocol, value):
    got = load_plain(pickle.dumps(value, protocol))
    if isinstance(value, np.ndarray):
        np.testing.assert_array_equal(got, value)
        assert got.shape == value.shape
        assert got.dtype == value.dtype
    elif "data" in value:
        np.testing.assert_array_equal(got["data"], value["data"], strict=True)
        assert got["labels"] == value["labels"]
    else:
        assert got == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "make",
    [
        lambda marker: Call(os.system, f"touch {marker}"),
        lambda marker: Call(eval, f"open({str(marker)!r}, 'w')"),
        lambda marker: Call(exec, f"open({str(marker)!r}, 'w')"),
        lambda marker: Call(getattr, "text", "upper"),
        lambda marker: Call(open, str(marker), "w"),
        lambda marker: Call(np.save, str(marker), 1),
        lambda marker: Call(np.frombuffer, b"abc"),
        lambda marker: np.array([1, "two", None], dtype=object),
        lambda marker: np.zeros(2, [("a", "i4"), ("b", "O")]),
        lambda marker: np.zeros(2, "S5"),
        lambda marker: np.zeros(2, "U5"),
        lambda marker: np.zeros(2, "M8[s]"),
        lambda marker: np.zeros(2, "V3"),
        lambda marker: np.zeros(2, complex),
        lambda marker: np.ma.masked_array([1, 2], [True, False]),
        lambda marker: np.zeros(2).view(np.recarray),
        lambda marker: Fraction(1, 2),
        lambda marker: Call,
        lambda marker: np.ndarray,
        lambda marker: {"data": np.ndarray},
        lambda marker: {"data": Call(os.system, f"touch {marker}")},
        lambda marker: [{"deep": [Call(os.system, f"touch {marker}")]}],
    ],
)
def test_everything_else_is_refused(tmp_path, protocol, make):
    marker = tmp_path / "marker"
    body = pickle.dumps(make(marker), protocol)
    with pytest.raises(UnsafePickleError):
        load_plain(body)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("__builtin__", "eval"),
        ("builtins", "__import__"),
        ("subprocess", "getoutput"),
        ("numpy", "load"),
        ("numpy", "memmap"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy._core.multiarray", "_vec_string"),
        ("numpy", "ndarray.tofile"),
        ("_codecs", "lookup"),
        ("codecs", "encode"),
        ("juanji.datasets._unpickle", "load_plain"),
    ],
)
def test_names(tmp_path, module, name):
    with pytest.raises(UnsafePickleError, match=f"the name '{module}.{name}', which is not plain data"):
        load_plain(named(module, name, f"touch {tmp_path / 'marker'}"))
    assert not (tmp_path / "marker").exists()


def test_encode_takes_latin1_only():
    assert load_plain(named("_codecs", "encode", "aé", "latin1")) == b"a\xe9"
    for encoding in ("rot13", "zlib", "utf-7"):
        with pytest.raises(UnsafePickleError, match="encoding"):
            load_plain(named("_codecs", "encode", "abc", encoding))


# Crafted arrays: each differs in one place from this good one.

GOOD = {
    "kind": b"cnumpy\nndarray\n",
    "code": b"U\x02u1",
    "dtype_state": b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t",
    "shape": b"K\x02K\x03\x86",
    "fortran": b"\x89",
    "body": b"U\x06abcdef",
}


def crafted(**changes):
    p = {**GOOD, **changes}
    return (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n" + p["kind"] + b"K\x00\x85U\x01b\x87R"
        b"(K\x01" + p["shape"] + b"cnumpy\ndtype\n" + p["code"] + b"K\x00K\x01\x87R" + p["dtype_state"] + b"b"
        + p["fortran"] + p["body"] + b"tb."
    )  # fmt: skip


def test_the_good_array_is_good():
    np.testing.assert_array_equal(load_plain(crafted()), np.frombuffer(b"abcdef", np.uint8).reshape(2, 3))


LONG = b"\x8a\x09" + (2**64).to_bytes(9, "little")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": b"cnumpy\ndtype\n"},
        {"kind": b"N"},
        {"code": b"U\x02O8"},
        {"code": b"U\x01O"},
        {"code": b"U\x02V1"},
        {"code": b"U\x05u1,u1"},
        {"code": b"U\x04(2,)"},
        {"code": b"K\x01"},
        {"code": b"cnumpy\nndarray\n"},
        # object type whose state says it is plain bytes: NumPy itself would follow the bytes as pointers
        {"code": b"U\x02O8", "body": b"U\x30" + b"A" * 48},
        {"dtype_state": b"(K\x03U\x01|U\x02u1K\x04\x86NNJ\x01\0\0\0J\x01\0\0\0K\x00t"},
        {"dtype_state": b"(K\x03U\x01|NX\x01\0\0\0aN\x85J\x01\0\0\0J\x01\0\0\0K\x00t"},
        {"dtype_state": b"(K\x03U\x01?NNNJ\x01\0\0\0J\x01\0\0\0K\x00t"},
        {"dtype_state": b"(K\x03K\x00NNNJ\x01\0\0\0J\x01\0\0\0K\x00t"},
        {"dtype_state": b")"},
        {"dtype_state": b"N"},
        {"shape": b"K\x02K\x04\x86"},
        {"shape": b"K\x02K\x02\x86"},
        {"shape": b"J\xfe\xff\xff\xffJ\xfd\xff\xff\xff\x86"},
        {"shape": LONG + b"K\x00\x86"},
        {"shape": LONG + LONG + b"\x86"},
        {"shape": b"\x88K\x06\x86"},
        {"shape": b"(K\x06" + b"K\x01" * 70 + b"t"},
        {"shape": b"K\x06"},
        {"body": b"]"},
        {"body": b"X\x06\0\0\0abcdef"},
        {"body": b"N"},
    ],
    ids=str,
)
def test_crafted_array_is_refused(changes):
    with pytest.raises(UnsafePickleError):
        load_plain(crafted(**changes))


@pytest.mark.parametrize(
    "name",
    ["_codecs\nencode", "numpy\nndarray", "numpy\ndtype", "numpy.core.multiarray\n_reconstruct"],
)
@pytest.mark.parametrize(
    "state",
    [b"}U\x08__dict__K\x01s", b"}U\x08__call__K\x01s", b"N}U\x0c__defaults__)s\x86", b"N}U\x05_callNs\x86", b"N"],
)
def test_a_pickle_cannot_change_the_unpickler(name, state):
    with pytest.raises(UnsafePickleError):
        load_plain(b"\x80\x02c" + name.encode() + b"\n" + state + b"b.")
    np.testing.assert_array_equal(load_plain(crafted()), np.frombuffer(b"abcdef", np.uint8).reshape(2, 3))
    assert load_plain(named("_codecs", "encode", "a", "latin1")) == b"a"


@pytest.mark.parametrize(
    "body",
    [b"", b".", b"\x80", b"\x80\x63N.", b"N", b"(", b"0.", b"hello", b"\x80\x04\x95", b"P1\n.", b"\x82\x01."],
    ids=str,
)
def test_no_pickle(body):
    with pytest.raises(UnsafePickleError):
        load_plain(body)


def test_large_declared_sizes_take_no_memory():
    bodies = [
        b"\x80\x02Nr\xff\xff\xff\x0f.",  # an index far behind the end of the memo
        b"\x80\x04\x8e" + (2**40).to_bytes(8, "little") + b"x.",
        b"\x80\x05\x96" + (2**30).to_bytes(8, "little") + b"x.",
        b"\x80\x04\x95" + (2**40).to_bytes(8, "little") + b"N.",
    ]
    tracemalloc.start()
    try:
        for body in bodies:
            try:
                load_plain(body)
            except UnsafePickleError:
                continue
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_deep_nesting():
    with pytest.raises(UnsafePickleError):
        load_plain(b"(" * 100_000)


@pytest.mark.parametrize("protocol", [2, 4])
def test_every_truncation_is_noticed(protocol):
    body = pickle.dumps({"data": np.zeros((2, 4), np.uint8), "labels": [0, 1]}, protocol)
    for length in range(len(body)):
        with pytest.raises(UnsafePickleError):
            load_plain(body[:length])


@given(st.data())
def test_damage_gives_data_or_the_one_error(data):
    body = bytearray(pickle.dumps({"data": np.zeros((2, 4), np.uint8), b"labels": [0, 1]}, 2))
    for position in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=4)):
        body[position] = data.draw(st.integers(0, 255))
    try:
        value = load_plain(bytes(body))
    except UnsafePickleError:
        return
    assert isinstance(value, (dict, list, tuple, bytes, str, int, float, np.ndarray, type(None)))
