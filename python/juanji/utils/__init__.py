"""Small helpers around training: labels, seeds, names, and the look-up of parts by name."""

from juanji.symbolic.tensor import is_keras_tensor
from juanji.utils.naming import clear_session
from juanji.utils.numerical import normalize, to_categorical
from juanji.utils.py_dataset import PyDataset, Sequence
from juanji.utils.seed import set_random_seed

__all__ = [
    "PyDataset",
    "Sequence",
    "clear_session",
    "is_keras_tensor",
    "normalize",
    "set_random_seed",
    "to_categorical",
]
