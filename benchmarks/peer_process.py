"""A worker process of the comparison, and a conversation with it that cannot hang."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import time
from pathlib import Path
from typing import Any

WORKER = Path(__file__).resolve().parent / "peer_workers" / "worker.py"
SETTLE = 0.3  # seconds between measurements: some thread pools spin for a while after their last work


class PeerError(RuntimeError):
    """The worker ended, or did not answer in time."""


class PeerProcess:
    """One framework in its own process.

    Args:
        name: module ``with_<name>`` of peer_workers.
        interpreter: Python that has the framework installed.
        threads: threads the framework may use.
        seconds: least duration of one measurement.
        timeout: seconds after which an unanswered command ends the worker.
        settings: further environment variables.

    ``error`` is set, and nothing else may be called, when the framework cannot be used.
    """

    def __init__(
        self, name: str, interpreter: str, threads: int, seconds: float, timeout: float, settings: dict[str, str]
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.error = ""
        self.description: dict[str, Any] = {}
        self._pending = b""
        env = {**os.environ, "OMP_NUM_THREADS": str(threads), **settings}
        command = [interpreter, str(WORKER), name, str(threads), str(seconds)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env
        )
        try:
            self.error = self._read().get("error", "")
            if not self.error:
                self.description = self.ask({"do": "describe"})
        except PeerError as death:
            self.error = str(death)

    def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        """Sends a command and returns the answer, or ``{"error": ...}``."""
        if self._process.poll() is not None:
            return {"error": "the worker has ended"}
        time.sleep(SETTLE)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            return self._read()
        except (PeerError, BrokenPipeError) as death:
            return {"error": str(death)}

    def rate(self, command: dict[str, Any]) -> float:
        """Images a second; raises PeerError when the command fails."""
        reply = self.ask(command)
        if "error" in reply:
            raise PeerError(f"{self.name}: {reply['error']}")
        return float(reply["rate"])

    def processor_seconds(self) -> float:
        """What the worker has used of the processors so far; 0 where the system does not tell."""
        status = Path(f"/proc/{self._process.pid}/stat")
        if not status.exists():
            return 0.0
        fields = status.read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Ends the worker: by the end of its input, or by force if it does not listen."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(5)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _read(self) -> dict[str, Any]:
        """The next line, waiting at most ``timeout`` seconds."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        deadline = time.monotonic() + self.timeout
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self._process.kill()
                    raise PeerError(f"no answer in {self.timeout:.0f} s")
                received = os.read(pipe, 65536)
                if not received:
                    raise PeerError(f"the worker ended with exit code {self._process.wait()}")
                self._pending += received
        text, self._pending = self._pending.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(text)
        return answer
