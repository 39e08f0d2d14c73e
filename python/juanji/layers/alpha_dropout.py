"""Dropout for self-normalising networks."""

from __future__ import annotations

from typing import Any

from juanji import ops, random
from juanji.layers._registry import registry
from juanji.layers.dropout import Dropout

# λ and α of the activation selu
_SCALE = 1.0507009873554805
_ALPHA = 1.6732632423543772


@registry.register()
class AlphaDropout(Dropout):
    """In training, sets a random part of the input to the least value of ``selu``, and keeps mean and variance.

    For inputs of mean 0 and variance 1, as the activation ``selu`` gives them (Klambauer et al., *Self-Normalizing
    Neural Networks*, arXiv:1706.02515): ``y = a · (x where kept, else -λα) + b``. The shape stays.

    Args:
        rate: part that is replaced, from 0 to 1.
        noise_shape: shape of the mask, with 1 where an axis shares it and None for the input's size.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for a rate outside 0..1.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AlphaDropout
        >>> AlphaDropout(0.5)(np.ones(3, "float32"))
        array([1., 1., 1.], dtype=float32)
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training or self.rate == 0:
            return inputs
        shape = tuple(n if m is None else m for n, m in zip(inputs.shape, self.noise_shape or (None,) * inputs.ndim))
        least = -_ALPHA * _SCALE
        a = ((1 - self.rate) * (1 + self.rate * least**2)) ** -0.5 if self.rate < 1 else 0.0
        b = -a * least * self.rate
        drawn = random.uniform(shape, dtype=inputs.dtype, seed=self._generator)
        kept = ops.cast(ops.greater_equal(drawn, self.rate), inputs.dtype)
        replaced = ops.add(ops.multiply(inputs, kept), ops.multiply(ops.subtract(1.0, kept), least))
        return ops.add(ops.multiply(replaced, a), b)
