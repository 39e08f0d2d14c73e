"""Pictures as files, as objects of Pillow and as arrays."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import config
from juanji.utils.extras import needed

Array = np.ndarray[Any, Any]

_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}
_FILTERS = {
    "nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "hamming": "HAMMING", "box": "BOX",
    "lanczos": "LANCZOS",
}  # fmt: skip


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Array:
    """A picture as an array of height, width and channels.

    Args:
        img: object of Pillow, or an array.
        data_format: 'channels_last', which is the default.
        dtype: element type; ``config.floatx()`` by default.

    Raises:
        ValueError: for something that is no picture.

    Example:
        >>> import numpy as np
        >>> img_to_array(np.zeros((4, 5), "uint8")).shape
        (4, 5, 1)
    """
    _only_channels_last("img_to_array", data_format)
    array = np.array(img, dtype=dtype or config.floatx())
    if array.ndim not in (2, 3):
        raise ValueError(
            f"img_to_array: no picture; expected 2 or 3 axes, got img of shape={array.shape}. Convert one at a time."
        )
    return array[..., None] if array.ndim == 2 else array


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """An object of Pillow from an array of height, width and 1, 3 or 4 channels.

    Args:
        x: the array.
        data_format: 'channels_last', which is the default.
        scale: whether the smallest value becomes 0 and the largest 255.
        dtype: type of the computation; ``config.floatx()`` by default.

    Raises:
        ValueError: for another shape.
        ImportError: without Pillow.

    Example:
        >>> import numpy as np
        >>> array_to_img(np.zeros((4, 5, 3))).size
        (5, 4)
    """
    image = needed("array_to_img", "PIL.Image", "Pillow")
    _only_channels_last("array_to_img", data_format)
    array = np.asarray(x, dtype=dtype or config.floatx())
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"array_to_img: no picture; expected (height, width, channels) with 1, 3 or 4 channels, got "
            f"x.shape={array.shape}. Convert one picture at a time."
        )
    if scale:
        array = array - array.min()
        largest = array.max()
        array = array * (255.0 / largest) if largest else array
    if array.shape[2] == 1:
        deep = array.size > 0 and array.max() > 255  # more than a byte can hold
        return image.fromarray(array[:, :, 0].astype("int32" if deep else "uint8"))
    return image.fromarray(array.astype("uint8"))


def save_img(
    path: str | os.PathLike[str] | Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Writes an array as a picture.

    Args:
        path: file name or open file.
        x, data_format, scale: as for :func:`array_to_img`.
        file_format: 'png', 'jpeg', ...; by default what the ending of the name says.
        kwargs: passed on to Pillow's ``save``.

    Raises:
        ValueError: for an array that is no picture.
        ImportError: without Pillow.

    Example:
        >>> import io, numpy as np
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((4, 5, 3)), file_format="png")
        >>> load_img(file).size
        (5, 4)
    """
    picture = array_to_img(x, data_format=data_format, scale=scale)
    ending = file_format or (os.path.splitext(os.fspath(path))[1][1:] if isinstance(path, (str, os.PathLike)) else "")
    if picture.mode == "RGBA" and ending.lower() in ("jpg", "jpeg"):
        picture = picture.convert("RGB")  # that format has no transparency
    picture.save(path, format="jpeg" if (file_format or "").lower() == "jpg" else file_format, **kwargs)


def load_img(
    path: str | os.PathLike[str] | Any,
    color_mode: str = "rgb",
    target_size: Sequence[int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Reads a picture as an object of Pillow.

    Args:
        path: file name or open file.
        color_mode: 'rgb', 'rgba' or 'grayscale'.
        target_size: (height, width) to resize to; as the file is by default.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos', 'box' or 'hamming'.
        keep_aspect_ratio: cut out the largest part in the middle with the proportions of ``target_size`` first.

    Raises:
        ValueError: for another mode or interpolation.
        ImportError: without Pillow.
    """
    image = needed("load_img", "PIL.Image", "Pillow")
    if color_mode not in _MODES:
        raise ValueError(f"load_img: unknown colours; expected one of {', '.join(_MODES)}, got {color_mode=!r}.")
    if interpolation not in _FILTERS:
        raise ValueError(f"load_img: unknown filter; expected one of {', '.join(_FILTERS)}, got {interpolation=!r}.")
    if isinstance(path, (str, os.PathLike)):
        with open(path, "rb") as file:
            picture = image.open(file)
            picture.load()
    else:
        picture = image.open(path)
    deep_gray = color_mode == "grayscale" and picture.mode in ("I", "I;16", "L")
    if not deep_gray and picture.mode != _MODES[color_mode]:
        picture = picture.convert(_MODES[color_mode])
    if target_size is None or picture.size == (target_size[1], target_size[0]):
        return picture
    height, width = target_size
    box = _middle(picture.size, width / height) if keep_aspect_ratio else None
    return picture.resize((width, height), getattr(image.Resampling, _FILTERS[interpolation]), box=box)


def _middle(size: tuple[int, int], proportion: float) -> tuple[int, int, int, int]:
    """The largest part of these proportions (width / height) in the middle of a picture: left, top, right, bottom."""
    width, height = size
    inner_height = min(height, int(width / proportion))
    inner_width = min(width, int(height * proportion))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return left, top, left + inner_width, top + inner_height


def _only_channels_last(owner: str, data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"{owner}: unsupported order; expected 'channels_last', got {data_format=!r}. Transpose the array."
        )
