"""Cutting parts out of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import BaseImagePreprocessingLayer, RandomImageLayer, Shape


class SizedLayer(BaseImagePreprocessingLayer):
    """A layer whose images have a fixed height and width.

    Args:
        height, width: of the result, in pixels.
        kwargs: those of :class:`BaseImagePreprocessingLayer`.
    """

    _moves_pixels = True

    def __init__(self, height: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.height = positive_int(type(self).__name__, "height", height)
        self.width = positive_int(type(self).__name__, "width", width)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if isinstance(input_shape, dict):
            return super().compute_output_shape(input_shape)
        size = (self.height, self.width)
        if self.data_format == "channels_first":
            return (*input_shape[:-2], *size)
        return (*input_shape[:-3], *size, input_shape[-1])

    def _sizes(self, transformation: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        return super()._sizes(transformation)[0], (self.height, self.width)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "height": self.height, "width": self.width}


@registry.register()
class CenterCrop(SizedLayer):
    """Cuts the middle out of images; images that are too small are enlarged first, keeping their proportions.

    It works outside training as well.

    Args:
        height, width: of the result, in pixels.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for sizes that are not positive.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import CenterCrop
        >>> CenterCrop(1, 2)(np.arange(12.0).reshape(3, 4, 1))[..., 0]
        array([[5., 6.]], dtype=float32)
    """

    _waits_for_training = False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(height, width, data_format=data_format, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        return {"input_shape": shape}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        top, left, height, width = self._part(tuple(images.shape[1:3]))
        part = images[:, top : top + height, left : left + width]
        if (height, width) == (self.height, self.width):
            return part
        return ops.image.resize(part, (self.height, self.width), interpolation=interpolation)

    def _part(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, height and width of what is cut out."""
        if size[0] >= self.height and size[1] >= self.width:
            return (size[0] - self.height) // 2, (size[1] - self.width) // 2, self.height, self.width
        return largest_part(size, (self.height, self.width))

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        top, left, height, width = self._part(size)
        corner = np.array([left, top, left, top], self.dtype)
        scale = np.array([self.width / width, self.height / height] * 2, self.dtype)
        return ops.multiply(ops.subtract(boxes, corner), scale)


@registry.register()
class RandomCrop(SizedLayer, RandomImageLayer):
    """Cuts a part out of images in training, at the same random place for all images of a batch.

    Images that are not larger in both directions are cut at the top left to the proportions of the result, and
    resized. Outside training images stay as they are, as in Keras: then use :class:`CenterCrop` on what is predicted.

    Args:
        height, width: of the result, in pixels.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        name: unique in a model; made from the class name by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for sizes that are not positive.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomCrop
        >>> RandomCrop(2, 2, seed=1)(np.zeros((5, 4, 4, 3))).shape
        (5, 2, 2, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, seed=seed, data_format=data_format, name=name, **kwargs)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        size = shape[1:3]
        if size[0] > self.height and size[1] > self.width:
            limits = (size[0] - self.height + 1, size[1] - self.width + 1)
            top, left = (random.randint((), 0, limit, "int64", seed) for limit in limits)
        else:
            top, left = largest_part(size, (self.height, self.width))[:2]
        return top, left, size

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        part = images
        for axis, wanted in ((1, self.height), (2, self.width)):
            begin, count = transformation[axis - 1], min(wanted, images.shape[axis])
            if isinstance(begin, int):
                count = min(count, images.shape[axis] - begin)
            # Added as floats, which recorded steps can do; they hold numbers of pixels exactly.
            places = ops.add(ops.cast(begin, "float64"), np.arange(count, dtype="float64"))
            part = ops.take(part, ops.cast(places, "int64"), axis=axis)
        if tuple(part.shape[1:3]) == (self.height, self.width):
            return part
        return ops.image.resize(part, (self.height, self.width), interpolation=interpolation)

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        top, left = (ops.reshape(ops.cast(begin, self.dtype), (1,)) for begin in transformation[:2])
        moved = ops.subtract(boxes, ops.concatenate([left, top, left, top]))
        height, width = (min(wanted, own) for wanted, own in zip((self.height, self.width), size))
        return ops.multiply(moved, np.array([self.width / width, self.height / height] * 2, self.dtype))

    def _sizes(self, transformation: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        return tuple(transformation[2]), (self.height, self.width)


def largest_part(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the largest part in the middle that has the proportions of `wanted`."""
    height = max(min(size[0], int(size[1] * wanted[0] / wanted[1])), 1)
    width = max(min(size[1], int(size[0] * wanted[1] / wanted[0])), 1)
    return (size[0] - height) // 2, (size[1] - width) // 2, height, width
