"""Steps of sequences that are passed over."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer
from juanji.utils.registry import plain


@registry.register()
class Masking(ElementwiseLayer):
    """Marks the steps whose features all equal a number as missing; recurrent layers behind pass over them.

    Input and output (N, T, ...). The output carries a mask (N, T, ...) without the last axis, and is zero where that
    is False.

    Args:
        mask_value: the number that missing steps are filled with.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> x = np.array([[[1.0, 2.0], [0.0, 0.0]]], "float32")
        >>> layer = layers.Masking()
        >>> layer.compute_mask(x)
        array([[ True, False]])
        >>> layers.GlobalAveragePooling1D()(layer(x))
        array([[1., 2.]], dtype=float32)
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where any feature differs from the number."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        kept = ops.expand_dims(self.compute_mask(inputs), -1)
        return ops.where(kept, inputs, np.zeros((), inputs.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mask_value": plain(self.mask_value)}
