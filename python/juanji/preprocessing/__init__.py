"""Pictures and sequences before training, under keras.preprocessing names; all of it is in juanji.utils too."""

from juanji.preprocessing import image, sequence
from juanji.utils import image_dataset_from_directory, timeseries_dataset_from_array

__all__ = ["image", "image_dataset_from_directory", "sequence", "timeseries_dataset_from_array"]
