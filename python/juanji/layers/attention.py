"""Attention with one head, without projections."""

from __future__ import annotations

from typing import Any

import numpy as np

from juanji import ops, random
from juanji.layers._arguments import Shape
from juanji.layers._registry import registry
from juanji.layers.layer import Layer


@registry.register()
class Attention(Layer):
    """Dot-product attention: ``softmax(query · keyᵀ) · value`` (Luong et al., arXiv:1508.04025).

    Called with [query (N, T, D), value (N, S, D')] or [query, value, key (N, S, D)]; without a key, the value is it
    (D' = D). The output is (N, T, D'). Masks [query mask (N, T), value mask (N, S)], given or carried, leave steps out:
    masked queries give zeros, masked values are not attended to.

    Args:
        use_scale: multiply the scores by a learned number.
        score_mode: 'dot', or 'concat' for ``w · Σ tanh(scale · (query + key))``, w learned.
        dropout: part of the attention weights set to zero in training.
        seed: integer for a sequence of its own; drawn from the global seed by default.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for another score_mode, or another number of inputs.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> query, value = np.zeros((2, 3, 4), "float32"), np.ones((2, 5, 4), "float32")
        >>> y, scores = layers.Attention()([query, value], return_attention_scores=True)
        >>> y.shape, scores.shape
        ((2, 3, 4), (2, 3, 5))
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"{type(self).__name__}: unknown score_mode; expected 'dot' or 'concat', got score_mode={score_mode!r}."
            )
        self.use_scale = bool(use_scale)
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        self._generator = random.SeedGenerator(seed)
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def check_input(self, shape: Any) -> None:
        several = isinstance(shape, (list, tuple)) and all(isinstance(s, (list, tuple)) for s in shape)
        if not several or not 2 <= len(shape) <= 3:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: it takes several inputs; expected a list [query, value] or "
                f"[query, value, key], got {f'{len(shape)} of them' if several else f'one of shape {shape}'}."
            )

    def build(self, input_shape: Any) -> None:
        self.check_input(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The output, and with ``return_attention_scores`` the attention weights (N, T, S).

        Args:
            inputs: [query, value] or [query, value, key].
            mask: [query mask, value mask], either None.
            training: whether there is dropout.
            return_attention_scores: give the weights as well.
            use_causal_mask: let step t attend to the steps up to t alone.
        """
        query, value, *key = inputs
        query_mask, value_mask = self._two_masks(mask)
        scores = self._calculate_scores(query, key[0] if key else value)
        kept = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, bool), -2)
        if use_causal_mask:
            causal = np.tri(*scores.shape[-2:])[np.newaxis] > 0
            kept = causal if kept is None else ops.logical_and(kept, causal)
        if kept is not None:
            scores = ops.where(kept, scores, ops.subtract(scores, 1e9))
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self._generator)
        output = ops.matmul(weights, value)
        if query_mask is not None:
            output = ops.where(ops.expand_dims(ops.cast(query_mask, bool), -1), output, np.zeros((), output.dtype))
        return (output, weights) if return_attention_scores else output

    def _two_masks(self, mask: Any) -> tuple[Any, Any]:
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= 3:
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: the masks are not clear; expected a list [query mask, value "
                f"mask], got {type(mask).__name__}. Pass None for one that is missing."
            )
        return mask[0], mask[1]

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else ops.multiply(scores, self.scale)
        sums = ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3))
        if self.scale is not None:
            sums = ops.multiply(sums, self.scale)
        return ops.multiply(self.concat_score_weight, ops.sum(ops.tanh(sums), axis=-1))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """That of the query."""
        return self._two_masks(previous_mask)[0]

    def compute_output_shape(self, input_shape: Any) -> Shape:
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        from juanji.symbolic.tensor import KerasTensor

        shapes = [tuple(x.shape) for x in inputs]
        output = KerasTensor(self.compute_output_shape(shapes), self.dtype, "inferred")
        if not kwargs.get("return_attention_scores"):
            return output
        return output, KerasTensor((*shapes[0][:-1], shapes[-1][-2]), self.dtype, "inferred")

    def get_config(self) -> dict[str, Any]:
        names = ("use_scale", "score_mode", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@registry.register()
class AdditiveAttention(Attention):
    """Additive attention: scores ``Σ scale · tanh(query + key)`` (Bahdanau et al., arXiv:1409.0473).

    Inputs, masks and output are those of :class:`Attention`.

    Args:
        use_scale: learn a factor (D,) for the sum over the features.
        dropout: part of the attention weights set to zero in training.
        kwargs: ``seed`` as in :class:`Attention`, and those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for another number of inputs.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> query, value = np.zeros((2, 3, 4), "float32"), np.ones((2, 5, 4), "float32")
        >>> layers.AdditiveAttention()([query, value]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        self.check_input(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        terms = ops.tanh(ops.add(ops.expand_dims(query, -2), ops.expand_dims(key, -3)))
        return ops.sum(terms if self.scale is None else ops.multiply(terms, self.scale), axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config
