"""Shapes and types of results, found by running the code on stand-ins.

The code runs twice, with two sizes in the place of every unknown one; sizes of the results that differ between the
runs are unknown too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from juanji.autograd import Tensor
from juanji.symbolic.structure import flatten, map_structure
from juanji.symbolic.tensor import KerasTensor

# For an unknown first size (the batch) and any other. The others are divisible by 32, because networks that
# shrink an image and enlarge it again need that.
_RUNS = ((2, 64), (3, 96))


def infer_outputs(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Symbolic results of ``function(*args, **kwargs)``, in the nesting it returns.

    Args:
        function: called with arrays of zeros in the place of the symbolic tensors.
        args, kwargs: the arguments, with symbolic tensors in them.

    Raises:
        ValueError, TypeError: those of the function, with a remark on the sizes it was tried with.
    """
    first, second = (_run(function, args, kwargs, sizes) for sizes in _RUNS)
    shapes = [y.shape for y in flatten(second)]
    following = iter(shapes)

    def merged(y: Any) -> KerasTensor:
        shape = next(following)
        if len(shape) != len(y.shape):
            raise ValueError(
                f"{_name(function)}: the rank of the result depends on sizes that are not known; expected the same "
                f"number of axes for any batch, got {y.shape} and {shape}. Give the Input a full shape."
            )
        return KerasTensor([a if a == b else None for a, b in zip(y.shape, shape)], y.dtype, "inferred")

    return map_structure(merged, first)


def _run(function: Callable[..., Any], args: Any, kwargs: Any, sizes: tuple[int, int]) -> Any:
    def stand_in(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        return np.zeros([sizes[i > 0] if size is None else size for i, size in enumerate(x.shape)], x.dtype)

    args, kwargs = map_structure(stand_in, (args, kwargs))
    try:
        with np.errstate(all="ignore"):
            results = function(*args, **kwargs)
    except (ValueError, TypeError) as error:
        raise type(error)(
            f"{error} (Tried with arrays of zeros in the place of symbolic tensors, with {sizes[0]} for an unknown "
            f"batch and {sizes[1]} for other unknown sizes.)"
        ) from error
    return map_structure(lambda y: y if isinstance(y, (Tensor, np.ndarray)) else np.asarray(y), results)


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))
