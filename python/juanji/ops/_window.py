"""Arguments that operations with a sliding window share, in the hashable form that native operations take."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from functools import wraps
from typing import Any

from juanji.ops._convert import as_float

Pair = tuple[int, int]
Padding = str | tuple[int, int, int, int]


def pair(op: str, name: str, value: Any) -> Pair:
    """One whole number for both directions, or two of them: (vertical, horizontal).

    Raises:
        ValueError: for anything else.

    Example:
        >>> pair("conv", "strides", 2)
        (2, 2)
    """
    values = _whole_numbers(value)
    if values is not None and len(values) == 1:
        values *= 2
    if values is None or len(values) != 2:
        raise ValueError(
            f"{op}: {name} is not a size; expected one whole number or two (vertical, horizontal), "
            f"got {name}={value!r}."
        )
    return values[0], values[1]


def single(op: str, name: str, value: Any) -> int:
    """One whole number, alone or as the only item of a tuple.

    Raises:
        ValueError: for anything else.

    Example:
        >>> single("conv", "strides", (2,))
        2
    """
    values = _whole_numbers(value)
    if values is None or len(values) != 1:
        raise ValueError(f"{op}: {name} is not a size; expected one whole number, got {name}={value!r}.")
    return values[0]


def padding_argument(op: str, value: Any) -> Padding:
    """'same' or 'valid' in any case, or amounts as four whole numbers or two pairs of them.

    Raises:
        ValueError: for anything else.

    Example:
        >>> padding_argument("conv", ((1, 2), (3, 4)))
        (1, 2, 3, 4)
    """
    if isinstance(value, str):
        if value.lower() in ("same", "valid"):
            return value.lower()
    elif isinstance(value, (tuple, list)):
        parts = [part for item in value for part in (item if isinstance(item, (tuple, list)) else (item,))]
        amounts = _whole_numbers(tuple(parts))
        if amounts is not None and len(amounts) == 4 and len(value) in (2, 4):
            return amounts[0], amounts[1], amounts[2], amounts[3]
    raise ValueError(
        f"{op}: unknown padding; expected 'same', 'valid', (top, bottom, left, right) or "
        f"((top, bottom), (left, right)), got padding={value!r}."
    )


def with_channels_first(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for operations on images: with data_format='channels_first' channels are moved to the end and back."""
    at = list(inspect.signature(function).parameters).index("data_format")

    @wraps(function)
    def wrapper(inputs: Any, *args: Any, **kwargs: Any) -> Any:
        data_format = args[at - 1] if len(args) >= at else kwargs.get("data_format")
        if data_format in (None, "channels_last"):
            return function(inputs, *args, **kwargs)
        if data_format != "channels_first":
            raise ValueError(
                f"{function.__name__}: unknown data format; expected 'channels_last' (images as N,H,W,C) or "
                f"'channels_first', got data_format={data_format!r}."
            )
        if len(args) >= at:
            args = (*args[: at - 1], None, *args[at:])
        else:
            kwargs = {**kwargs, "data_format": None}
        from juanji import ops

        x = as_float(inputs)
        if len(x.shape) < 3:
            return function(x, *args, **kwargs)  # refuses it
        return ops.moveaxis(function(ops.moveaxis(x, 1, -1), *args, **kwargs), -1, 1)

    return wrapper


def _whole_numbers(value: Any) -> tuple[int, ...] | None:
    items = value if isinstance(value, (tuple, list)) else (value,)
    try:
        numbers = tuple(operator.index(item) for item in items)
    except TypeError:
        return None
    # native operations tell what is out of range, but take 64 bits only
    return numbers if all(-(2**63) <= n < 2**63 for n in numbers) else None
