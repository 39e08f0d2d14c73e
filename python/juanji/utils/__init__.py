"""Small helpers around training: labels, seeds, names, and the look-up of parts by name."""

from juanji.symbolic.tensor import is_keras_tensor
from juanji.utils.naming import clear_session
from juanji.utils.numerical import normalize, to_categorical
from juanji.utils.py_dataset import PyDataset, Sequence
from juanji.utils.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from juanji.utils.seed import set_random_seed
from juanji.utils.serialization import deserialize_keras_object, serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "is_keras_tensor",
    "normalize",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]
