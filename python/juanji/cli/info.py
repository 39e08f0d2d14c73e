"""``juanji info``."""

from __future__ import annotations

import argparse
import os
import platform

import numpy as np


def run(options: argparse.Namespace) -> int:
    """Prints what this installation runs on and what it finds. Returns the exit code."""
    from juanji import config

    config.show_config()
    print(f"CPU              {_cpu_model()}")
    print(f"memory           {_memory()}")
    print(f"Python, NumPy    {platform.python_version()}, {np.__version__}")
    for line in _cifar10_places():
        print(line)
    return 0


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return "unknown"
    return f"{total / 2**30:.1f} GiB, {free / 2**30:.1f} GiB of it free"


def _cifar10_places() -> list[str]:
    from juanji.datasets._cifar_places import cache_folder, keras_folder, locate

    try:
        found = locate(None) or "not on this machine; `juanji train cifar10` would download it"
    except (OSError, ValueError) as error:
        found = str(error)
    named = os.environ.get("JUANJI_DATA")
    places = ["$JUANJI_DATA"] if named else ["$JUANJI_DATA (not set)", cache_folder(), keras_folder()]
    return [f"CIFAR-10         {found}", f"  looked for in  {', '.join(places)}"]
