"""Random chains of changes to images.

Which changes are made is drawn first, and only those are computed. Since Python has to know, a training step with such
a layer runs operation by operation instead of as one recorded call.
"""

from __future__ import annotations

from typing import Any, ClassVar

from juanji import ops, random
from juanji._gamma import beta_distributed, dirichlet_distributed
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.preprocessing._base import Shape
from juanji.layers.preprocessing._color import ColorLayer
from juanji.layers.preprocessing._factors import Range, choice, factor_range, is_number
from juanji.layers.preprocessing.brightness import RandomBrightness, RandomContrast
from juanji.layers.preprocessing.color import RandomColorDegeneration
from juanji.layers.preprocessing.histogram import AutoContrast, Equalization
from juanji.layers.preprocessing.moving import RandomRotation, RandomTranslation
from juanji.layers.preprocessing.posterization import RandomPosterization
from juanji.layers.preprocessing.sharpness import RandomSharpness
from juanji.layers.preprocessing.tones import Solarization
from juanji.layers.preprocessing.zoom import RandomShear


class _Chain(ColorLayer):
    """A layer that chooses among other ones.

    Args:
        factor: how strong their changes are.
        interpolation: 'nearest' or 'bilinear'.
        kwargs: those of :class:`ColorLayer`.
    """

    _moves_pixels = True

    def __init__(self, factor: Any, interpolation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.factor = factor_range(owner, "factor", factor, low=0)
        self.interpolation = choice(owner, "interpolation", interpolation, ("nearest", "bilinear"))
        self._changes = self._made(self.factor)

    def _made(self, factor: Range) -> dict[str, Any]:
        """The layers that are chosen from, by name."""
        form: dict[str, Any] = {"dtype": self.dtype, "bounding_box_format": self.bounding_box_format}
        moving = {**form, "interpolation": self.interpolation}
        colors = {**form, "value_range": self.value_range}
        return {
            "random_shear": RandomShear(factor, factor, **moving),
            "random_translation": RandomTranslation(factor, factor, **moving),
            "random_rotation": RandomRotation(factor, **moving),
            "random_brightness": RandomBrightness(factor, **colors),
            "random_color_degeneration": RandomColorDegeneration(factor, **colors),
            "random_contrast": RandomContrast(factor, **colors),
            "random_sharpness": RandomSharpness(factor, **colors),
            "random_posterization": RandomPosterization(max(1, int(8 * factor[1])), **colors),
            "solarization": Solarization(factor, factor, **colors),
            "auto_contrast": AutoContrast(**colors),
            "equalization": Equalization(**colors),
        }

    def _chosen(self, count: int, names: list[Any], seed: Any) -> list[Any]:
        """``count`` of the names, drawn at random."""
        drawn = random.randint((count,), 0, len(names), "int64", seed)
        return [names[k] for k in ops.convert_to_numpy(drawn).tolist()]

    def _drawn_for(self, names: list[str], shape: Shape, seed: Any) -> list[tuple[str, Any]]:
        return [(name, self._changes[name]._draw(shape, seed)) for name in names]

    def _applied(self, images: Any, steps: list[tuple[str, Any]], interpolation: str) -> Any:
        for name, transformation in steps:
            images = self._changes[name]._transform(images, transformation, interpolation)
        return images

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor, "interpolation": self.interpolation}


