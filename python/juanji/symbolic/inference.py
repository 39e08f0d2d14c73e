"""Shapes and types of results, found by running the code on stand-ins.

The code runs twice, with two sizes in the place of every unknown one; sizes of the results that differ between the
runs are unknown too. Where the code can be traced, nothing is computed; else stand-ins are arrays of zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji.autograd import Tensor, open_trace
from juanji.symbolic.structure import flatten, map_structure
from juanji.symbolic.tensor import KerasTensor
from juanji.trace import Trace, TracedTensor

# For an unknown first size (the batch) and any other. The others are divisible by 32, because networks that
# shrink an image and enlarge it again need that.
_RUNS = ((2, 64), (3, 96))


def infer_outputs(function: Callable[..., Any], args: Any, kwargs: Any, traced: bool = True) -> Any:
    """Symbolic results of ``function(*args, **kwargs)``, in the nesting it returns.

    Args:
        function: called with stand-ins in the place of the symbolic tensors.
        args, kwargs: the arguments, with symbolic tensors in them.
        traced: whether tracing is tried; False for code that creates variables.

    Raises:
        ValueError, TypeError: those of the function, with a remark on the sizes it was tried with.
    """
    first, second = _two_runs(function, args, kwargs, traced and open_trace() is None)
    following = iter(flatten(second))

    def merged(y: Any) -> KerasTensor:
        shape = next(following).shape
        if len(shape) != len(y.shape):
            raise ValueError(
                f"{_name(function)}: the rank of the result depends on sizes that are not known; expected the same "
                f"number of axes for any batch, got {y.shape} and {shape}. Give the Input a full shape."
            )
        return KerasTensor([a if a == b else None for a, b in zip(y.shape, shape)], y.dtype, "inferred")

    return map_structure(merged, first)


def _two_runs(function: Callable[..., Any], args: Any, kwargs: Any, traced: bool) -> list[Any]:
    if traced:
        try:
            with Trace(only_shapes=True):
                return [_run(function, args, kwargs, sizes, _without_value) for sizes in _RUNS]
        except Exception:  # code that asks for values, or fails: then with values, and with its own error
            pass
    return [_run(function, args, kwargs, sizes, _zeros) for sizes in _RUNS]


def _without_value(shape: list[int], dtype: str) -> Any:
    return TracedTensor(dtype, tuple(shape))


def _zeros(shape: list[int], dtype: str) -> Any:
    return np.zeros(shape, dtype)


def _run(
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
    sizes: tuple[int, int],
    make: Callable[[list[int], str], Any],
) -> Any:
    def stand_in(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        return make([sizes[i > 0] if size is None else size for i, size in enumerate(x.shape)], x.dtype)

    args, kwargs = map_structure(stand_in, (args, kwargs))
    try:
        with np.errstate(all="ignore"):
            results = function(*args, **kwargs)
    except (ValueError, TypeError) as error:
        raise type(error)(
            f"{error} (Tried with arrays of zeros in the place of symbolic tensors, with {sizes[0]} for an unknown "
            f"batch and {sizes[1]} for other unknown sizes.)"
        ) from error
    if any(y is None for y in flatten(results)):
        raise ValueError(
            f"{_name(function)}: the result is missing; expected arrays or tensors, got None. Return the output."
        )
    return map_structure(lambda y: y if isinstance(y, (Tensor, np.ndarray)) else np.asarray(y), results)


def _name(function: Any) -> str:
    name = getattr(function, "name", None)
    return f"{type(function).__name__} {name!r}" if name else str(getattr(function, "__name__", function))
