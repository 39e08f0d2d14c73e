"""Normalisation to length 1, and by the root mean square."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._normalized_axes import axis_size, check_axes, known_axis_size, ordered_axes, require_sizes
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer


@registry.register()
class UnitNormalization(ElementwiseLayer):
    """Divides by the length along axes: ``y = x / max(sqrt(Σ x²), 1e-12)``. The shape stays.

    Args:
        axis: one or several axes; the last by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for an axis that the input does not have.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import UnitNormalization
        >>> UnitNormalization()(np.array([[3.0, 4.0]], "float32"))
        array([[0.6, 0.8]], dtype=float32)
    """

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = check_axes("UnitNormalization", axis, several=True)

    def check_input(self, shape: Shape) -> None:
        for axis in self.axis:
            axis_size(self, shape, axis)

    def call(self, inputs: Any) -> Any:
        return ops.normalize(inputs, self.axis, order=2, epsilon=1e-12)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis)}


@registry.register()
class RMSNormalization(ElementwiseLayer):
    """Divides by the root of the mean square along axes, then scales by learned numbers.

    ``y = x / sqrt(mean(x²) + epsilon) · scale`` (Zhang and Sennrich, *Root Mean Square Layer Normalization*, 2019). The
    shape stays; scale has the sizes of the axes.

    Args:
        axis: one or several axes; the last by default.
        epsilon: added to the mean square.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for an axis that the input does not have.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import RMSNormalization
        >>> RMSNormalization(epsilon=0.0)(np.array([[3.0, -3.0]], "float32")).numpy()
        array([[ 1., -1.]], dtype=float32)
    """

    supports_masking = False  # as in Keras

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = check_axes("RMSNormalization", axis, several=True)
        self.epsilon = float(epsilon)
        self.scale: Any = None

    def check_input(self, shape: Shape) -> None:
        sizes = [axis_size(self, shape, a) for a in self.axis]
        if self.built:
            require_sizes(self, shape, sizes, self.scale)

    def build(self, input_shape: Shape) -> None:
        self.axis = ordered_axes(self.axis, len(input_shape))
        self.scale = self.add_weight([known_axis_size(self, input_shape, a) for a in self.axis], "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        return ops.rms_normalization(inputs, self.scale, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": list(self.axis), "epsilon": self.epsilon}
