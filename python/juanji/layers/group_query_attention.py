"""Attention whose heads share keys and values in groups."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape, positive_int
from juanji.layers._heads import HeadedAttention, key_shape_of
from juanji.layers._registry import registry
from juanji.layers.multi_head_attention import headed_output_spec


@registry.register("GroupedQueryAttention")
class GroupQueryAttention(HeadedAttention):
    """Attention whose query heads share the heads of key and value in groups (Ainslie et al., arXiv:2305.13245).

    Each of ``num_key_value_heads`` serves ``num_query_heads / num_key_value_heads`` query heads. Query (N, T, D), value
    (N, S, D), key (N, S, D'), the value by default; output (N, T, D).

    Args:
        head_dim: size of the vectors in a head.
        num_query_heads: number of heads of the query, a multiple of the other one.
        num_key_value_heads: number of heads of key and value.
        dropout: part of the attention weights set to zero in training.
        use_bias: whether the projections have a bias.
        sliding_window: let steps attend to those less than so many steps away only.
        flash_attention: accepted; there is one implementation.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of all projections.
        kernel_constraint, bias_constraint: applied after each update.
        use_gate: multiply what the heads give by a sigmoid of another projection of the query.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for numbers of heads that do not fit, or dropout with flash_attention.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
        >>> x = np.zeros((2, 8, 16), "float32")
        >>> layer(x, x).shape
        (2, 8, 16)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
        self.head_dim = positive_int("GroupQueryAttention", "head_dim", head_dim)
        self.num_query_heads = positive_int("GroupQueryAttention", "num_query_heads", num_query_heads)
        self.num_key_value_heads = positive_int("GroupQueryAttention", "num_key_value_heads", num_key_value_heads)
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                "GroupQueryAttention: the heads do not fit; expected num_query_heads that is a multiple of "
                f"num_key_value_heads, got {num_query_heads} and {num_key_value_heads}."
            )

    def build(  # type: ignore[override]
        self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None
    ) -> None:
        key_shape = key_shape_of(self, value_shape, key_shape)
        of_query, of_key = ((None, n, self.head_dim) for n in (self.num_query_heads, self.num_key_value_heads))
        self._query_dense = self._projection("query", "bqm,muh->bquh", of_query, "uh")
        self._key_dense = self._projection("key", "bkm,mvh->bkvh", of_key, "vh")
        self._query_dense.build(query_shape)
        self._key_dense.build(key_shape)
        if self.use_gate:
            self._gate_dense = self._projection("gate", "bqm,muh->bquh", of_query, "uh", activation="sigmoid")
            self._gate_dense.build(query_shape)
        self._value_dense = self._projection("value", "bkm,mvh->bkvh", of_key, "vh")
        self._value_dense.build(value_shape)
        self._output_dense = self._projection("attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m")
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

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
            query, value, key, query_mask, value_mask, key_mask, attention_mask, return_attention_scores, training,
                use_causal_mask: as in :meth:`MultiHeadAttention.call`.
        """
        mask = self._joined_mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        repeats = self.num_query_heads // self.num_key_value_heads
        k = ops.repeat(self._key_dense(value if key is None else key), repeats, axis=2)
        v = ops.repeat(self._value_dense(value), repeats, axis=2)
        output, scores = self._attend(self._query_dense(query), k, v, mask, training, return_attention_scores)
        if self.use_gate:
            output = ops.multiply(output, self._gate_dense(query))
        output = self._output_dense(output)
        return (output, scores) if return_attention_scores else output

    def compute_output_shape(self, query_shape: Shape, value_shape: Any = None, key_shape: Any = None) -> Shape:
        return tuple(query_shape)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        return headed_output_spec(self, inputs, self.num_query_heads, (1,), kwargs)

    def get_config(self) -> dict[str, Any]:
        names = ("head_dim", "num_query_heads", "num_key_value_heads")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}, **self._shared_config()}
