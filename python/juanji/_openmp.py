"""Loads the native module, and with it OpenMP, with threads that sleep soon after their work is done.

GNU OpenMP reads its settings once, when it is loaded. Its default lets an idle thread spin for milliseconds, which
takes the core away from whatever it waits for as soon as another process wants it too: on a machine with two cores
and some background load, training ran at a quarter of its speed. A tenth of that bridges the gaps between
operations just as well. OMP_WAIT_POLICY and GOMP_SPINCOUNT of the user take precedence, and the environment
is left as it was.
"""

import os

_SPINS = "8000"  # pauses of a waiting thread, some 100 to 300 microseconds


def _load() -> None:
    decided = any(name in os.environ for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"))
    if not decided:
        os.environ["GOMP_SPINCOUNT"] = _SPINS
    try:
        from juanji import _core  # noqa: F401
    finally:
        if not decided:
            del os.environ["GOMP_SPINCOUNT"]


_load()
