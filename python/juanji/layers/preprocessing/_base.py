"""What layers that change images have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from juanji import ops, random
from juanji.layers.preprocessing._inputs import ImageInputs, each_array
from juanji.utils.bounding_boxes.formats import clip_to_image_size, convert_format

Shape = tuple[Any, ...]


class BaseImagePreprocessingLayer(ImageInputs):
    """Changes images: one (height, width, channels), a batch of them, or a dictionary with what belongs to them.

    The dictionary has the entry 'images' and may have 'labels' (one row per image), 'segmentation_masks' (images of
    class numbers) and 'bounding_boxes' ({'boxes': (batch, boxes, 4), 'labels': (batch, boxes)}); all of them are
    changed by the same transformation. Pixels become floats of the layer's dtype.

    A layer draws its random numbers in :meth:`get_random_transformation` and applies them in the ``transform``
    methods. Inside a model it works in training only; called alone it works unless ``training=False`` is given.

    To write one, override :meth:`_transform`, and :meth:`_draw` for what is random; both see batches
    (batch, height, width, channels).

    Args:
        data_format: 'channels_last' (default) or 'channels_first'.
        bounding_box_format: 'xyxy', 'yxyx', 'xywh', 'center_xywh', 'center_yxhw', or one of them behind 'rel_'
            (coordinates from 0 to 1).
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for other than one image or a batch of them, or bounding boxes without a format.
    """

    interpolation: str = "bilinear"
    _moves_pixels: ClassVar[bool] = False  # whether masks and boxes are changed as well
    _waits_for_training: ClassVar[bool] = True

    def call(self, data: Any, training: bool | None = True) -> Any:
        training = training is None or bool(training)
        transformation = self.get_random_transformation(data, training=training)
        if not isinstance(data, dict):
            return self.transform_images(data, transformation, training)
        batched = len(data["images"].shape) == 4
        changed = {**data, "images": self.transform_images(data["images"], transformation, training)}
        for key, transform in (
            ("bounding_boxes", self.transform_bounding_boxes),
            ("labels", self.transform_labels),
            ("segmentation_masks", self.transform_segmentation_masks),
        ):
            if key not in data:
                continue
            part = data[key] if batched else each_array(lambda x: ops.expand_dims(x, 0), data[key])
            part = transform(part, transformation, training)
            changed[key] = part if batched else each_array(lambda x: ops.squeeze(x, 0), part)
        return changed

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What is to be done to these images.

        Args:
            data: images, or a dictionary with them; only their shape counts.
            training: without it, nothing is to be done.
            seed: integer or SeedGenerator; the layer's own generator by default.

        Returns:
            What the ``transform`` methods take; None when nothing is drawn.
        """
        images = data["images"] if isinstance(data, dict) else data
        shape = tuple(images.shape)
        shape = shape if len(shape) == 4 else (1, *shape)
        if self.data_format == "channels_first":
            shape = (shape[0], *shape[2:], shape[1])
        if training or not self._waits_for_training:
            return self._draw(shape, random.SeedGenerator(int(seed)) if isinstance(seed, (int, np.integer)) else seed)
        return None

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """The images after a transformation that :meth:`get_random_transformation` gave."""
        images = self._convert_one(images)
        if self._waits_for_training and not training:
            return images
        return self._on_batch(images, lambda x: self._transform(x, transformation, self.interpolation))

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """The labels of a batch of images after their transformation."""
        return labels

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any, training: bool = True) -> Any:
        """Images of class numbers, moved as the images are; no values between two classes come up."""
        if not self._moves_pixels or (self._waits_for_training and not training):
            return segmentation_masks
        masks = self._convert_one(segmentation_masks)
        return self._on_batch(masks, lambda x: self._transform(x, transformation, "nearest"))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """Boxes and their labels, moved as the images are; boxes that are left without area get the label -1."""
        if not self._moves_pixels or transformation is None or (self._waits_for_training and not training):
            return bounding_boxes
        before, after = self._sizes(transformation)
        form = self.bounding_box_format or "xyxy"
        boxes = convert_format(bounding_boxes["boxes"], form, "xyxy", *before, dtype=self.dtype)
        moved = {**bounding_boxes, "boxes": self._transform_boxes(boxes, transformation, before)}
        return convert_format(clip_to_image_size(moved, *after), "xyxy", form, *after, dtype=self.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if isinstance(input_shape, dict):
            return {**input_shape, "images": self.compute_output_shape(input_shape["images"])}
        return tuple(input_shape)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        """The random numbers for a batch of this shape (batch, height, width, channels)."""
        return None

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        """A batch (batch, height, width, channels) of floats after the transformation."""
        return images

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        """Boxes 'xyxy' after the transformation of images of this height and width."""
        raise ValueError(
            f"{type(self).__name__} {self.name!r}: boxes cannot follow this transformation; expected images, labels "
            "and masks, got bounding_boxes. Leave them out, or use another layer."
        )

    def _sizes(self, transformation: Any) -> tuple[tuple[int, int], tuple[int, int]]:
        """Height and width of the images before and after the transformation."""
        size = tuple(transformation["input_shape"][-3:-1])
        return size, size


class RandomImageLayer(BaseImagePreprocessingLayer):
    """A layer that changes images at random, each by its own numbers.

    Args:
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`BaseImagePreprocessingLayer`.
    """

    def __init__(self, *, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = random.SeedGenerator(seed)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        return super().transform_images(images, transformation, training and transformation is not None)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any, training: bool = True) -> Any:
        training = training and transformation is not None
        return super().transform_segmentation_masks(segmentation_masks, transformation, training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        return super().get_random_transformation(data, training, self.generator if seed is None else seed)

    def _uniform(self, shape: Shape, bounds: tuple[float, float], seed: Any) -> Any:
        return random.uniform(shape, bounds[0], bounds[1], dtype=self.dtype, seed=seed)

    def _happens(self, count: int, chance: tuple[float, float], seed: Any) -> Any:
        """For each of ``count`` images whether something is done to it, with a chance that is itself drawn."""
        wanted = self._uniform((count,), chance, seed)
        return ops.less(self._uniform((count,), (0.0, 1.0), seed), wanted)


def per_image(x: Any) -> Any:
    """One number for each image, as something that spreads over the batch."""
    return ops.reshape(x, (-1, 1, 1, 1))
