"""What attention layers with several heads share: projections, masks, and the attention itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from juanji import constraints, initializers, ops, random, regularizers
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._kernel_layer import kernel_config, or_none
from juanji.layers.activation import softmax_of_kept
from juanji.layers.einsum_dense import EinsumDense
from juanji.layers.layer import Layer


class HeadedAttention(Layer):
    """Projects query, key and value, attends, and projects back; subclasses say how (:meth:`build`, :meth:`call`)."""

    supports_masking = True
    _takes_one_array = True
    _query_dense: Any = None
    _key_dense: Any = None
    _value_dense: Any = None
    _gate_dense: Any = None
    _output_dense: Any = None

    def __init__(
        self,
        *,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        kernel: tuple[Any, Any, Any],
        bias: tuple[Any, Any, Any],
        activity_regularizer: Any,
        use_gate: bool,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._projections_penalty = regularizers.get(activity_regularizer)
        owner = type(self).__name__
        self.dropout = dropout
        self.use_bias = bool(use_bias)
        self.use_gate = bool(use_gate)
        self.sliding_window = None if sliding_window is None else positive_int(owner, "sliding_window", sliding_window)
        self.kernel_initializer = initializers.get(kernel[0])
        self.kernel_regularizer = regularizers.get(kernel[1])
        self.kernel_constraint = constraints.get(kernel[2])
        self.bias_initializer = initializers.get(bias[0])
        self.bias_regularizer = regularizers.get(bias[1])
        self.bias_constraint = constraints.get(bias[2])
        self.seed = seed
        self._generator = random.SeedGenerator(seed)
        self._flash_attention = bool(flash_attention)
        if self._flash_attention and dropout > 0:
            raise ValueError(
                f"{owner}: flash attention has no dropout; expected dropout=0, got dropout={dropout}. Leave one out."
            )

    def _projection(self, name: str, equation: str, output_shape: Any, bias_axes: str, **kwargs: Any) -> EinsumDense:
        dense = EinsumDense(
            equation,
            output_shape,
            bias_axes=bias_axes if self.use_bias else None,
            kernel_initializer=_renewed(self.kernel_initializer),
            bias_initializer=_renewed(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._projections_penalty,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype,
            name=name,
            **kwargs,
        )
        dense.supports_masking = True  # masks are part of the attention
        return dense

    def _joined_mask(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any, causal: bool
    ) -> Any:
        """Where queries attend to values, to be broadcast to (N, T, S); None for everywhere."""
        masks = [] if attention_mask is None else [ops.cast(attention_mask, bool)]
        if query_mask is not None:
            masks.append(ops.expand_dims(ops.cast(query_mask, bool), -1))
        masks += [ops.expand_dims(ops.cast(m, bool), -2) for m in (value_mask, key_mask) if m is not None]
        queries, values = np.arange(query.shape[1])[:, np.newaxis], np.arange(value.shape[1])
        if causal:
            masks.append((queries >= values)[np.newaxis])
        if self.sliding_window is not None:
            masks.append((abs(queries - values) < self.sliding_window)[np.newaxis])
        joined = None
        for mask in masks:
            joined = mask if joined is None else ops.logical_and(joined, mask)
        return joined

    def _attend(
        self, query: Any, key: Any, value: Any, mask: Any, training: bool | None, return_scores: bool
    ) -> tuple[Any, Any]:
        """Attention of (N, T, heads, size) and (N, S, heads, size); the output, and the scores where they are made."""
        if self._flash_attention and return_scores:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: flash attention does not give scores; expected "
                "return_attention_scores=False, got True. Leave flash_attention out."
            )
        scale = 1.0 / math.sqrt(query.shape[-1])
        if not self.dropout and not return_scores:
            if mask is not None and mask.ndim == 3:
                mask = ops.expand_dims(mask, 1)
            return ops.dot_product_attention(query, key, value, mask=mask, scale=scale), None
        equations = "bsnh,btnh->bnts", "bnts,bsnh->btnh"
        return self._scored(ops.multiply(query, scale), key, value, mask, training, equations, 1)

    def _scored(
        self, query: Any, key: Any, value: Any, mask: Any, training: bool | None, equations: tuple[str, str], axes: int
    ) -> tuple[Any, Any]:
        """Attention by way of its scores: their softmax over the last ``axes``, with dropout.

        Args:
            query, key, value: projected; the query scaled.
            mask: where queries attend, without axes such as that of the heads; None for everywhere.
            training: whether there is dropout.
            equations: of the scores from key and query, and of the output from scores and value.
            axes: number of axes that are attended over.
        """
        scores = ops.einsum(equations[0], key, query)
        while mask is not None and mask.ndim < scores.ndim:
            mask = ops.expand_dims(mask, max(mask.ndim - 2 * axes, 0))
        scores = softmax_of_kept(scores, mask, tuple(range(-axes, 0)))
        kept = random.dropout(scores, self.dropout, seed=self._generator) if training and self.dropout else scores
        return ops.einsum(equations[1], kept, value), scores

    def _shared_config(self) -> dict[str, Any]:
        return {
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "sliding_window": self.sliding_window,
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
            **kernel_config("bias", self.bias_initializer, self.bias_regularizer, self.bias_constraint),
            "activity_regularizer": or_none(regularizers, self._projections_penalty),
            "seed": self.seed,
        }


def key_shape_of(layer: Layer, value_shape: Shape, key_shape: Shape | None) -> Shape:
    """The shape of the key, which has as many steps as the value; that of the value by default."""
    if key_shape is None:
        return value_shape
    if tuple(key_shape[1:-1]) != tuple(value_shape[1:-1]):
        raise ValueError(
            f"{type(layer).__name__} {layer.name!r}: key and value do not fit each other; expected equal sizes but for "
            f"the last axis, got value_shape={tuple(value_shape)} and key_shape={tuple(key_shape)}."
        )
    return key_shape


def _renewed(initializer: Any) -> Any:
    """An initializer with the same arguments; one without a seed draws another one."""
    if hasattr(initializer, "get_config"):
        return type(initializer).from_config(initializer.get_config())
    return initializer
