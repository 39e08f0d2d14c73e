"""Files that models are kept in."""

from juanji.saving.weights import load_weights, named_weights, save_weights

__all__ = ["load_weights", "named_weights", "save_weights"]
