"""Numbers that are others in each run of a recorded step, such as the learning rate and the number of the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji.autograd import Array, open_trace

if TYPE_CHECKING:
    from juanji.trace import TracedTensor


class LiveNumber:
    """A number that is another one in each run of a recorded step, such as the learning rate.

    Args:
        read: gives the number.
    """

    def __init__(self, read: Callable[[], float]) -> None:
        self.read = read

    def tensor(self) -> TracedTensor:
        """The number as a float64 scalar of the open trace."""
        trace = open_trace()
        assert trace is not None
        return trace.feed(lambda: np.array(self.read()), "float64", ())


def live(read: Callable[[], float]) -> float | LiveNumber:
    """The number that ``read`` gives, or, while a trace is open, what asks for it in each run."""
    return read() if open_trace() is None else LiveNumber(read)


def derived(function: Callable[..., float], *numbers: float | LiveNumber) -> float | LiveNumber:
    """A number computed from others, live where one of them is."""

    def read() -> float:
        return function(*(n.read() if isinstance(n, LiveNumber) else n for n in numbers))

    return LiveNumber(read) if any(isinstance(n, LiveNumber) for n in numbers) else read()


def scalar(number: float | LiveNumber, dtype: Any) -> Any:
    """A number as an operand for arrays of this type: a live one is a tensor, rounded as the number would be."""
    if not isinstance(number, LiveNumber):
        return number
    from juanji.ops._convert import cast

    return cast(number.tensor(), dtype)


def live_array(numbers: Sequence[float | LiveNumber]) -> Any:
    """Numbers as a float64 array; a traced tensor when live ones are among them."""

    def read() -> Array:
        return np.array([n.read() if isinstance(n, LiveNumber) else n for n in numbers], np.float64)

    trace = open_trace()
    if trace is None or not any(isinstance(n, LiveNumber) for n in numbers):
        return read()
    return trace.feed(read, "float64", (len(numbers),))