@registry.register()
class RandAugment(_Chain):
    """Makes some changes one after the other, chosen at random for a batch (Cubuk et al., *RandAugment*, 2019).

    They are chosen among shearing, translation, rotation, brightness, colour degeneration, contrast, sharpness,
    posterization, solarization, automatic contrast and equalization.

    Args:
        value_range: smallest and largest value of a pixel.
        num_ops: how many changes are made.
        factor: how strong they are: the factor of these layers, two numbers from 0 to 1 or one for 0 to factor.
        interpolation: 'nearest' or 'bilinear'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: bounding_box_format, and those of :class:`Layer`.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RandAugment
        >>> RandAugment(seed=1)(np.full((2, 8, 8, 3), 100.0)).shape
        (2, 8, 8, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, interpolation, value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.num_ops = positive_int("RandAugment", "num_ops", num_ops)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        names = self._chosen(self.num_ops, list(self._changes), seed)
        return {"steps": self._drawn_for(names, shape, seed), "input_shape": shape}

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return self._applied(images, transformation["steps"], interpolation)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any, training: bool = True) -> Any:
        if not training or transformation is None:
            return segmentation_masks
        steps = [step for step in transformation["steps"] if self._changes[step[0]]._moves_pixels]
        masks = self._convert_one(segmentation_masks)
        return self._on_batch(masks, lambda x: self._applied(x, steps, "nearest"))

    def _transform_boxes(self, boxes: Any, transformation: Any, size: tuple[int, int]) -> Any:
        for name, drawn in transformation["steps"]:
            if self._changes[name]._moves_pixels:
                boxes = self._changes[name]._transform_boxes(boxes, drawn, size)
        return boxes

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_ops": self.num_ops}


@registry.register()
class AugMix(_Chain):
    """Mixes images with the results of several random chains of changes (Hendrycks et al., *AugMix*, 2020).

    With weights w of the chains and m, the result is ``m · x + (1 - m) · Σ w_k · chain_k(x)``.

    Args:
        value_range: smallest and largest value of a pixel.
        num_chains: number of chains.
        chain_depth: how many changes a chain has; each is left out now and then.
        factor: how strong they are, two numbers from 0 to 1 or one for 0 to factor.
        alpha: w has the Dirichlet and m the beta distribution of this parameter.
        all_ops: whether to choose brightness, colour degeneration, contrast and sharpness too, besides shearing,
            translation, rotation, solarization, posterization, automatic contrast and equalization.
        interpolation: 'nearest' or 'bilinear'.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        data_format: 'channels_last' (default) or 'channels_first'.
        kwargs: those of :class:`Layer`.

    Labels, masks and boxes stay as they are.

    Raises:
        ValueError: for numbers outside 0 to 1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AugMix
        >>> AugMix(seed=1)(np.full((2, 8, 8, 3), 100.0)).shape
        (2, 8, 8, 3)
    """

    _moves_pixels = False
    _ONLY_IF_ALL: ClassVar[tuple[str, ...]] = (
        "random_brightness",
        "random_color_degeneration",
        "random_contrast",
        "random_sharpness",
    )

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, interpolation, value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.num_chains = positive_int("AugMix", "num_chains", num_chains)
        self.chain_depth = positive_int("AugMix", "chain_depth", chain_depth)
        if not is_number(alpha) or alpha <= 0:
            raise ValueError(f"AugMix: wrong alpha; expected a number above 0, got alpha={alpha!r}. Pass, say, 1.0.")
        self.alpha = alpha
        self.all_ops = bool(all_ops)

    def _draw(self, shape: Shape, seed: Any) -> Any:
        names = [name for name in self._changes if self.all_ops or name not in self._ONLY_IF_ALL]
        chains = []
        for _ in range(self.num_chains):
            chosen = self._chosen(self.chain_depth, [*names, None], seed)
            chains.append(self._drawn_for([name for name in chosen if name is not None], shape, seed))
        return {
            "chain_mixing_weights": dirichlet_distributed(self.num_chains, self.alpha, seed, self.dtype),
            "weight_sample": beta_distributed((), self.alpha, self.alpha, seed, self.dtype),
            "chains": chains,
        }

    def _transform(self, images: Any, transformation: Any, interpolation: str) -> Any:
        mixed = ops.zeros_like(images)
        for k, steps in enumerate(transformation["chains"]):
            changed = self._applied(images, steps, interpolation)
            mixed = ops.add(mixed, ops.multiply(changed, transformation["chain_mixing_weights"][k]))
        own = transformation["weight_sample"]
        return self._clip(ops.add(ops.multiply(images, own), ops.multiply(mixed, ops.subtract(1.0, own))))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_chains": self.num_chains,
            "chain_depth": self.chain_depth,
            "alpha": self.alpha,
            "all_ops": self.all_ops,
        }
