"""Global settings: default float type, threads, and what this build runs on."""

from __future__ import annotations

from juanji import _core

_floatx = "float32"


def floatx() -> str:
    """The default float type, 'float32' unless :func:`set_floatx` changed it.

    Example:
        >>> import juanji
        >>> juanji.config.floatx()
        'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Sets the default float type of layers and converted data.

    Args:
        value: 'float32' or 'float64'.

    Raises:
        ValueError: for any other type.
    """
    global _floatx
    if value not in ("float32", "float64"):
        raise ValueError(f"set_floatx: unsupported type; expected 'float32' or 'float64', got value={value!r}.")
    _floatx = value


def num_threads() -> int:
    """Threads that operations use."""
    return _core.num_threads()


def set_num_threads(n: int) -> None:
    """Uses ``n`` threads from the next operation on. Results have the same bits for every ``n``."""
    _core.set_num_threads(n)


def show_config() -> None:
    """Prints version, instruction set, threads and why that many, and how 3×3 convolutions are computed.

    Example:
        >>> import juanji
        >>> juanji.show_config()
        juanji ...
    """
    from juanji import __version__

    print(f"juanji {__version__}")
    print(f"instruction set  {_core.active_isa()} (this CPU can run: {', '.join(_core.supported_isas())})")
    openmp = "yes" if _core.openmp_enabled() else "no: built without it, everything runs on one thread"
    print(f"OpenMP           {openmp}")
    print(f"threads          {_core.num_threads()} ({_core.num_threads_reason()})")
    print(f"Winograd         {_core.winograd_use()} (JUANJI_WINOGRAD=0 switches it off)")
