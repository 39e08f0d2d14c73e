"""Checks of what an optimizer is given."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from juanji.autograd import Tensor, Variable
from juanji.utils.arguments import share


def check_counts(
    owner: str,
    use_ema: bool,
    ema_momentum: float,
    ema_overwrite_frequency: int | None,
    gradient_accumulation_steps: int | None,
) -> None:
    """Raises ValueError for settings of averages and accumulated gradients that are out of range."""
    if use_ema:
        share(owner, "ema_momentum", ema_momentum)
        _at_least(owner, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
    _at_least(owner, "gradient_accumulation_steps", gradient_accumulation_steps, 2)


def _at_least(owner: str, name: str, value: Any, least: int) -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if value and not (whole and value >= least):
        raise ValueError(
            f"{owner}: wrong {name}; expected a whole number of at least {least} or None, got {name}={value!r}."
        )


def match(
    owner: str, grads: Sequence[Any], variables: Sequence[Variable], known: Mapping[int, int]
) -> tuple[list[Any], list[Variable]]:
    """Gradients as arrays and their variables, without the pairs whose gradient is None.

    Args:
        owner: class name of the optimizer, for messages.
        grads: one gradient per variable.
        variables: what is to be updated.
        known: the ids of the variables that the optimizer has state for.

    Raises:
        ValueError: for unknown variables, no gradient at all, or shapes that do not match.
    """
    if len(grads) != len(variables):
        raise ValueError(
            f"{owner}.apply: one gradient per variable is needed; expected {len(variables)} gradients, got "
            f"{len(grads)}."
        )
    kept: list[Any] = []
    found: list[Variable] = []
    missing: list[str] = []
    for gradient, variable in zip(grads, variables):
        if id(variable) not in known:
            raise ValueError(
                f"{owner}.apply: unknown variable; expected those it was built with, got {variable.name!r} "
                f"of shape {variable.shape}. Create a new optimizer for other variables."
            )
        if gradient is None:
            missing.append(variable.name)
            continue
        array = gradient if isinstance(gradient, Tensor) else np.asarray(gradient)
        if tuple(array.shape) != variable.shape:
            raise ValueError(
                f"{owner}.apply: gradient of the wrong shape for {variable.name!r}; expected "
                f"{variable.shape}, got {tuple(array.shape)}."
            )
        kept.append(array)
        found.append(variable)
    if not kept:
        raise ValueError(
            f"{owner}.apply: no gradient for any variable; expected at least one, got None for "
            f"{', '.join(missing)}. Compute the loss from the variables while a tape is open."
        )
    if missing:
        warnings.warn(
            f"{owner}.apply: no gradient for {', '.join(missing)}; the loss does not depend on them and they "
            "stay as they are.",
            stacklevel=3,
        )
    return kept, found


def refuse_others(owner: str, arguments: dict[str, Any]) -> None:
    """Raises TypeError for arguments that no optimizer has; ``decay`` of older scripts is passed over, as in Keras."""
    if arguments.pop("decay", None) is not None:
        warnings.warn(
            f"{owner}: decay is without effect, as in Keras 3. Use weight_decay, or a schedule as the learning_rate.",
            stacklevel=4,
        )
    if arguments:
        hint = "The learning rate is learning_rate." if "lr" in arguments else "Check the spelling, or leave it out."
        given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise TypeError(f"{owner}: unknown argument; got {given}. {hint}")
