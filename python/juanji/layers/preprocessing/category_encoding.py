"""Class numbers as vectors."""

from __future__ import annotations

from typing import Any

from juanji import ops
from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.layers.preprocessing._factors import choice

OUTPUT_MODES = ("int", "one_hot", "multi_hot", "count")


@registry.register()
class CategoryEncoding(Layer):
    """Encodes whole numbers from 0 to ``num_tokens - 1`` as vectors.

    Args:
        num_tokens: how many numbers there are, which is the length of the vectors.
        output_mode: 'multi_hot' (ones at all numbers of a sample), 'one_hot' (a vector for each number) or 'count'
            (how often each number comes).
        sparse: has to be False; vectors are dense here.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Input shape:
        (batch, numbers) or any other with the numbers of a sample on the last axis.

    Output shape:
        The last axis is replaced by one of ``num_tokens``; for 'one_hot' that axis is added, unless the last axis has
        size 1.

    Raises:
        ValueError: for an unknown mode, or weights with another mode than 'count'.

    Example:
        >>> from juanji.layers import CategoryEncoding
        >>> CategoryEncoding(4)([[0, 1], [3, 3]])
        array([[1., 1., 0., 0.],
               [0., 0., 0., 1.]], dtype=float32)
        >>> CategoryEncoding(4, output_mode="count")([[3, 3]], count_weights=[[0.5, 1.0]])
        array([[0. , 0. , 0. , 1.5]], dtype=float32)
    """

    _keeps_integers = True
    _takes_one_array = True

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        self.output_mode = choice("CategoryEncoding", "output_mode", output_mode, OUTPUT_MODES[1:])
        self.num_tokens = positive_int("CategoryEncoding", "num_tokens", num_tokens)
        require_dense("CategoryEncoding", sparse)
        self.sparse = False

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"CategoryEncoding {self.name!r}: weights are for counting; expected output_mode='count', got "
                f"output_mode={self.output_mode!r} with count_weights. Leave them out."
            )
        return encoded(inputs, self.output_mode, self.num_tokens, self.dtype, count_weights)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        from juanji.symbolic.tensor import KerasTensor

        return KerasTensor(self.compute_output_shape(inputs.shape), self.dtype, "inferred")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


def encoded(numbers: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Whole numbers from 0 to ``depth - 1`` as vectors.

    Args:
        numbers: of any shape; a single number is one sample.
        mode: 'one_hot', 'multi_hot' or 'count'.
        depth: length of the vectors.
        dtype: of the result.
        weights: what each number counts, for 'count'.
    """
    numbers = ops.cast(numbers, "int64")
    if len(numbers.shape) == 0:
        numbers = ops.reshape(numbers, (1,))
    if mode == "one_hot":
        if len(numbers.shape) > 1 and numbers.shape[-1] == 1:
            numbers = ops.squeeze(numbers, -1)
        return ops.one_hot(numbers, depth, dtype=dtype)
    vectors = ops.one_hot(numbers, depth, dtype=dtype)
    if mode == "multi_hot":
        return ops.max(vectors, axis=-2)
    if weights is not None:
        vectors = ops.multiply(vectors, ops.expand_dims(ops.array(weights, dtype), -1))
    return ops.sum(vectors, axis=-2)


def encoded_shape(shape: Any, mode: str, depth: int) -> Any:
    """The shape of :func:`encoded` for numbers of this shape."""
    shape = tuple(shape)
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*(shape or (1,)), depth)
    return (*shape[:-1], depth)


def require_dense(owner: str, sparse: Any) -> None:
    """Raises ValueError when sparse results are wanted."""
    if sparse:
        raise ValueError(
            f"{owner}: results are dense here; expected sparse=False, got sparse={sparse!r}. Leave it out."
        )
