"""Dense layers over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import constraints, initializers, ops, regularizers
from juanji.initializers import VarianceScaling
from juanji.layers._arguments import Shape, refuse_quantization
from juanji.layers._einsum_shapes import EinsumShapes, einsum_shapes
from juanji.layers._kernel_layer import KernelLayer, kernel_config
from juanji.layers._registry import registry


@registry.register()
class EinsumDense(KernelLayer):
    """A dense layer over any axes: ``act(einsum(equation, x, kernel) + bias)``.

    Args:
        equation: letters of the axes of input, kernel and output, such as 'abc,cd->abd'; three dots on the left or
            right of input and output stand for any further axes.
        output_shape: shape of the output without the batch axis and the axes of the dots, None where it follows from
            the input.
        activation: name or function; none by default.
        bias_axes: letters of the output along which the bias differs; no bias by default.
        kernel_initializer, bias_initializer: first values of the weights.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        lora_rank, lora_alpha, quantization_config: only None; Keras has them for large language models.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for an equation of another form, or shapes that do not fit it.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> layer = layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")
        >>> layer(np.zeros((2, 3, 4), "float32")).shape
        (2, 3, 5)
        >>> layer.kernel.shape
        (4, 5)
    """

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        refuse_quantization(
            "EinsumDense",
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            quantization_config=quantization_config,
            gptq_unpacked_column_size=kwargs.pop("gptq_unpacked_column_size", None),
        )
        super().__init__(
            activation=activation,
            use_bias=bias_axes is not None,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.kernel: Any = None

    def _shapes(self, input_shape: Shape) -> EinsumShapes:
        owner = f"EinsumDense {self.name!r}"
        return einsum_shapes(owner, self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape)

    def build(self, input_shape: Shape) -> None:
        shapes = self._shapes(input_shape)
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and None in (initializer.input_axes, initializer.output_axes):
            axes = {"input_axes": shapes.input_axes, "output_axes": shapes.output_axes}
            initializer = type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
        self.kernel = self.add_weight(
            shapes.kernel,  # type: ignore[arg-type]  # checked to be known
            initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if shapes.bias is not None:
            self.bias = self.add_weight(
                shapes.bias,  # type: ignore[arg-type]
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, inputs: Any) -> Any:
        y = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            y = ops.add(y, self.bias)
        return self.activation(y)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self._shapes(input_shape).output

    def get_config(self) -> dict[str, Any]:
        shared = self._shared_config()
        del shared["use_bias"]
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": list(self.partial_output_shape),
            "bias_axes": self.bias_axes,
            **shared,
            **kernel_config("kernel", self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint),
        }
