"""A web server on the loopback interface that fails on demand."""

import contextlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """Serves one body under every path and notes the Range header of each request.

    Args:
        body: what is served.
        ranges: whether Range is honoured.
        cuts: number of bytes after which each request in turn is cut; later requests are not cut.
        status: an HTTP status to answer with instead.
        answer: called with the handler in place of everything else.
    """

    def __init__(self, body=b"", ranges=True, cuts=(), status=None, answer=None):
        self.body, self.ranges, self.cuts = body, ranges, list(cuts)
        self.status, self.answer = status, answer
        self.requests = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"site": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def url(self, name="cifar-10-binary.tar.gz"):
        """An address at this server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers GET as its site says."""

    site: Site

    def do_GET(self):
        """Serves the body, or fails as wished; a client that goes away is no error."""
        self.site.requests.append(self.headers["Range"])
        with contextlib.suppress(ConnectionError):
            if self.site.answer:
                self.site.answer(self)
            elif self.site.status:
                self.send_error(self.site.status)
            else:
                self._serve()

    def _serve(self):
        body, start = self.site.body, 0
        match = re.fullmatch(r"bytes=([0-9]+)-", self.headers["Range"] or "")
        if match and self.site.ranges:
            start = int(match[1])
            if start >= len(body):
                self.head(416, 0, {"Content-Range": f"bytes */{len(body)}"})
                return
            self.head(206, len(body) - start, {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"})
        else:
            self.head(200, len(body))
        cut = self.site.cuts.pop(0) if self.site.cuts else len(body)
        self.wfile.write(body[start : start + cut])

    def head(self, status, length=None, headers=None):
        """Sends the status line and the headers."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def drip(self, seconds=0.02):
        """Sends a byte now and then until the test is over."""
        while not self.site.closing.is_set():
            self.wfile.write(b"x")
            time.sleep(seconds)

    def log_message(self, *_):
        """Says nothing."""
