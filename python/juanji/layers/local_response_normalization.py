"""Normalisation across neighbouring channels."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer


@registry.register()
class LocalResponseNormalization(ElementwiseLayer):
    """Divides each activation by a power of the sum of squares of its neighbours across channels.

    ``y[c] = x[c] / (k + alpha · Σ x[c']²)^beta``, the sum over the ``size`` channels around c, fewer at the ends
    (Krizhevsky, Sutskever and Hinton, *ImageNet Classification with Deep Convolutional Neural Networks*, 2012, section
    3.3, whose numbers are the defaults). Keras has no such layer; in other libraries alpha may be divided by ``size``.
    Channels last, any number of axes; the shape stays.

    Args:
        size: channels that are summed over.
        alpha: factor of the sum.
        beta: the power.
        k: added to the sum, above 0.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a size below 1, or k that is not above 0.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layers.LocalResponseNormalization(size=3, alpha=1.0, beta=1.0, k=1.0)(np.ones((1, 4), "float32"))
        array([[0.3333..., 0.25     , 0.25     , 0.3333...]], dtype=float32)
    """

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = positive_int("LocalResponseNormalization", "size", size)
        if not k > 0:
            raise ValueError(
                f"LocalResponseNormalization: k is out of range; expected a number above 0, got k={k!r}. It keeps the "
                "divisor from being 0."
            )
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def call(self, inputs: Any) -> Any:
        return local_response_normalization(inputs, self.size, self.alpha, self.beta, self.k)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "alpha": self.alpha, "beta": self.beta, "k": self.k}


def local_response_normalization(x: Any, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0) -> Any:
    """:class:`LocalResponseNormalization` as a function.

    Args:
        x: (..., C), float32 or float64.
        size, alpha, beta, k: those of the layer.

    Example:
        >>> import numpy as np
        >>> local_response_normalization(np.full((1, 3), 2.0), size=1, alpha=1.0, beta=0.5, k=5.0)
        array([[0.66666667, 0.66666667, 0.66666667]])
    """
    channels = x.shape[-1]
    before = (size - 1) // 2
    squares = ops.pad(ops.square(x), [(0, 0)] * (x.ndim - 1) + [(before, size - 1 - before)])
    total = squares[..., :channels]
    for i in range(1, size):
        total = ops.add(total, squares[..., i : i + channels])
    return ops.multiply(x, ops.power(ops.add(ops.multiply(total, alpha), k), -beta))
