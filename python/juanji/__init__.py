"""juanji (卷积): convolutional networks on ordinary CPUs, with Keras' names and a C++ core."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from juanji import _openmp as _openmp  # first: it loads the native module
from juanji import config, ops
from juanji.autograd import GradientTape, Tensor, Variable
from juanji.config import set_num_threads, show_config
from juanji.symbolic import KerasTensor

if TYPE_CHECKING:
    from juanji import (
        activations,
        callbacks,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        random,
        regularizers,
        saving,
        utils,
    )
    from juanji.layers import Input, Layer
    from juanji.models import Model, Sequential
    from juanji.models.profiling import profile

__version__ = "0.1.0"

__all__ = [
    "GradientTape",
    "Input",
    "KerasTensor",
    "Layer",
    "Model",
    "Sequential",
    "Tensor",
    "Variable",
    "activations",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "profile",
    "random",
    "regularizers",
    "saving",
    "set_num_threads",
    "show_config",
    "utils",
]

# Names that are loaded at their first use, so that `import juanji` stays cheap.
_LAZY_CLASSES = {
    "Input": "layers", "Layer": "layers", "Model": "models", "Sequential": "models", "profile": "models.profiling",
}  # fmt: skip
_LAZY_MODULES = frozenset(__all__) - {
    *_LAZY_CLASSES, "GradientTape", "KerasTensor", "Tensor", "Variable", "config", "ops", "set_num_threads",
    "show_config",
}  # fmt: skip


def __getattr__(name: str) -> _Any:
    if name in _LAZY_MODULES:
        return _import_module(f"juanji.{name}")
    if name in _LAZY_CLASSES:
        return getattr(_import_module(f"juanji.{_LAZY_CLASSES[name]}"), name)
    raise AttributeError(f"module 'juanji' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
