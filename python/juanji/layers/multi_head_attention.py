"""Attention with several heads."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._heads import HeadedAttention, key_shape_of
from juanji.layers._registry import registry


@registry.register()
class MultiHeadAttention(HeadedAttention):
    """Attention with several heads (Vaswani et al., *Attention Is All You Need*, arXiv:1706.03762).

    Query, key and value are projected to ``num_heads`` vectors each; every head attends by
    ``softmax(q · kᵀ / √key_dim) · v``, and one projection brings the results together. Query (N, T, D), value
    (N, S, D'), key (N, S, D''), the value by default; output (N, T, D). There may be several axes of steps.

    Args:
        num_heads: number of heads.
        key_dim: size of the vectors of query and key in a head.
        value_dim: size of the vectors of the value in a head; ``key_dim`` by default.
        dropout: part of the attention weights set to zero in training.
        use_bias: whether the projections have a bias.
        output_shape: size, or shape, of the output at each step; that of the query by default.
        attention_axes: the axes that are attended over; all but those of batch and features by default.
        sliding_window: let steps attend to those less than so many steps away only.
        flash_attention: accepted; there is one implementation.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of all projections.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: multiply what the heads give by a sigmoid of another projection of the query.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for sizes below 1, a key and a value of different lengths, or dropout with flash_attention.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.MultiHeadAttention(num_heads=2, key_dim=3)
        >>> query, value = np.zeros((2, 8, 16), "float32"), np.ones((2, 4, 16), "float32")
        >>> y, scores = layer(query, value, return_attention_scores=True)
        >>> y.shape, scores.shape
        ((2, 8, 16), (2, 2, 8, 4))
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            dropout=dropout,
            use_bias=use_bias,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel=(kernel_initializer, kernel_regularizer, kernel_constraint),
            bias=(bias_initializer, bias_regularizer, bias_constraint),
            activity_regularizer=activity_regularizer,
            use_gate=use_gate,
            seed=seed,
            **kwargs,
        )
        self.num_heads = positive_int("MultiHeadAttention", "num_heads", num_heads)
        self.key_dim = positive_int("MultiHeadAttention", "key_dim", key_dim)
        self.value_dim = positive_int("MultiHeadAttention", "value_dim", value_dim or key_dim)
        self._wanted_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape or ())
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self._axes: tuple[int, ...] = ()

    @property
    def query_dense(self) -> Any:
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The projection of what all heads give."""
        return self._output_dense

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        key_shape = key_shape_of(self, value_shape, key_shape)
        rank = len(query_shape)
        self._axes = tuple(axis % rank for axis in self.attention_axes or range(1, rank - 1))
        self._query_dense = self._of_heads("query", query_shape, self.key_dim)
        self._key_dense = self._of_heads("key", key_shape, self.key_dim)
        if self.use_gate:
            self._gate_dense = self._of_heads("gate", query_shape, self.value_dim, activation="sigmoid")
        self._value_dense = self._of_heads("value", value_shape, self.value_dim)
        sizes = self._wanted_shape or (query_shape[-1],)
        free, of_output = string.ascii_lowercase[: rank - 1], string.ascii_uppercase[: len(sizes)]
        equation = f"{free}yz,yz{of_output}->{free}{of_output}"
        unknown = (None,) * (rank - 2)
        self._output_dense = self._projection("attention_output", equation, (*unknown, *sizes), of_output)
        self._output_dense.build((*query_shape[:-1], self.num_heads, self.value_dim))

    def _of_heads(self, name: str, shape: Shape, size: int, **kwargs: Any) -> Any:
        free = string.ascii_lowercase[: len(shape) - 1]
        output_shape = (*(None,) * (len(shape) - 2), self.num_heads, size)
        dense = self._projection(name, f"{free}x,xyz->{free}yz", output_shape, "yz", **kwargs)
        dense.build(shape)
        return dense

    def call(  # type: ignore[override]
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """The output, and with ``return_attention_scores`` the attention weights (N, heads, T, S).

        Args:
            query, value, key: what attends, what is attended to, and what it is found by; the value by default.
            query_mask, value_mask, key_mask: (N, T) and (N, S), steps that count; those that the arrays carry by
                default.
            attention_mask: (N, T, S), or (N, heads, T, S), where a query may attend.
            return_attention_scores: give the weights as well.
            training: whether there is dropout.
            use_causal_mask: let step t attend to the steps up to t alone.
        """
        mask = self._joined_mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        q = self._query_dense(query)
        k = self._key_dense(value if key is None else key)
        v = self._value_dense(value)
        if q.ndim == 4:
            output, scores = self._attend(q, k, v, mask, training, return_attention_scores)
        else:
            q = ops.multiply(q, 1.0 / math.sqrt(self.key_dim))
            equations = attention_equations(q.ndim, self._axes)
            output, scores = self._scored(q, k, v, mask, training, equations, len(self._axes))
        if self.use_gate:
            output = ops.multiply(output, self._gate_dense(query))
        output = self._output_dense(output)
        return (output, scores) if return_attention_scores else output

    def compute_output_shape(self, query_shape: Shape, value_shape: Any = None, key_shape: Any = None) -> Shape:
        return (*query_shape[:-1], *self._wanted_shape) if self._wanted_shape else tuple(query_shape)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        return headed_output_spec(self, inputs, self.num_heads, self._axes, kwargs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "output_shape": list(self._wanted_shape) or None,
            "attention_axes": None if self.attention_axes is None else list(self.attention_axes),
            **self._shared_config(),
        }


def attention_equations(rank: int, axes: Sequence[int]) -> tuple[str, str]:
    """Einsum equations of the scores from key and query, and of the output from scores and value.

    Args:
        rank: of the projected arrays (N, ..., heads, size).
        axes: the axes that are attended over.

    Example:
        >>> attention_equations(4, (1,))
        ('aBcd,abcd->acbB', 'acbB,aBcd->abcd')
    """
    query = string.ascii_lowercase[:rank]
    source = "".join(letter.upper() if i in axes else letter for i, letter in enumerate(query))
    apart = [letter for i, letter in enumerate(query[:-1]) if i not in axes]
    scores = "".join([*apart, *(query[i] for i in axes), *(source[i] for i in axes)])
    return f"{source},{query}->{scores}", f"{scores},{source}->{query}"


def headed_output_spec(layer: Any, query: Any, heads: int, axes: Sequence[int], kwargs: dict[str, Any]) -> Any:
    """Symbolic output, and scores where they are asked for, of a layer with heads."""
    from juanji.symbolic.tensor import KerasTensor

    value = kwargs["value"]
    shape = layer.compute_output_shape(tuple(query.shape), tuple(value.shape))
    output = KerasTensor(shape, layer.dtype, "inferred")
    if not kwargs.get("return_attention_scores"):
        return output
    apart = [query.shape[i] for i in range(len(query.shape) - 1) if i not in axes]
    steps = [x.shape[i] for x in (query, value) for i in axes]
    return output, KerasTensor((*apart, heads, *steps), layer.dtype, "inferred")
