"""Models, under keras.models names."""

from juanji.models.cloning import clone_model
from juanji.models.model import Model
from juanji.models.sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model"]
