"""Optimizers, under the names of ``keras.optimizers``."""

from typing import Any

from juanji.optimizers import schedules
from juanji.optimizers.adafactor import Adafactor
from juanji.optimizers.adagrad import Adadelta, Adagrad
from juanji.optimizers.adam import Adam, AdamW
from juanji.optimizers.adam_kin import Adamax, Nadam, ScheduleFreeAdamW
from juanji.optimizers.ftrl import Ftrl
from juanji.optimizers.lamb import Lamb
from juanji.optimizers.lion import Lion
from juanji.optimizers.loss_scale import LossScaleOptimizer
from juanji.optimizers.multi import MultiOptimizer, OptimizerMap
from juanji.optimizers.muon import Muon
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
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def __dir__() -> list[str]:
    return __all__
