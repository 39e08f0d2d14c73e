"""Global settings: default float type, threads, and what this build runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from juanji import _core

if TYPE_CHECKING:
    from juanji.dtype_policies import DTypePolicy

_floatx = "float32"
_epsilon = 1e-7
_limits: dict[str, int | None] = {"epochs": None, "steps": None}
_switches = {"interactive_logging": True, "traceback_filtering": False, "flash_attention": False}


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


def backend() -> str:
    """The name of what computes: 'juanji'.

    Example:
        >>> import juanji
        >>> juanji.config.backend()
        'juanji'
    """
    return "juanji"


def set_backend(backend: str) -> None:
    """Accepts 'juanji', and raises ValueError for any other, since there is no other."""
    if backend != "juanji":
        raise ValueError(f"set_backend: no such backend; expected 'juanji', got backend={backend!r}. Leave it out.")


def epsilon() -> float:
    """A small number for scripts that divide or take logarithms, 1e-7 unless :func:`set_epsilon` changed it."""
    return _epsilon


def set_epsilon(value: float) -> None:
    """Sets what :func:`epsilon` gives."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """The order of the axes of images: 'channels_last', which is the only one."""
    return "channels_last"


def set_image_data_format(data_format: str) -> None:
    """Accepts 'channels_last'.

    Raises:
        ValueError: for 'channels_first', and anything else.
    """
    if str(data_format) != "channels_last":
        raise ValueError(
            f"set_image_data_format: unsupported order; expected 'channels_last', got data_format={data_format!r}. "
            "Transpose the images: x.transpose(0, 2, 3, 1)."
        )


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are made without one: that of :func:`floatx`.

    Example:
        >>> import juanji
        >>> juanji.config.dtype_policy().name
        'float32'
    """
    from juanji.dtype_policies import DTypePolicy

    return DTypePolicy(_floatx)


def set_dtype_policy(policy: Any) -> None:
    """Sets the type of layers that are made from here on.

    Args:
        policy: 'float32', 'float64' or a policy of one of them.

    Raises:
        ValueError: for any other; mixed policies are taken with a warning, and mean 'float32'.
    """
    from juanji.dtype_policies import dtype_of

    set_floatx(dtype_of(policy))


def max_epochs() -> int | None:
    """The most epochs that any ``fit`` goes through; None for no limit."""
    return _limits["epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limits the epochs of every ``fit``, to try out a script quickly."""
    _limits["epochs"] = _limit("set_max_epochs", "max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most batches of any epoch, evaluation or prediction; None for no limit."""
    return _limits["steps"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limits the batches of every epoch, to try out a script quickly."""
    _limits["steps"] = _limit("set_max_steps_per_epoch", "max_steps_per_epoch", max_steps_per_epoch)


def _limit(owner: str, name: str, value: int | None) -> int | None:
    if value is not None and (not isinstance(value, int) or value < 1):
        raise ValueError(f"{owner}: not a limit; expected None or a number of at least 1, got {name}={value!r}.")
    return value


def enable_interactive_logging() -> None:
    """Messages and progress are printed."""
    _switches["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Messages go to the logger 'juanji' instead, and no bar is drawn."""
    _switches["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether messages and progress are printed."""
    return _switches["interactive_logging"]


def enable_traceback_filtering() -> None:
    """Accepted for Keras scripts; tracebacks are complete."""
    _switches["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Accepted for Keras scripts; tracebacks are complete."""
    _switches["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """What was asked for last; without effect."""
    return _switches["traceback_filtering"]


def enable_flash_attention() -> None:
    """Accepted for Keras scripts; there is one way to compute attention."""
    _switches["flash_attention"] = True


def disable_flash_attention() -> None:
    """Accepted for Keras scripts; there is one way to compute attention."""
    _switches["flash_attention"] = False


def is_flash_attention_enabled() -> bool:
    """What was asked for last; without effect."""
    return _switches["flash_attention"]


def is_nnx_enabled() -> bool:
    """False: that is a library for another backend."""
    return False


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


__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "num_threads",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
    "set_num_threads",
    "show_config",
]


def __dir__() -> list[str]:
    return __all__
