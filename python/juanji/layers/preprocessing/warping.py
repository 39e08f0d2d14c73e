"""Distorting images: seen from elsewhere, or on rubber."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import RandomImageLayer, Shape, per_image
from juanji.layers.preprocessing._factors import choice, factor_range, value_limits
from juanji.ops.image._transform import homography
from juanji.utils.arguments import share
from juanji.utils.bounding_boxes.formats import around, corners

_INTERPOLATIONS = ("nearest", "bilinear")


@registry.register()
class RandomPerspective(RandomImageLayer):
    """Shows some images as seen from elsewhere: their corners are moved at random.

    Images of one row or column stay as they are.

    Args:
        factor: the probability is drawn between these two numbers from 0 to 1; one number stands for 0 to factor.
        scale: how far the corners move: up to half of this part of their coordinates in either direction.
        interpolation: 'nearest' or 'bilinear'.
        fill_value: what lies outside the image.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1, or an unknown interpolation.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomPerspective
        >>> RandomPerspective(scale=0.5, seed=1)(np.ones((2, 6, 6, 3))).shape
        (2, 6, 6, 3)
    """

    _moves_pixels = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = factor_range("RandomPerspective", "factor", factor, low=0)
        self.scale = share("RandomPerspective", "scale", scale)
        self.interpolation = choice("RandomPerspective", "interpolation", interpolation, _INTERPOLATIONS)
        self.fill_value = fill_value

    def _draw(self, shape: Shape, seed: Any) -> Any:
        count, bottom, right = shape[0], shape[1] - 1, shape[2] - 1
        applies = self._happens(count, self.factor, seed)
        moved = self._uniform((count, 4, 2), (-0.5 * self.scale, 0.5 * self.scale), seed)
        corners = np.array([[[0, 0], [right, 0], [0, bottom], [right, bottom]]], self.dtype)
        start = np.repeat(corners, count, axis=0)
        end = ops.add(start, ops.multiply(moved, start))
        return {"apply_perspective": applies, "start_points": start, "end_points": end, "input_shape": shape}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if min(images.shape[1:3]) == 1:  # the corners are one place
            return images
        moved = ops.image.perspective_transform(
            images,
            transformation["start_points"],
            transformation["end_points"],
            interpolation=interpolation,
            fill_value=self.fill_value,
        )
        return ops.where(per_image(transformation["apply_perspective"]), moved, images)

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        # the homography takes a place of the result to one of the image; a box goes the other way
        there = ops.cast(homography(transformation["end_points"], transformation["start_points"]), self.dtype)
        a, b, c, d, e, f, g, h = (ops.reshape(there[:, k], (-1, 1, 1)) for k in range(8))
        left, top, right, bottom = corners(boxes)
        xs, ys = [], []
        for x, y in ((left, top), (right, top), (left, bottom), (right, bottom)):
            depth = ops.add(ops.add(ops.multiply(x, g), ops.multiply(y, h)), 1.0)
            xs.append(ops.divide(ops.add(ops.add(ops.multiply(x, a), ops.multiply(y, b)), c), depth))
            ys.append(ops.divide(ops.add(ops.add(ops.multiply(x, d), ops.multiply(y, e)), f), depth))
        applies = ops.reshape(transformation["apply_perspective"], (-1, 1, 1))
        return ops.where(applies, around(xs, ys), boxes)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


@registry.register()
class RandomElasticTransform(RandomImageLayer):
    """Moves the pixels of some images by smooth random fields (Simard, Steinkraus and Platt, 2003).

    Args:
        factor: the probability is drawn between these two numbers from 0 to 1; one number stands for 0 to factor.
        scale: how strong the distortion is, drawn for a batch between these two numbers from 0 to 1; one number
            stands for 0 to scale. The strength is a tenth, the smoothness a twentieth of the image's size times this.
        interpolation: 'nearest' or 'bilinear'.
        fill_mode: what lies outside the image: 'constant', 'nearest', 'wrap', 'mirror' or 'reflect'.
        fill_value: for fill_mode='constant'.
        value_range: smallest and largest value of a pixel.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1, an unknown mode, or bounding boxes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandomElasticTransform
        >>> RandomElasticTransform(scale=0.5, seed=1)(np.ones((2, 6, 6, 3))).shape
        (2, 6, 6, 3)
    """

    _moves_pixels = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        owner = "RandomElasticTransform"
        self.factor = factor_range(owner, "factor", factor, low=0)
        self.scale = factor_range(owner, "scale", scale, low=0)
        self.interpolation = choice(owner, "interpolation", interpolation, _INTERPOLATIONS)
        self.fill_mode = choice(owner, "fill_mode", fill_mode, ("constant", "nearest", "wrap", "mirror", "reflect"))
        self.fill_value = fill_value
        self.value_range = value_limits(owner, value_range)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        applies = self._happens(shape[0], self.factor, seed)
        strength = float(ops.convert_to_numpy(self._uniform((), self.scale, seed)))
        # the same field moves an image and its mask
        return {
            "apply_transform": applies,
            "distortion_factor": strength,
            "seed": int(seed.next().sum()),
            "input_shape": shape,
        }

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        strength = float(transformation["distortion_factor"])
        size = images.shape[1:3]
        moved = ops.image.elastic_transform(
            images,
            alpha=max(size) * 0.1 * strength,
            sigma=min(size) * 0.05 * strength,
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            seed=transformation["seed"],
        )
        return ops.clip(ops.where(per_image(transformation["apply_transform"]), moved, images), *self.value_range)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "factor": self.factor,
            "scale": self.scale,
            "interpolation": self.interpolation,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "value_range": self.value_range,
        }
