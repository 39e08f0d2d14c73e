"""What the figures depend on: processor, cores, commit, load."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def machine() -> dict[str, Any]:
    """Facts to print above every table."""
    cpu = platform.processor() or "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        first = cpuinfo.read_text().split("\n\n")[0]
        fields = {key.strip(): value.strip() for key, _, value in (row.partition(":") for row in first.splitlines())}
        cpu = f"{fields.get('model name')} family {fields.get('cpu family')} model {fields.get('model')}"
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=9"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "commit": commit or "unknown",
        "load": round(os.getloadavg()[0], 2),
    }
