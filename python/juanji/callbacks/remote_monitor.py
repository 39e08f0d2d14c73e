"""Sending the numbers of each epoch to a server."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from juanji.callbacks.base import Callback, Logs

_TIMEOUT = 10.0  # seconds that an epoch may wait for the server


class RemoteMonitor(Callback):
    """Sends the logs of each epoch to a server, as an HTTP POST; a warning tells when it cannot be reached.

    Args:
        root: address of the server.
        path: what is appended to it.
        field: name of the form's field that the JSON text is sent in.
        headers: further HTTP headers.
        send_as_json: send the text as 'application/json' instead of in a form.

    Example:
        >>> from juanji.callbacks import RemoteMonitor
        >>> report = RemoteMonitor(root="http://localhost:9000")
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        from urllib.error import HTTPError
        from urllib.parse import urlencode
        from urllib.request import Request, urlopen

        text = json.dumps({"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        try:
            urlopen(Request(self.root + self.path, body.encode(), headers, method="POST"), timeout=_TIMEOUT).close()
        except HTTPError as error:  # the server was reached
            error.close()
        except (OSError, ValueError) as error:
            warnings.warn(
                f"RemoteMonitor: the server cannot be reached; expected one at {self.root}, got: {error}.",
                stacklevel=2,
            )


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
