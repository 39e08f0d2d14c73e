"""Weights of bounded effect."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.initializers import TruncatedNormal
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.wrapper import Wrapper


@registry.register()
class SpectralNormalization(Wrapper):
    """Divides the weights of a layer by their largest singular value, before each call in training.

    The layer then maps inputs to outputs at most as far apart (Miyato et al., *Spectral Normalization for GANs*,
    arXiv:1802.05957). The singular value ``σ = v · W · uᵀ`` is followed by power iteration, ``v ← u · Wᵀ / |u · Wᵀ|``
    and ``u ← v · W / |v · W|``, with W as a matrix of one column for each output channel and u kept between calls.

    Args:
        layer: a layer with a ``kernel`` or ``embeddings``.
        power_iterations: how often u and v are renewed in a call.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a layer without such weights, or less than one iteration.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.SpectralNormalization(layers.Dense(3), power_iterations=50)
        >>> _ = layer(np.ones((1, 4), "float32"), training=True)
        >>> round(float(np.linalg.norm(layer.layer.get_weights()[0], 2)), 4)
        1.0
    """

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = positive_int("SpectralNormalization", "power_iterations", power_iterations)
        self.kernel: Any = None
        self.vector_u: Any = None

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        self.kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if self.kernel is None:
            raise ValueError(
                f"SpectralNormalization {self.name!r}: there is nothing to divide; expected a layer with kernel or "
                f"embeddings, got layer={self.layer!r}."
            )
        self.vector_u = self.add_weight(
            (1, self.kernel.shape[-1]), TruncatedNormal(stddev=0.02), trainable=False, name="vector_u"
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if training:
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """The next vector u, and the weights divided by their singular value; weights of zeros stay."""
        # A gradient is that of the layer at the divided weights, not one through the division.
        kernel, before = ops.stop_gradient(self.kernel), ops.stop_gradient(self.vector_u)
        w = ops.reshape(kernel, (-1, kernel.shape[-1]))
        u = v = before
        for _ in range(self.power_iterations):
            v = _unit(ops.matmul(u, ops.transpose(w)))
            u = _unit(ops.matmul(v, w))
        sigma = ops.matmul(ops.matmul(v, w), ops.transpose(u))
        something = ops.any(ops.not_equal(kernel, 0.0))
        sigma = ops.where(something, ops.reshape(sigma, ()), 1.0)
        return ops.where(something, u, before), ops.divide(kernel, sigma)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.layer.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "power_iterations": self.power_iterations}


def _unit(x: Any) -> Any:
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x)), 1e-24)))
