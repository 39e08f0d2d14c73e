"""Reading copies of CIFAR-10: every layout, every place, every kind of damage."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from cifar_copies import (
    BINARY,
    PYTHON,
    RECORDS,
    Source,
    assert_same,
    binary_members,
    read,
    tar_bytes,
    write_folder,
)
from juanji.datasets import _cifar_places, cifar10
from juanji.datasets._cifar_layout import STEMS, Layout
from juanji.datasets._cifar_load import load


@pytest.fixture
def source():
    return Source()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder without data, so that no test depends on the machine."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CACHE_HOME", "KERAS_HOME", "JUANJI_DATA", "JUANJI_CIFAR10_URLS"):
        monkeypatch.delenv(name, raising=False)
    return home


# Layouts


def test_binary_folder(tmp_path, source):
    folder = write_folder(tmp_path / BINARY, source.binary(), ".bin")
    assert_same(read(folder), source.expected())
    assert_same(read(str(tmp_path)), source.expected())


def test_python_folder(tmp_path, source):
    write_folder(tmp_path / PYTHON, source.pickled(), "")
    assert_same(read(tmp_path), source.expected())
    assert_same(read(tmp_path / PYTHON), source.expected())


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("keys", [str, str.encode], ids=["text keys", "bytes keys"])
@pytest.mark.parametrize(
    "labels",
    [lambda row: row.tolist(), lambda row: row, lambda row: row.astype(">i4"), list],
    ids=["list", "array", "big-endian array", "list of NumPy integers"],
)
def test_pickles_of_every_protocol(tmp_path, source, protocol, keys, labels):
    write_folder(tmp_path / PYTHON, source.pickled(protocol, keys, labels), "")
    assert_same(read(tmp_path), source.expected())


def python2_pickle(images, labels):
    """Protocol 2 as Python 2 wrote it: byte strings as SHORT_BINSTRING / BINSTRING, old module names."""

    def text(value):
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value
        return b"T" + len(value).to_bytes(4, "little") + value

    def number(n):
        return b"J" + n.to_bytes(4, "little", signed=True)

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + b"K\x00\x85" + text(b"b") + b"\x87R"
        b"(K\x01" + number(len(images)) + number(3072) + b"\x86"
        b"cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
        b"(K\x03" + text(b"|") + b"NNN" + number(-1) + number(-1) + b"K\x00tb"
        b"\x89" + text(images.tobytes()) + b"tb"
    )
    numbers = b"](" + b"".join(b"K" + bytes([n]) for n in labels) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + numbers + b"u."


def test_pickle_written_by_python_2(tmp_path, source):
    bodies = [python2_pickle(source.images[i], source.labels[i]) for i in range(6)]
    write_folder(tmp_path / PYTHON, bodies, "")
    assert_same(read(tmp_path), source.expected())


@pytest.mark.parametrize("folder", ["", "./", BINARY + "/", "a/b/c/"])
def test_binary_archive(tmp_path, source, folder):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.write_bytes(tar_bytes(reversed(binary_members(source.binary(), folder))))
    assert_same(read(tmp_path), source.expected())
    assert_same(read(archive), source.expected())


def test_python_archive_under_any_name(tmp_path, source):
    archive = tmp_path / "download"
    archive.write_bytes(tar_bytes([(f"{PYTHON}/{stem}", body) for stem, body in zip(STEMS, source.pickled())]))
    assert_same(read(archive), source.expected())


@pytest.mark.parametrize("records", [1, 255, 256, 257])
def test_sizes_around_the_reading_piece(tmp_path, records):
    source = Source(1, records)
    write_folder(tmp_path / BINARY, source.binary(), ".bin")
    assert_same(load(tmp_path, (), Layout(records, {})), source.expected())


def test_official_size(tmp_path):
    rows = np.zeros((10_000, 3073), np.uint8)
    rows[:, 0] = np.arange(10_000) % 10
    rows[:, 1:] = (np.arange(10_000) % 251)[:, None]
    write_folder(tmp_path / BINARY, [rows.tobytes()] * 6, ".bin")
    (x_train, y_train), (x_test, y_test) = cifar10.load_data(tmp_path)
    assert (x_train.shape, y_train.shape) == ((50_000, 32, 32, 3), (50_000, 1))
    assert (x_test.shape, y_test.shape) == ((10_000, 32, 32, 3), (10_000, 1))
    assert (x_train == (np.arange(50_000) % 10_000 % 251).reshape(-1, 1, 1, 1)).all()
    assert (y_test[:, 0] == rows[:, 0]).all()


def test_class_names():
    assert len(set(cifar10.class_names)) == 10


# Places


def test_order_of_places(tmp_path, home, monkeypatch):
    sources = [Source(seed) for seed in range(4)]
    places = [tmp_path / "path", tmp_path / "env", home / ".cache/juanji", home / ".keras/datasets"]
    for place, source in zip(places, sources):
        write_folder(place / BINARY, source.binary(), ".bin")
    monkeypatch.setenv("JUANJI_DATA", str(places[1]))
    assert_same(read(places[0]), sources[0].expected())
    assert_same(read(None), sources[1].expected())
    monkeypatch.setenv("JUANJI_DATA", "")
    assert_same(read(None), sources[2].expected())
    for file in (places[2] / BINARY).iterdir():
        file.unlink()
    assert_same(read(None), sources[3].expected())


def test_xdg_cache_home(tmp_path, monkeypatch, home):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _cifar_places.cache_folder() == str(tmp_path / "xdg" / "juanji")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert _cifar_places.cache_folder() == str(home / ".cache" / "juanji")


def test_what_keras_leaves(tmp_path, monkeypatch, home, source):
    target = home / ".keras/datasets/cifar-10-batches-py-target"
    target.parent.mkdir(parents=True)
    members = [(f"{PYTHON}/{stem}", body) for stem, body in zip(STEMS, source.pickled())]
    target.with_name(target.name + "_archive").write_bytes(tar_bytes(members))
    assert_same(read(None), source.expected())
    other = Source(1)
    write_folder(target / PYTHON, other.pickled(), "")
    assert_same(read(None), other.expected())
    third = Source(2)
    write_folder(tmp_path / "k/datasets" / BINARY, third.binary(), ".bin")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "k"))
    assert_same(read(None), third.expected())


def test_tilde(home, source):
    write_folder(home / "data" / BINARY, source.binary(), ".bin")
    assert_same(read("~/data"), source.expected())


@pytest.mark.parametrize("name", ["missing", "empty", ""])
def test_named_place_without_data(tmp_path, home, monkeypatch, source, name):
    write_folder(home / ".cache/juanji" / BINARY, source.binary(), ".bin")  # must not be used instead
    (tmp_path / "empty").mkdir()
    place = name and str(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=rf"cifar10: path .*got path='{place}'.*shapes"):
        read(place)
    if name:
        monkeypatch.setenv("JUANJI_DATA", place)
        with pytest.raises(FileNotFoundError, match=rf"JUANJI_DATA .*got JUANJI_DATA='{place}'.*path=.*shapes"):
            read(None)


def test_path_of_wrong_type():
    with pytest.raises(TypeError, match=r"expected a string or os.PathLike, got path=5"):
        read(5)


# Damage


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b"", lambda b: b[:3073]])
@pytest.mark.parametrize("victim", range(6))
def test_wrong_size(tmp_path, source, change, victim):
    bodies = source.binary()
    bodies[victim] = change(bodies[victim])
    folder = write_folder(tmp_path / BINARY, bodies, ".bin")
    size = len(bodies[victim])
    message = rf"{STEMS[victim]}.bin has the wrong size; expected {RECORDS * 3073} .* got size={size}\."
    with pytest.raises(ValueError, match=message):
        read(folder)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_bytes(binary_members(bodies)))
    with pytest.raises(ValueError, match=message.replace(".bin has", ".bin in .*a.tar.gz has")):
        read(archive)
    assert (folder / f"{STEMS[victim]}.bin").read_bytes() == bodies[victim]


@pytest.mark.parametrize("label", [10, 255])
def test_label_out_of_range(tmp_path, source, label):
    source.labels[2, 4] = label
    folder = write_folder(tmp_path / BINARY, source.binary(), ".bin")
    with pytest.raises(ValueError, match=rf"data_batch_3.bin; expected 0..9, got label={label} in record 4"):
        read(folder)
    folder = write_folder(tmp_path / PYTHON, source.pickled(), "")
    with pytest.raises(ValueError, match=rf"data_batch_3; expected 0..9, got label={label} in record 4"):
        read(folder)


@pytest.mark.parametrize("label", [-1, 256, 10**30])
def test_label_that_is_no_byte(tmp_path, source, label):
    bodies = source.pickled(labels=lambda row: [label, *row.tolist()[1:]])
    folder = write_folder(tmp_path / PYTHON, bodies, "")
    with pytest.raises(ValueError, match=rf"expected 0..9, got label={label}"):
        read(folder)


@pytest.mark.parametrize(("name", "end"), [(BINARY, ".bin"), (PYTHON, "")])
def test_missing_file(tmp_path, source, name, end):
    folder = write_folder(tmp_path / name, source.binary() if end else source.pickled(), end)
    (folder / f"test_batch{end}").unlink()
    with pytest.raises(ValueError, match="not complete; expected 6 files, got 5 without test_batch"):
        read(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"labels": [1] * RECORDS},
        {"data": np.zeros((RECORDS, 3071), np.uint8), "labels": [1] * RECORDS},
        {"data": np.zeros((RECORDS, 3072), np.int8), "labels": [1] * RECORDS},
        {"data": np.zeros((RECORDS, 3072), np.uint8)},
        {"data": np.zeros((RECORDS, 3072), np.uint8), "labels": [1] * (RECORDS - 1)},
        {"data": np.zeros((RECORDS, 3072), np.uint8), "labels": [1.0] * RECORDS},
        {"data": np.zeros((RECORDS, 3072), np.uint8), "labels": ["1"] * RECORDS},
        ["data", "labels"],
    ],
    ids=["no data", "narrow", "signed", "no labels", "few labels", "float labels", "text labels", "list"],
)
def test_wrong_fields(tmp_path, source, fields):
    body = pickle.dumps(fields, 2)
    if isinstance(fields, dict):
        fields["padding"] = b"p" * 30000
        body = pickle.dumps(fields)
    else:
        body = pickle.dumps([*fields, b"p" * 30000])
    folder = write_folder(tmp_path / PYTHON, [body, *source.pickled()[1:]], "")
    with pytest.raises(ValueError, match=r"data_batch_1 holds the wrong (pixels|labels); expected .*, got"):
        read(folder)


@pytest.mark.parametrize("keep", [0.2, 0.999])
def test_truncated_pickle(tmp_path, source, keep):
    bodies = source.pickled()
    bodies[3] = bodies[3][: int(len(bodies[3]) * keep)]
    folder = write_folder(tmp_path / PYTHON, bodies, "")
    with pytest.raises(ValueError, match=rf"data_batch_4 (has the wrong size|is refused); .*size={len(bodies[3])}"):
        read(folder)


def test_unreadable_file(tmp_path, source):
    folder = write_folder(tmp_path / BINARY, source.binary(), ".bin")
    (folder / "data_batch_2.bin").chmod(0)
    if os.access(folder / "data_batch_2.bin", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(PermissionError, match=r"data_batch_2.bin"):
        read(folder)


def test_import_is_cheap():
    """The package must import fast; what only loading needs is imported by loading."""
    code = "import numpy, sys; before = set(sys.modules); import juanji.datasets; print(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "juanji.datasets.cifar10" in loaded
    assert not loaded & {"urllib.request", "http.client", "tarfile", "gzip", "ssl"}
