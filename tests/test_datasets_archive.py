"""Archives of CIFAR-10: damaged ones and hostile ones."""

import gzip
import io
import tarfile

import numpy as np
import pytest

from cifar_copies import BINARY, Source, assert_same, binary_members, read, tar_bytes
from juanji.datasets._archive import visit_members
from juanji.datasets._cifar_layout import Layout
from juanji.datasets._cifar_load import load


@pytest.fixture
def source():
    return Source()


@pytest.mark.parametrize("keep", [0, 1, 12, 0.3, 0.9, -1])
def test_truncated_archive(tmp_path, source, keep):
    body = tar_bytes(binary_members(source.binary()))
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.write_bytes(body[: int(len(body) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match=r"cifar-10-binary.tar.gz"):
        read(archive)


def test_flipped_byte_in_an_archive(tmp_path, source):
    body = tar_bytes(binary_members(source.binary()))
    archive = tmp_path / "a.tar.gz"
    for position in range(20, len(body), len(body) // 40):
        archive.write_bytes(body[:position] + bytes([body[position] ^ 0x10]) + body[position + 1 :])
        with pytest.raises(ValueError, match=r"a.tar.gz"):
            read(archive)


@pytest.mark.parametrize(
    "body",
    [b"", b"no archive", gzip.compress(b""), gzip.compress(b"x" * 5000)],
    ids=["empty", "text", "gzip of nothing", "gzip of text"],
)
def test_not_an_archive(tmp_path, body):
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(body)
    with pytest.raises(ValueError, match=r"cifar-10-python.tar.gz"):
        read(tmp_path)


def special(name, kind, linkname=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, linkname
    return info, b""


@pytest.mark.parametrize(
    "member",
    [
        ("../data_batch_1.bin", b"x"),
        ("/etc/data_batch_1.bin", b"x"),
        (f"{BINARY}/../../data_batch_1.bin", b"x"),
        special(f"{BINARY}/data_batch_1.bin", tarfile.SYMTYPE, "/etc/passwd"),
        special(f"{BINARY}/data_batch_1.bin", tarfile.LNKTYPE, "../../etc/passwd"),
        special(f"{BINARY}/data_batch_1.bin", tarfile.CHRTYPE),
        special(f"{BINARY}/data_batch_1.bin", tarfile.FIFOTYPE),
        special(f"{BINARY}/data_batch_1.bin", tarfile.DIRTYPE),
    ],
    ids=["parent", "absolute", "parents", "symlink", "hardlink", "device", "fifo", "folder"],
)
def test_hostile_member_is_refused(tmp_path, source, member):
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_bytes([member, *binary_members(source.binary())]))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="cifar10: a member is refused; expected a plain file"):
        read(archive)
    assert sorted(tmp_path.rglob("*")) == before


def test_other_members_are_passed_over(tmp_path, source):
    others = [
        ("../evil", b"x" * 2000),
        ("/etc/evil", b"x"),
        special("link", tarfile.SYMTYPE, "/etc/passwd"),
        special("null", tarfile.CHRTYPE),
        ("._data_batch_1.bin", b"x"),
    ]
    archive = tmp_path / "inner" / "a.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(tar_bytes([*others, *binary_members(source.binary()), *others]))
    before = sorted(tmp_path.rglob("*"))
    assert_same(read(archive), source.expected())
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("size", [10**15, 2**62, -(10**6)])
def test_declared_size(tmp_path, size):
    info = tarfile.TarInfo(f"{BINARY}/data_batch_1.bin")
    info.size = size
    header = info.tobuf(tarfile.GNU_FORMAT)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(gzip.compress(header + b"\0" * 10240))
    with pytest.raises(ValueError, match=r"a.tar.gz.*expected"):
        read(archive)


def test_bomb_stops_at_the_limit(tmp_path):
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_bytes([("zeros", bytes(300_000))]))
    visit_members("test", str(archive), {"x"}, lambda *_: None, limit=320_000)
    with pytest.raises(ValueError, match="unpacks to more than the limit"):
        visit_members("test", str(archive), {"x"}, lambda *_: None, limit=299_000)


def test_file_that_comes_twice(tmp_path, source):
    archive = tmp_path / "a.tar.gz"
    bodies = source.binary()
    archive.write_bytes(tar_bytes([*binary_members(bodies), *binary_members(bodies[:1], "copy/")]))
    with pytest.raises(ValueError, match="comes twice"):
        read(archive)


def test_damaged_headers_give_data_or_a_value_error(tmp_path):
    """Archives with bytes changed under valid checksums, so that the damage reaches the tar reader."""
    source = Source(0, 1)
    raw = gzip.decompress(tar_bytes(binary_members(source.binary(), "é" * 60 + "/")))
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        headers = [start for member in tar for start in range(member.offset, member.offset_data, 512)]
    random = np.random.default_rng(0)
    archive = tmp_path / "a.tar.gz"
    outcomes = {"data": 0, "error": 0}
    for _ in range(150):
        body = bytearray(raw)
        start = int(random.choice(headers))
        for position in start + random.integers(157, size=3):  # name, mode, owner, size, time, type
            body[position] = random.choice([0, 32, 48, 55, 120, 128, 255])
        header = body[start : start + 512]
        header[148:156] = b" " * 8
        body[start + 148 : start + 156] = b"%06o\0 " % sum(header)
        archive.write_bytes(gzip.compress(body, 1))
        try:
            load(archive, (), Layout(1, {}))
        except ValueError as error:
            assert str(error).startswith("cifar10: ")  # noqa: PT017
            outcomes["error"] += 1
        else:
            outcomes["data"] += 1
    assert min(outcomes.values()) > 10
