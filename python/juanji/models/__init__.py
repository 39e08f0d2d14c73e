"""Models, under keras.models names."""

from juanji.models.model import Model
from juanji.models.sequential import Sequential

__all__ = ["Model", "Sequential"]
