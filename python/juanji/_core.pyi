"""
Native operations of juanji. Private: use juanji.ops.
"""

from __future__ import annotations

import collections.abc
import typing

@typing.type_check_only
class _NativeType(type): ...

class Operation(metaclass=_NativeType):
    """
    A native operation: attributes fixed, called with arrays.
    """
    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None: ...
    def __call__(self, *args: typing.Any) -> typing.Any:
        """
        Run on NumPy arrays; returns one array or a tuple.
        """
    def infer(
        self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]
    ) -> list[tuple[str, tuple[int, ...]]]:
        """
        (dtype, shape) of each output from the (dtype, shape) of each input.
        """
    @property
    def name(self) -> str: ...

class Relu(Operation):
    """
    (x) -> y = max(0, x)
    """
    def __init__(self) -> None: ...

class ReluGradient(Operation):
    """
    (y, dy) -> dx
    """
    def __init__(self) -> None: ...

def active_isa() -> str:
    """
    Name of the instruction set in use.
    """

def num_threads() -> int:
    """
    Threads used by operations.
    """

def num_threads_reason() -> str:
    """
    Why that many.
    """

def openmp_enabled() -> bool:
    """
    Whether the build can use more than one thread.
    """

def pool_statistics() -> tuple[int, int]:
    """
    (bytes in use, bytes idle) of the buffer pool.
    """

def pool_trim() -> None:
    """
    Give idle pooled memory back to the operating system.
    """

def set_num_threads(n: int) -> None:
    """
    Use n threads from the next operation on.
    """

def supported_isas() -> list[str]:
    """
    Names of the instruction sets this CPU can run, slowest first.
    """
