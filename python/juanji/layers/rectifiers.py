"""Activations with a slope or a curve below zero."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from juanji import activations, constraints, initializers, ops, regularizers
from juanji.layers._arguments import Shape, known_size
from juanji.layers._kernel_layer import kernel_config
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer
from juanji.ops._shape import normalize_axis
from juanji.utils.arguments import not_negative


@registry.register()
class LeakyReLU(ElementwiseLayer):
    """``x`` where x ≥ 0, ``negative_slope · x`` elsewhere (Maas et al., *Rectifier Nonlinearities*, 2013).

    Args:
        negative_slope: slope below zero, at least 0; older scripts call it ``alpha``, which is taken with a warning.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a negative slope.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import LeakyReLU
        >>> LeakyReLU(0.1)(np.array([-10.0, 3.0], "float32"))
        array([-1.,  3.], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("LeakyReLU: alpha is an old name, as in Keras 3. Write negative_slope.", stacklevel=2)
        super().__init__(**kwargs)
        self.negative_slope = not_negative("LeakyReLU", "negative_slope", negative_slope)

    def call(self, inputs: Any) -> Any:
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "negative_slope": self.negative_slope}


@registry.register()
class ELU(ElementwiseLayer):
    """``x`` where x ≥ 0, ``alpha · (exp(x) - 1)`` elsewhere (Clevert et al., arXiv:1511.07289).

    Args:
        alpha: minus the value far below zero.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ELU
        >>> ELU(2.0)(np.array([-100.0, 3.0], "float32"))
        array([-2.,  3.], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = float(alpha)

    def call(self, inputs: Any) -> Any:
        return activations.elu(inputs, alpha=self.alpha)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "alpha": self.alpha}


@registry.register()
class PReLU(ElementwiseLayer):
    """``x`` where x ≥ 0, ``alpha · x`` elsewhere, with a learned slope (He et al., *Delving Deep*, 2015).

    Args:
        alpha_initializer: of the slopes; zeros by default.
        alpha_regularizer, alpha_constraint: penalty added to the loss; applied after each update.
        shared_axes: axes along which the slope is the same; (1, 2) gives one per channel of an image. Without it,
            every element of a sample has its own.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for axes the input does not have, or sizes that are not known.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import PReLU
        >>> PReLU(alpha_initializer="ones")(np.array([[-3.0, 2.0]])).numpy()
        array([[-3.,  2.]], dtype=float32)
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else list(axes)
        self.alpha: Any = None

    def check_input(self, shape: Shape) -> None:
        if self.built and len(shape) != len(self.alpha.shape) + 1:
            raise ValueError(
                f"PReLU {self.name!r}: wrong rank of the input; expected {len(self.alpha.shape) + 1} axes, got "
                f"shape={tuple(shape)}. The layer was built for another input."
            )

    def build(self, input_shape: Shape) -> None:
        sizes: list[int | None] = list(input_shape)
        for axis in self.shared_axes or ():
            sizes[normalize_axis(f"PReLU {self.name!r}", axis, len(input_shape))] = 1
        if None in sizes[1:]:
            raise ValueError(
                f"PReLU {self.name!r}: a size is not known; expected known sizes of every axis that is not shared, got "
                f"shape={tuple(input_shape)}. Pass shared_axes=(1, 2) for images of any size."
            )
        self.alpha = self.add_weight(
            [known_size(self, (size,), "elements") for size in sizes[1:]],
            self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
            name="alpha",
        )

    def call(self, inputs: Any) -> Any:
        return ops.subtract(ops.relu(inputs), ops.multiply(self.alpha, ops.relu(ops.negative(inputs))))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **kernel_config("alpha", self.alpha_initializer, self.alpha_regularizer, self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }
