"""Runs Python code in a process of its own: for what a process decides once, or may do to itself."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import juanji

# Where the imported package lies, so that the child takes the same one.
PACKAGE_PARENT = str(Path(juanji.__file__).resolve().parents[1])
SETTINGS = ("JUANJI_ISA", "JUANJI_NUM_THREADS", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def run(code: str, timeout: float = 120, check: bool = True, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs the code; ``settings`` are the only variables of juanji and OpenMP the child sees, beside the forced ISA.

    Raises:
        AssertionError: when the child fails and ``check`` is set; with what it printed.
        subprocess.TimeoutExpired: when it does not end.
    """
    env = {name: value for name, value in os.environ.items() if name not in SETTINGS[1:]}
    env["PYTHONPATH"] = os.pathsep.join([PACKAGE_PARENT, *filter(None, [env.get("PYTHONPATH")])])
    env.update(settings)
    command = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(command, env=env, timeout=timeout, capture_output=True, text=True, check=False)
    if check:
        assert result.returncode == 0, f"exit code {result.returncode}\n{result.stdout}\n{result.stderr}"
    return result
