"""Small helpers around training: labels, seeds, names, and the look-up of parts by name."""

from juanji.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from juanji.symbolic.tensor import is_keras_tensor
from juanji.utils import bounding_boxes
from juanji.utils.config_object import Config
from juanji.utils.data import (
    pack_x_y_sample_weight,
    pad_sequences,
    split_dataset,
    timeseries_dataset_from_array,
    unpack_x_y_sample_weight,
)
from juanji.utils.element_types import standardize_dtype
from juanji.utils.files import get_file
from juanji.utils.graphs import get_source_inputs, model_to_dot, plot_model
from juanji.utils.image_directory import image_dataset_from_directory
from juanji.utils.images import array_to_img, img_to_array, load_img, save_img
from juanji.utils.naming import clear_session
from juanji.utils.numerical import normalize, to_categorical
from juanji.utils.progbar import Progbar
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
    "Config",
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "bounding_boxes",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]


def __dir__() -> list[str]:
    return __all__
