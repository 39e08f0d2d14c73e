"""MNIST, Fashion-MNIST and CIFAR-100: good copies in every place, damaged and hostile ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle

import numpy as np
import pytest

from cifar_copies import tar_bytes
from juanji.datasets import _copies, cifar100, fashion_mnist, mnist
from loopback import Site

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (9, 28, 28), dtype=np.uint8)
Y = RNG.integers(0, 10, 9, dtype=np.uint8)


@pytest.fixture(autouse=True)
def no_other_copies(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.delenv("JUANJI_DATA", raising=False)


def npz(**changed):
    arrays = {"x_train": X[:6], "y_train": Y[:6], "x_test": X[6:], "y_test": Y[6:]} | changed
    out = io.BytesIO()
    np.savez_compressed(out, **{name: array for name, array in arrays.items() if array is not None})
    return out.getvalue()


def assert_digits(found):
    (x_train, y_train), (x_test, y_test) = found
    for got, expected in ((x_train, X[:6]), (y_train, Y[:6]), (x_test, X[6:]), (y_test, Y[6:])):
        assert got.dtype == np.uint8
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("place", ["file", "folder", "JUANJI_DATA", "cache", "keras", "working folder"])
def test_mnist_is_found_in_every_place(place, tmp_path, monkeypatch):
    folder = {"cache": tmp_path / "cache" / "juanji", "keras": tmp_path / "keras" / "datasets"}.get(place, tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mnist.npz").write_bytes(npz())
    if place == "JUANJI_DATA":
        monkeypatch.setenv("JUANJI_DATA", str(folder))
    if place == "working folder":
        monkeypatch.chdir(folder)
    named = {"file": folder / "mnist.npz", "folder": str(folder)}.get(place)
    assert_digits(mnist.load_data() if named is None else mnist.load_data(named))


def test_mnist_is_downloaded_with_the_right_digest(tmp_path, monkeypatch, capsys):
    body = npz()
    with Site(body) as site:
        good = _copies.Copies("mnist", ("mnist.npz",), (site.url(),), {hashlib.sha256(body).hexdigest(): "mnist.npz"})
        monkeypatch.setattr(mnist, "COPIES", good)
        assert_digits(mnist.load_data())
        assert_digits(mnist.load_data())
        assert len(site.requests) == 1
        (tmp_path / "cache" / "juanji" / "mnist.npz").unlink()
        monkeypatch.setattr(mnist, "COPIES", good._replace(files={"0" * 64: "mnist.npz"}))
        with pytest.raises(
            OSError, match=r"mnist: the data is not on this machine and cannot be downloaded.*"
        ) as error:
            mnist.load_data()
    assert "expected SHA-256 " + "0" * 64 in str(error.value)
    assert "Put mnist.npz into" in str(error.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"no archive", "cannot be read; expected the arrays x_train"),
        (npz()[:-40], "cannot be read"),
        (npz(y_test=None), "cannot be read.*y_test"),
        (npz(y_train=np.array([object()] * 6)), "cannot be read"),
        (npz(x_train=X[:5]), "holds the wrong arrays"),
        (npz(x_test=X[6:].astype("float32")), "holds the wrong arrays"),
        (npz(y_test=Y[6:] + 10), "a label is out of range"),
    ],
)
def test_damaged_copies_of_mnist(tmp_path, body, message):
    (tmp_path / "mnist.npz").write_bytes(body)
    with pytest.raises(ValueError, match=message):
        mnist.load_data(tmp_path)


def idx(array):
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def clothes(folder, **changed):
    bodies = dict(zip(fashion_mnist.FILES, map(idx, (X[:6], Y[:6], X[6:], Y[6:]))))
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in bodies.items():
        (folder / name).write_bytes(changed.get(name[:7], gzip.compress(body, mtime=0)))
    return folder


def test_fashion_mnist_is_read_from_its_four_files(tmp_path):
    assert_digits(fashion_mnist.load_data(clothes(tmp_path / "here")))
    clothes(tmp_path / "keras" / "datasets" / "fashion-mnist")
    assert_digits(fashion_mnist.load_data())


def test_fashion_mnist_is_downloaded_file_by_file(tmp_path, monkeypatch, capsys):
    bodies = {
        f"/{name}": gzip.compress(idx(array)) for name, array in zip(fashion_mnist.FILES, (X[:6], Y[:6], X[6:], Y[6:]))
    }

    def answer(handler):
        body = bodies[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with Site(answer=answer) as site:
        monkeypatch.setattr(fashion_mnist, "URLS", (site.url(""),))
        digests = {name[1:]: hashlib.md5(body).hexdigest() for name, body in bodies.items()}
        monkeypatch.setattr(fashion_mnist, "FILES", digests)
        assert_digits(fashion_mnist.load_data())
        assert_digits(fashion_mnist.load_data())
        assert len(site.requests) == 4


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"no gzip", "cannot be read"),
        (gzip.compress(idx(X[6:]))[:-9], "cannot be read"),
        (gzip.compress(idx(X[6:])[:-1]), "is damaged"),
        (gzip.compress(b"\x00\x00\x0d\x03" + idx(X)[4:]), "is damaged"),
        (gzip.compress(b"", mtime=0), "is damaged"),
        (gzip.compress(idx(X[6:, :20])), "holds the wrong arrays"),
    ],
)
def test_damaged_copies_of_fashion_mnist(tmp_path, body, message):
    with pytest.raises(ValueError, match=message):
        fashion_mnist.load_data(clothes(tmp_path, **{"t10k-im": body}))


@pytest.fixture
def few(monkeypatch):
    """Five pictures to train on and three to test with."""
    monkeypatch.setattr(cifar100, "RECORDS", {"train": 5, "test": 3})
    images = RNG.integers(0, 256, (8, 3, 32, 32), dtype=np.uint8)
    fine, coarse = RNG.integers(0, 100, 8).tolist(), RNG.integers(0, 20, 8).tolist()

    def batch(rows, **changed):
        fields = {"data": images[rows].reshape(-1, 3072), "fine_labels": fine[rows], "coarse_labels": coarse[rows]}
        fields["filenames"] = [f"{i}.png" for i in range(len(fields["fine_labels"]))]
        return pickle.dumps({key.encode(): value for key, value in (fields | changed).items()}, protocol=2)

    return images.transpose(0, 2, 3, 1), fine, coarse, batch


@pytest.mark.parametrize("form", ["folder", "archive", "keras"])
@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100_is_read_from_folders_and_archives(tmp_path, few, form, mode):
    images, fine, coarse, batch = few
    bodies = {"train": batch(slice(0, 5)), "test": batch(slice(5, 8))}
    path = tmp_path
    if form == "archive":
        members = [(f"cifar-100-python/{name}", body) for name, body in bodies.items()]
        (tmp_path / "cifar-100-python.tar.gz").write_bytes(tar_bytes(members))
    else:
        inner = (
            "keras/datasets/cifar-100-python-target_extracted/cifar-100-python"
            if form == "keras"
            else "cifar-100-python"
        )
        (tmp_path / inner).mkdir(parents=True)
        for name, body in bodies.items():
            (tmp_path / inner / name).write_bytes(body)
        path = None if form == "keras" else tmp_path
    (x_train, y_train), (x_test, y_test) = cifar100.load_data(mode, path)
    labels = np.array(fine if mode == "fine" else coarse)[:, None]
    np.testing.assert_array_equal(x_train, images[:5])
    np.testing.assert_array_equal(x_test, images[5:])
    np.testing.assert_array_equal(y_train, labels[:5])
    np.testing.assert_array_equal(y_test, labels[5:])
    assert y_train.dtype == np.uint8


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fine_labels": [100, 0, 0]}, "holds the wrong data; expected 3 images of 3072 bytes"),
        ({"fine_labels": [0, 0]}, "holds the wrong data"),
        ({"data": np.zeros((3, 3072), "int16")}, "holds the wrong data"),
        ({"data": print, "pad": b"\0" * 10000}, "is refused; expected a pickle of plain data"),
        ({"data": None}, "has the wrong size"),
    ],
)
def test_damaged_copies_of_cifar100(tmp_path, few, changed, message):
    _, _, _, batch = few
    (tmp_path / "cifar-100-python").mkdir()
    (tmp_path / "cifar-100-python" / "train").write_bytes(batch(slice(0, 5)))
    (tmp_path / "cifar-100-python" / "test").write_bytes(batch(slice(5, 8), **changed))
    with pytest.raises(ValueError, match=message):
        cifar100.load_data(path=tmp_path)


def test_incomplete_copies_and_places_without_one(tmp_path, few, monkeypatch):
    (tmp_path / "cifar-100-python").mkdir()
    (tmp_path / "cifar-100-python" / "train").write_bytes(few[3](slice(0, 5)))
    with pytest.raises(ValueError, match="is not complete; expected the files train and test, got none named test"):
        cifar100.load_data(path=tmp_path)
    with pytest.raises(FileNotFoundError, match="mnist: path holds no copy"):
        mnist.load_data(tmp_path)
    with pytest.raises(FileNotFoundError, match="cifar100: path does not exist"):
        cifar100.load_data(path=tmp_path / "none")
    with pytest.raises(TypeError, match="path is not a path"):
        mnist.load_data(3)
    monkeypatch.setenv("JUANJI_DATA", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="fashion_mnist: JUANJI_DATA does not exist"):
        fashion_mnist.load_data()
