"""Operations that NumPy computes: rare ones, which need no kernel and run eagerly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from juanji.ops._operation import GradientRule, NumpyFunction, Operation, Spec

Specs = Callable[[list[Spec]], list[Spec]]


class QuietNumpy(NumpyFunction):
    """A NumPy function that warns of nothing: infinities and NaN are values here as in the native operations.

    Args:
        function: takes arrays, gives one array or a tuple of them.
        specs: types and shapes of the results from those of the inputs, for functions that stand-ins of zeros would
            make fail.
    """

    def __init__(self, function: Callable[..., Any], specs: Specs | None = None) -> None:
        super().__init__(function)
        self._specs = specs

    def __call__(self, *arrays: Any) -> Any:
        with np.errstate(all="ignore"):
            return super().__call__(*arrays)

    def infer(self, specs: list[Spec]) -> list[Spec]:
        return super().infer(specs) if self._specs is None else self._specs(specs)


def by_numpy(
    name: str,
    function: Callable[..., Any],
    gradient: GradientRule | None = None,
    visible_outputs: int = 1,
    specs: Specs | None = None,
) -> Operation:
    """An operation whose arrays and attributes go to a NumPy function.

    Args:
        name: as it appears in messages.
        function: takes the arrays, then the attributes by keyword.
        gradient: the gradient rule; by default the results do not depend on the inputs smoothly, and nothing is
            differentiated through them.
        visible_outputs: how many results the function gives.
        specs: as for :class:`QuietNumpy`.
    """
    operation = Operation(
        name,
        lambda **attributes: QuietNumpy(lambda *arrays: function(*arrays, **attributes), specs),
        visible_outputs=visible_outputs,
    )
    operation.gradient(gradient or no_gradient)
    return operation


def without_gradient(
    name: str, function: Callable[..., Any], visible_outputs: int = 1, specs: Specs | None = None
) -> Operation:
    """Like :func:`by_numpy`, for results whose derivative has no rule here: asking for it is an error."""
    operation = by_numpy(name, function, None, visible_outputs, specs)
    operation.gradient_rule = None
    return operation


def no_gradient(call: Any, *dy: Any) -> Sequence[Any]:
    """The gradient rule of what is constant almost everywhere."""
    return (None,) * len(call.inputs)
