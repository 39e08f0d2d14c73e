"""Optimizers, under the names of ``keras.optimizers``."""

from typing import Any

from juanji.optimizers import schedules
from juanji.optimizers.adam import Adam, AdamW
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rmsprop import RMSprop
from juanji.optimizers.sgd import SGD

serialize = registry.serialize
deserialize = registry.deserialize


def get(identifier: Any) -> Any:
    """An optimizer from its name, configuration, class, or itself; None stays None.

    Raises:
        ValueError: for an unknown name or anything that is not an optimizer.

    Example:
        >>> get("adam").learning_rate.item()
        0.001
    """
    optimizer = registry.get(identifier)
    if optimizer is None or isinstance(optimizer, Optimizer):
        return optimizer
    raise ValueError(
        "juanji.optimizers.get: not an optimizer; expected a name, a configuration or an Optimizer, got "
        f"identifier={identifier!r}."
    )


__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
