"""Downloading: resuming, checking, falling back, giving up. Everything stays on the loopback interface."""

import hashlib
import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from cifar_copies import RECORDS, Source, assert_same, binary_members, tar_bytes
from juanji.datasets import _cifar_load, _download, cifar10
from juanji.datasets._cifar_layout import OFFICIAL, Layout
from juanji.datasets._cifar_load import load
from juanji.datasets._download import DownloadError, Limits, fetch
from loopback import Site

NAME = "cifar-10-binary.tar.gz"
BODY = np.random.default_rng(0).bytes(300_000)
LIMITS = Limits(timeout=5, window=5, tries=3, pause=0, lock_wait=5)


def md5(body):
    return hashlib.md5(body).hexdigest()


ARCHIVES = {md5(BODY): NAME}


@pytest.fixture(autouse=True)
def direct(monkeypatch, tmp_path):
    """No proxy, no data on the machine, no addresses from outside."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CACHE_HOME", "KERAS_HOME", "JUANJI_DATA", "JUANJI_CIFAR10_URLS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def get(folder, *sites, limits=LIMITS, archives=ARCHIVES):
    return fetch([site if isinstance(site, str) else site.url() for site in sites], str(folder), archives, limits)


def assert_arrived(folder, archive):
    assert archive == str(folder / NAME)
    assert (folder / NAME).read_bytes() == BODY
    assert parts(folder) == []


def parts(folder):
    return sorted(folder.glob("*.part"))


def test_plain(folder):
    with Site(BODY) as site:
        assert_arrived(folder, get(folder, site))
        assert_arrived(folder, get(folder, site))  # it is there: nothing is asked for
    assert site.requests == [None]


def test_cut_connection_is_resumed(folder):
    with Site(BODY, cuts=[100_000, 70_000]) as site:
        assert_arrived(folder, get(folder, site))
    assert site.requests == [None, "bytes=100000-", "bytes=170000-"]


def test_resumed_by_the_next_call(folder):
    with Site(BODY, cuts=[100_000]) as site:
        with pytest.raises(DownloadError, match=r"cut after 100000 of 300000 bytes"):
            get(folder, site, limits=LIMITS._replace(tries=1, least=1 << 20))
        assert [part.stat().st_size for part in parts(folder)] == [100_000]
        assert_arrived(folder, get(folder, site))
    assert site.requests == [None, "bytes=100000-"]


def test_cut_before_the_first_byte_gives_up_at_once(folder):
    with Site(BODY, cuts=[0] * 9) as site, pytest.raises(DownloadError, match="cut after 0 of 300000"):
        get(folder, site)
    assert len(site.requests) == 1


def test_interruptions_without_progress_are_counted(folder):
    with Site(BODY, cuts=[100_000, 1, 1, 1, 1, 1, 1]) as site, pytest.raises(DownloadError, match="cut after 100003"):
        get(folder, site)
    assert len(site.requests) == 4


def test_server_without_ranges_starts_again(folder):
    with Site(BODY, ranges=False, cuts=[250_000, 10_000]) as site:
        assert_arrived(folder, get(folder, site))
    assert site.requests == [None, "bytes=250000-", "bytes=10000-"]


def test_server_without_ranges_that_always_cuts_is_given_up(folder):
    with Site(BODY, ranges=False, cuts=[200_000] * 50) as site, pytest.raises(DownloadError, match="cut after 200000"):
        get(folder, site)
    assert len(site.requests) == 1 + LIMITS.tries


def leave_part(folder, site, body):
    folder.mkdir()
    part = _download._part_name(site.url(), str(folder))
    with open(part, "wb") as file:
        file.write(body)


@pytest.mark.parametrize(
    ("left", "requests"),
    [
        (BODY, ["bytes=300000-"]),  # complete: 416 says so
        (BODY + b"x", ["bytes=300001-", None]),  # too long: 416, and again from the start
        (b"\0" * 1000, ["bytes=1000-", None]),  # another file's start: the MD5 is wrong, and again from the start
        (b"\0" * 300_000, ["bytes=300000-", None]),
        (b"", [None]),
    ],
    ids=["complete", "too long", "other start", "other file", "empty"],
)
def test_what_was_left(folder, left, requests):
    with Site(BODY) as site:
        leave_part(folder, site, left)
        assert_arrived(folder, get(folder, site))
    assert site.requests == requests


@pytest.mark.parametrize("header", ["bytes 0-299999/300000", "bytes 999-299999/300000", "rubbish", ""])
def test_another_range_than_asked_for(folder, header):
    def answer(handler):
        if handler.headers["Range"]:
            handler.head(206, len(BODY) - 1000, {"Content-Range": header})
            handler.wfile.write(BODY[1000:])
        else:
            handler.head(200, len(BODY))
            handler.wfile.write(BODY[:1000] if len(site.requests) == 1 else BODY)

    with Site(answer=answer) as site:
        assert_arrived(folder, get(folder, site))
    assert site.requests == [None, "bytes=1000-", None]


def test_range_that_was_not_asked_for(folder):
    def answer(handler):
        handler.head(206, len(BODY), {"Content-Range": f"bytes 0-{len(BODY) - 1}/{len(BODY)}"})
        handler.wfile.write(BODY)

    with Site(answer=answer) as site, pytest.raises(DownloadError, match="HTTP 206, which was not asked for"):
        get(folder, site)


def test_size_that_changes_between_requests(folder):
    new = BODY[:200_000]
    with Site(BODY, cuts=[250_000]) as site:

        def shrink(handler):
            site.body, site.answer = new, None
            handler._serve()

        with pytest.raises(DownloadError, match="cut after 250000"):
            get(folder, site, limits=LIMITS._replace(tries=1, least=1 << 20))
        site.answer = shrink
        get(folder, site, archives={md5(new): NAME})
    assert (folder / NAME).read_bytes() == new
    assert site.requests == [None, "bytes=250000-", None]


def test_corrupt_body_is_deleted_and_the_next_address_tried(folder):
    corrupt = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with Site(corrupt) as bad, Site(BODY) as good:
        assert_arrived(folder, get(folder, bad, good))
    assert (len(bad.requests), len(good.requests)) == (1, 1)


def test_corrupt_body_everywhere(folder):
    with Site(b"<html>Please log in</html>") as site, pytest.raises(DownloadError) as caught:
        get(folder, site)
    assert caught.value.reasons == (
        f"{site.url()}: it delivered the wrong file; expected MD5 {md5(BODY)}, "
        f"got md5={md5(site.body)}, size={len(site.body)} bytes",
    )
    assert parts(folder) == []
    assert not (folder / NAME).exists()


@pytest.mark.parametrize("status", [403, 404, 416, 500, 503])
def test_status(folder, status):
    with Site(status=status) as bad, Site(BODY) as good:
        with pytest.raises(DownloadError, match=f"HTTP {status} "):
            get(folder, bad)
        assert_arrived(folder, get(folder, bad, good))


def test_no_content_length(folder):
    def answer(handler):
        handler.head(200)
        handler.wfile.write(BODY)

    with Site(answer=answer) as site:
        assert_arrived(folder, get(folder, site))


def test_cut_in_a_chunked_body(folder):
    def answer(handler):
        if len(site.requests) > 1:
            site.body = BODY
            handler._serve()
            return
        handler.protocol_version = "HTTP/1.1"
        handler.head(200, None, {"Transfer-Encoding": "chunked", "Connection": "close"})
        handler.wfile.write(b"%x\r\n%s\r\n%x\r\n%s" % (70_000, BODY[:70_000], 80_000, BODY[70_000:90_000]))

    with Site(answer=answer) as site:
        assert_arrived(folder, get(folder, site))
    assert len(site.requests) == 2
    assert site.requests[1] is not None


def test_hung_server(folder):
    with Site(answer=lambda handler: site.closing.wait(30)) as site, Site(BODY) as good:
        with pytest.raises(DownloadError, match="no answer"):
            get(folder, site, limits=LIMITS._replace(timeout=0.2))
        assert_arrived(folder, get(folder, site, good, limits=LIMITS._replace(timeout=1)))


def test_server_that_hangs_within_the_body(folder):
    def answer(handler):
        handler.head(200, len(BODY))
        handler.wfile.write(BODY[:1000])
        site.closing.wait(30)

    with Site(answer=answer) as site, pytest.raises(DownloadError, match=r"cut after 1000 bytes \(timed out\)"):
        get(folder, site, limits=LIMITS._replace(timeout=0.5, tries=1))


def test_server_that_drips(folder):
    def answer(handler):
        handler.head(200, len(BODY))
        handler.drip()

    with Site(answer=answer) as site, pytest.raises(DownloadError, match=r"too slow: \d+ bytes in 0.3 s"):
        get(folder, site, limits=LIMITS._replace(window=0.3, least=1000, tries=1))


@pytest.mark.parametrize("declared", [True, False])
def test_body_without_end(folder, declared):
    def answer(handler):
        handler.head(200, 2**60 if declared else None)
        while not site.closing.is_set():
            handler.wfile.write(BODY)

    with Site(answer=answer) as site, pytest.raises(DownloadError, match="too large; expected at most 1000000"):
        get(folder, site, limits=LIMITS._replace(largest=1_000_000))
    assert parts(folder) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd", "", "http:", "http://[x"])
def test_address_of_another_kind(folder, url):
    with pytest.raises(DownloadError, match=r"not a http or https address|no connection|no answer"):
        get(folder, url)


def test_no_address(folder):
    with pytest.raises(DownloadError, match="no address is configured"):
        get(folder)


def test_two_at_once_download_once(folder):
    def answer(handler):
        site.closing.wait(0.3)
        handler._serve()

    with Site(BODY, answer=answer) as site:
        got = []
        threads = [threading.Thread(target=lambda: got.append(get(folder, site))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert got == [str(folder / NAME)] * 3
        assert_arrived(folder, got[0])
    assert len(site.requests) == 1


def test_another_process_that_holds_the_lock(folder, capsys):
    folder.mkdir()
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'ab'); fcntl.flock(file, fcntl.LOCK_EX); "
        "print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(folder / ".download.lock")]
    with Site(BODY) as site:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout.readline() == "locked\n"
            with pytest.raises(DownloadError, match="another process"):
                get(folder, site, limits=LIMITS._replace(lock_wait=0.3))
            assert capsys.readouterr().err == f"juanji: waiting for another process that downloads to {folder}\n"
            other.stdin.close()
        assert_arrived(folder, get(folder, site))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bar_on_a_terminal_only(folder, tmp_path, monkeypatch, capsys):
    with Site(BODY) as site:
        get(folder, site)
        assert capsys.readouterr().err == f"juanji: downloading {site.url()} to {folder}\n"
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        get(tmp_path / "other", site)
    assert f"{NAME}: 100%" in terminal.getvalue()
    assert "300k/300k" in terminal.getvalue()


# The way through cifar10


@pytest.fixture
def small():
    source = Source()
    body = tar_bytes(binary_members(source.binary()))
    return source, body, Layout(RECORDS, {md5(body): NAME})


def test_download_once_then_read_from_the_cache(tmp_path, small):
    source, body, layout = small
    with Site(body, cuts=[1000]) as site:
        assert_same(load(None, (site.url(),), layout), source.expected())
    assert_same(load(None, (), layout), source.expected())
    assert set(os.listdir(tmp_path / "home/.cache/juanji")) == {".download.lock", NAME}


def test_configured_addresses(monkeypatch, small):
    source, body, layout = small
    with Site(status=404) as first, Site(body) as second, Site(body) as never:
        monkeypatch.setenv("JUANJI_CIFAR10_URLS", f"{first.url()}, {second.url()}")
        assert_same(load(None, (never.url(),), layout), source.expected())
    assert (len(first.requests), len(second.requests), len(never.requests)) == (1, 1, 0)


def test_a_single_address_may_be_a_string():
    assert _cifar_load.addresses("http://a.example/x") == ("http://a.example/x",)


def test_a_named_place_without_data_downloads_nothing(tmp_path, monkeypatch, small):
    _, body, layout = small
    (tmp_path / "empty").mkdir()
    with Site(body) as site:
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "empty", (site.url(),), layout)
        monkeypatch.setenv("JUANJI_DATA", str(tmp_path / "empty"))
        with pytest.raises(FileNotFoundError):
            load(None, (site.url(),), layout)
    assert site.requests == []


def test_a_damaged_copy_is_not_replaced(tmp_path, small):
    _, body, layout = small
    damaged = tmp_path / "home/.cache/juanji" / NAME
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(body[:1000])
    with Site(body) as site, pytest.raises(ValueError, match=NAME):
        load(None, (site.url(),), layout)
    assert site.requests == []
    assert damaged.read_bytes() == body[:1000]


def test_offline_gives_one_message_with_three_ways_out(tmp_path, monkeypatch):
    with Site(BODY) as site:
        gone = site.url()
    with Site(status=404) as missing, Site(BODY) as corrupt:
        monkeypatch.setattr(cifar10, "URLS", (gone, missing.url(), corrupt.url()))
        with pytest.raises(OSError, match="cifar10: the data is not on this machine") as caught:
            cifar10.load_data()
    message = str(caught.value)
    for text in (
        f"{gone}: no connection",
        f"{missing.url()}: HTTP 404 Not Found",
        f"{corrupt.url()}: it delivered the wrong file; expected MD5 {' or '.join(OFFICIAL.archives)}",
        f"1. put cifar-10-batches-bin, cifar-10-binary.tar.gz, cifar-10-batches-py or cifar-10-python.tar.gz "
        f"into {tmp_path / 'home/.cache/juanji'}",
        "2. name the place of a copy: cifar10.load_data(path=...) or the environment variable JUANJI_DATA",
        "3. use pictures that need no file: juanji.datasets.shapes.load_data()",
    ):
        assert text in message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_cache_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"file/juanji: cannot be written to .*\n.*three ways out"):
        load(None, (), OFFICIAL)
