"""Mixing images, and their labels with them."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji._gamma import beta_distributed
from juanji._orders import random_order
from juanji.layers._registry import registry
from juanji.layers.preprocessing._areas import inside, random_span
from juanji.layers.preprocessing._base import RandomImageLayer, Shape, per_image
from juanji.layers.preprocessing._factors import factor_range, is_number


class _Mixing(RandomImageLayer):
    """Gives every image a partner of its batch, and mixes the labels with the weights of the images."""

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        if not training or transformation is None:
            return labels
        if len(labels.shape) < 2:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: class numbers cannot be mixed; expected one-hot labels (batch, "
                f"classes), got shape={tuple(labels.shape)}. Use juanji.ops.one_hot or utils.to_categorical."
            )
        labels = ops.cast(labels, self.dtype)
        weight = ops.reshape(transformation["mix_weight"], (-1, *(1 for _ in labels.shape[1:])))
        return _mixed(labels, _partners(labels, transformation), weight)


@registry.register()
class MixUp(_Mixing):
    """Weighted means of pairs of images, and of their labels: ``w · x + (1 - w) · x'``.

    Zhang et al., *mixup: Beyond Empirical Risk Minimization*, 2018.

    Args:
        alpha: w has the beta distribution of these two equal parameters; the smaller, the less is mixed.
        data_format: 'channels_last' (default) or 'channels_first'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Labels are one-hot rows, one per image; boxes of both images are kept.

    Raises:
        ValueError: for a parameter that is not above 0.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import MixUp
        >>> data = {"images": np.zeros((4, 2, 2, 1)), "labels": np.eye(4, dtype="float32")}
        >>> MixUp(seed=1)(data)["labels"].sum(axis=1).round(3)
        array([1., 1., 1., 1.], dtype=float32)
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, seed=seed, **kwargs)
        if not is_number(alpha) or alpha <= 0:
            raise ValueError(f"MixUp: wrong alpha; expected a number above 0, got alpha={alpha!r}. Pass, say, 0.2.")
        self.alpha = alpha

    def _draw(self, shape: Shape, seed: Any) -> Any:
        order = random_order(shape[0], seed)
        return {
            "mix_weight": beta_distributed((shape[0],), self.alpha, self.alpha, seed, self.dtype),
            "permutation_order": order,
        }

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return _mixed(images, _partners(images, transformation), per_image(transformation["mix_weight"]))

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any, training: bool = True) -> Any:
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        if not training or transformation is None:
            return bounding_boxes
        both = {}
        for key in ("boxes", "labels"):
            own = bounding_boxes[key]
            both[key] = ops.concatenate([own, _partners(own, transformation)], axis=1)
        return {**bounding_boxes, **both}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


@registry.register()
class CutMix(_Mixing):
    """Puts a rectangle of another image of the batch into each image, and mixes their labels by area.

    Yun et al., *CutMix: Regularization Strategy to Train Strong Classifiers*, 2019. The share of the area has a beta
    distribution of two equal parameters. One image alone stays as it is.

    Args:
        factor: these parameters are drawn between the two numbers from 0 to 1; one number stands for 0 to factor.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1, or bounding boxes.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import CutMix
        >>> data = {"images": np.zeros((4, 2, 2, 1)), "labels": np.eye(4, dtype="float32")}
        >>> CutMix(seed=1)(data)["labels"].sum(axis=1).round(3)
        array([1., 1., 1., 1.], dtype=float32)
    """

    _moves_pixels = True

    def __init__(
        self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, seed=seed, **kwargs)
        self.factor = factor_range("CutMix", "factor", factor, low=0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        images = data["images"] if isinstance(data, dict) else data
        if len(images.shape) == 3:
            return None
        return super().get_random_transformation(data, training, seed)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        count, height, width = shape[:3]
        alpha = ops.add(self._uniform((), self.factor, seed), 1e-6)
        share = ops.sqrt(ops.subtract(1.0, beta_distributed((count,), alpha, alpha, seed, self.dtype)))
        xs = random_span(width, share, seed, self.dtype)
        ys = random_span(height, share, seed, self.dtype)
        area = ops.multiply(ops.subtract(xs[1], xs[0]), ops.subtract(ys[1], ys[0]))
        return {
            "permutation_order": random_order(count, seed),
            "batch_masks": inside(height, width, xs, ys, self.dtype),
            "mix_weight": ops.subtract(1.0, ops.divide(area, float(height * width))),
            "input_shape": shape,
        }

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.where(transformation["batch_masks"], _partners(images, transformation), images)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


def _partners(x: Any, transformation: Any) -> Any:
    return ops.take(x, transformation["permutation_order"], axis=0)


def _mixed(x: Any, partners: Any, weight: Any) -> Any:
    return ops.add(ops.multiply(x, weight), ops.multiply(partners, ops.subtract(1.0, weight)))
