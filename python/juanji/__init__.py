"""juanji (卷积): convolutional networks on ordinary CPUs, with Keras' names and a C++ core."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from juanji import config
from juanji.autograd import GradientTape, Tensor, Variable
from juanji.config import set_num_threads, show_config
from juanji.stateless import StatelessScope
from juanji.symbolic import KerasTensor

if TYPE_CHECKING:
    from juanji import (
        activations,
        backend,
        callbacks,
        constraints,
        datasets,
        dtype_policies,
        initializers,
        layers,
        losses,
        metrics,
        mixed_precision,
        models,
        ops,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        tree,
        utils,
    )
    from juanji.dtype_policies import DTypePolicy, FloatDTypePolicy
    from juanji.initializers import Initializer
    from juanji.layers import Input, InputSpec, Layer
    from juanji.losses import Loss
    from juanji.metrics import Metric
    from juanji.models import Model, Sequential
    from juanji.models.function import Function
    from juanji.models.profiling import profile
    from juanji.optimizers import Optimizer
    from juanji.regularizers import Regularizer
    from juanji.scopes import device, name_scope, remat

__version__ = "0.1.0"

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "StatelessScope",
    "Tensor",
    "Variable",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "device",
    "dtype_policies",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "profile",
    "random",
    "regularizers",
    "remat",
    "saving",
    "set_num_threads",
    "show_config",
    "tree",
    "utils",
    "version",
]

# Names that are loaded at their first use, so that `import juanji` stays cheap.
_LAZY_CLASSES = {
    "DTypePolicy": "dtype_policies", "FloatDTypePolicy": "dtype_policies", "Function": "models.function",
    "Initializer": "initializers",
    "Input": "layers", "InputSpec": "layers", "Layer": "layers", "Loss": "losses", "Metric": "metrics",
    "Model": "models", "Optimizer": "optimizers", "Regularizer": "regularizers", "Sequential": "models",
    "device": "scopes", "name_scope": "scopes", "profile": "models.profiling", "remat": "scopes",
}  # fmt: skip
_LAZY_MODULES = frozenset(__all__) - {
    *_LAZY_CLASSES, "GradientTape", "KerasTensor", "StatelessScope", "Tensor", "Variable", "config", "set_num_threads",
    "show_config", "version",
}  # fmt: skip


def version() -> str:
    """The version of this library.

    Example:
        >>> import juanji
        >>> juanji.version() == juanji.__version__
        True
    """
    return __version__


def __getattr__(name: str) -> _Any:
    if name in _LAZY_MODULES:
        return _import_module(f"juanji.{name}")
    if name in _LAZY_CLASSES:
        return getattr(_import_module(f"juanji.{_LAZY_CLASSES[name]}"), name)
    raise AttributeError(f"module 'juanji' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
