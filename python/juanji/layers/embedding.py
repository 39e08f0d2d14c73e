"""Vectors for numbers that stand for things."""

from __future__ import annotations

from typing import Any

from juanji import constraints, initializers, ops, regularizers
from juanji._masks import set_mask
from juanji.layers._arguments import Shape, positive_int, refuse_quantization
from juanji.layers._kernel_layer import kernel_config, or_none
from juanji.layers._registry import registry
from juanji.layers.layer import Layer


@registry.register()
class Embedding(Layer):
    """A learned vector for each number from 0 to ``input_dim - 1``: row i of the weights for number i.

    Input integers of any shape (N, ...), output (N, ..., output_dim). The gradient of a row is the sum over its uses,
    and optimizers see the sum, as in Keras on JAX and PyTorch (on TensorFlow, Keras squares each use by itself).

    Args:
        input_dim: how many numbers there are.
        output_dim: size of the vectors.
        embeddings_initializer: first values of the vectors.
        embeddings_regularizer: penalty added to the loss.
        embeddings_constraint: applied after each update.
        mask_zero: whether 0 stands for a missing step: the output then carries a mask, and numbers begin with 1.
        weights: the vectors, (input_dim, output_dim), to begin with.
        lora_rank, lora_alpha, quantization_config: only None; Keras has them for large language models.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for sizes below 1, and for a number out of range.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.Embedding(10, 4, mask_zero=True)
        >>> layer(np.array([[3, 1, 0]])).shape
        (1, 3, 4)
        >>> layer.compute_mask(np.array([[3, 1, 0]]))
        array([[ True,  True, False]])
    """

    _takes_one_array = True
    _keeps_integers = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # of older scripts
        super().__init__(**kwargs)
        owner = type(self).__name__
        refuse_quantization(owner, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.input_dim = positive_int(owner, "input_dim", input_dim)
        self.output_dim = positive_int(owner, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self.mask_zero
        self.embeddings: Any = None
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape: Shape | None = None) -> None:
        if self.embeddings is None:
            self.embeddings = self.add_weight(
                (self.input_dim, self.output_dim),
                self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
                name="embeddings",
            )

    def call(self, inputs: Any) -> Any:
        numbers = inputs if inputs.dtype.kind in "iu" else ops.cast(inputs, "int32")
        return ops.take(self.embeddings, numbers, axis=0)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where the number is not 0, with ``mask_zero``."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        from juanji.symbolic.tensor import KerasTensor

        return KerasTensor(self.compute_output_shape(inputs.shape), self.dtype, "inferred")

    def get_config(self) -> dict[str, Any]:
        parts = (self.embeddings_initializer, self.embeddings_regularizer, self.embeddings_constraint)
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **kernel_config("embeddings", *parts),
            "activity_regularizer": or_none(regularizers, self.activity_regularizer),
            "mask_zero": self.mask_zero,
        }


@registry.register()
class ReversibleEmbedding(Embedding):
    """An embedding that can be read backwards: with ``reverse=True`` vectors become a score for each number.

    Input integers (N, ...) and output (N, ..., output_dim); backwards input (N, ..., output_dim) and output
    (N, ..., input_dim), the product with the transposed vectors.

    Args:
        input_dim: how many numbers there are.
        output_dim: size of the vectors.
        tie_weights: use the same vectors backwards; others of their own otherwise.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint, mask_zero: as in :class:`Embedding`.
        reverse_dtype: float type of the product backwards; that of the layer by default.
        logit_soft_cap: keep the scores within ± this number, by ``cap · tanh(score / cap)``.
        kwargs: those of :class:`Embedding`.

    Raises:
        ValueError: for sizes below 1, and for a number out of range.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.ReversibleEmbedding(10, 4)
        >>> vectors = layer(np.array([[3, 1]]))
        >>> layer(vectors, reverse=True).shape
        (1, 2, 10)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights = bool(tie_weights)
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap
        self.reverse_embeddings: Any = None

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            vectors = super().call(inputs)
            mask = super().compute_mask(inputs)
            if mask is not None:
                set_mask(vectors, mask)
            return vectors
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = ops.cast(inputs, self.reverse_dtype), ops.cast(kernel, self.reverse_dtype)
        scores = ops.matmul(inputs, kernel)
        if self.logit_soft_cap is None:
            return scores
        return ops.multiply(ops.tanh(ops.divide(scores, self.logit_soft_cap)), self.logit_soft_cap)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: vectors carry a mask already, and scores have none."""
        return None

    def compute_output_shape(self, input_shape: Shape, reverse: bool = False) -> Shape:
        return (*input_shape[:-1], self.input_dim) if reverse else (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        from juanji.symbolic.tensor import KerasTensor

        shape = self.compute_output_shape(inputs.shape, bool(kwargs.get("reverse")))
        return KerasTensor(shape, self.dtype, "inferred")

    def get_config(self) -> dict[str, Any]:
        names = ("tie_weights", "reverse_dtype", "logit_soft_cap")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
