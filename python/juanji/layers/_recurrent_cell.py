"""What the cells of recurrent layers share: weights, dropout, and how a layer asks them for steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np

from juanji import activations, constraints, initializers, ops, random, regularizers
from juanji.layers._arguments import Shape, known_size, positive_int
from juanji.layers._kernel_layer import kernel_config
from juanji.layers.layer import Layer
from juanji.ops._matmul import dense

Step = Callable[[Any, Any], tuple[Any, Any]]


class Prepared(NamedTuple):
    """A cell made ready for the steps of one call.

    Attributes:
        project: what the gates receive of the inputs, from one step (N, ...) or all of them (N, T, ...).
        advance: output and next states of a step, from its projected input and the states before it.
    """

    project: Callable[[Any], Any]
    advance: Step


class RecurrentCell(Layer):
    """Keeps the weights of a cell, ``kernel`` for the inputs, ``recurrent_kernel`` for the state, and ``bias``.

    The columns of the weights are those of the gates, one gate behind the other. Subclasses say how a step follows from
    the one before (:meth:`prepare`).
    """

    _takes_one_array = True
    _gates: ClassVar[int]
    _least_dropout: ClassVar[float] = 0.0  # rates outside (this, 1) drop nothing

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        use_bias: bool,
        kernel: Sequence[Any],
        recurrent: Sequence[Any],
        bias: Sequence[Any],
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        recurrent_activation: Any = None,
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self.units = positive_int(type(self).__name__, "units", units)
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = bool(use_bias)
        self._set_parts("kernel", *kernel)
        self._set_parts("recurrent", *recurrent)
        self._set_parts("bias", *bias)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)
        self.state_size: Any = self.units
        self.output_size = self.units
        self.kernel: Any = None
        self.recurrent_kernel: Any = None
        self.bias: Any = None

    def _set_parts(self, name: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        setattr(self, f"{name}_initializer", initializers.get(initializer))
        setattr(self, f"{name}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{name}_constraint", constraints.get(constraint))

    def _add(self, name: str, parts: str, shape: tuple[int, ...], initializer: Any = None) -> Any:
        return self.add_weight(
            shape,
            initializer or getattr(self, f"{parts}_initializer"),
            regularizer=getattr(self, f"{parts}_regularizer"),
            constraint=getattr(self, f"{parts}_constraint"),
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        columns = self._gates * self.units
        self.kernel = self._add("kernel", "kernel", (known_size(self, input_shape, "features"), columns))
        self.recurrent_kernel = self._add("recurrent_kernel", "recurrent", (self.units, columns))
        if self.use_bias:
            self._add_bias()

    def _add_bias(self) -> None:
        self.bias = self._add("bias", "bias", (self._gates * self.units,))

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """States of zeros for so many samples."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size or 1, size), self.dtype) for size in sizes]

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:  # type: ignore[override]
        """Output and next states of one step."""
        project, advance = self.prepare(inputs.shape[0], training)
        nested = isinstance(states, (list, tuple))
        output, after = advance(project(inputs), states if nested else [states])
        return output, after if nested else after[0]

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        """Makes ready for the steps of one call: all draw the same dropout masks.

        Args:
            batch: number of samples.
            training: whether there is dropout.
        """
        raise TypeError(f"{type(self).__name__}: it does not say how a step follows. Override prepare.")

    def _projection(self, batch: int, training: bool | None, bias: Any) -> Callable[[Any], Any]:
        """``x · kernel + bias``, under dropout of the inputs."""
        masks = self._masks(batch, self.kernel.shape[0], self.dropout, training)

        def project(x: Any) -> Any:
            if masks is None:
                return dense(x, self.kernel, bias)
            factors = [ops.expand_dims(m, 1) if x.ndim == 3 else m for m in masks]
            if len(factors) == 1:
                return dense(ops.multiply(x, factors[0]), self.kernel, bias)
            kernels = ops.split(self.kernel, self._gates, axis=1)
            products = [dense(ops.multiply(x, m), w) for m, w in zip(factors, kernels)]
            y = ops.concatenate(products, axis=-1)
            return y if bias is None else ops.add(y, bias)

        return project

    def _recurrence(self, batch: int, training: bool | None, bias: Any = None) -> Callable[[Any], Any]:
        """``h · recurrent_kernel + bias``, under dropout of the state."""
        masks = self._masks(batch, self.units, self.recurrent_dropout, training)
        if masks is None:
            return lambda h: dense(h, self.recurrent_kernel, bias)
        if len(masks) == 1:
            return lambda h: dense(ops.multiply(h, masks[0]), self.recurrent_kernel, bias)
        kernels = ops.split(self.recurrent_kernel, self._gates, axis=1)

        def recur(h: Any) -> Any:
            y = ops.concatenate([dense(ops.multiply(h, m), u) for m, u in zip(masks, kernels)], axis=-1)
            return y if bias is None else ops.add(y, bias)

        return recur

    def _masks(self, batch: int, size: int, rate: float, training: bool | None) -> list[Any] | None:
        """Factors (N, size) of dropout: one for all gates, or one for each; None where nothing is dropped."""
        if not training or not self._drops(rate):
            return None
        return [self._mask((batch, size), rate) for _ in range(self._gates if self.implementation == 1 else 1)]

    def _drops(self, rate: float) -> bool:
        return 0 < rate < 1

    def _mask(self, shape: tuple[int, ...], rate: float) -> Any:
        return random.dropout(np.ones(shape, self.dtype), rate, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **cell_config(self)}


def cell_config(cell: RecurrentCell) -> dict[str, Any]:
    """The entries of a configuration that cells and the layers around them share."""
    parts: dict[str, Any] = {}
    for name in ("kernel", "recurrent", "bias"):
        parts |= kernel_config(name, *(getattr(cell, f"{name}_{kind}") for kind in _KINDS))
    return {
        "units": cell.units,
        "activation": activations.serialize(cell.activation),
        "use_bias": cell.use_bias,
        **parts,
        "dropout": cell.dropout,
        "recurrent_dropout": cell.recurrent_dropout,
        "seed": cell.seed,
    }


_KINDS = ("initializer", "regularizer", "constraint")


def forget_bias(cell: RecurrentCell, size: int) -> Callable[..., Any]:
    """An initializer of the bias of an LSTM cell with ones for the forget gate (Jozefowicz et al., 2015).

    Args:
        cell: has the initializer of the other gates.
        size: numbers of one gate.
    """

    def initialize(shape: Any, dtype: Any = None) -> Any:
        first, last = (cell.bias_initializer((n,), dtype=dtype) for n in (size, 2 * size))  # type: ignore[attr-defined]
        return ops.concatenate([first, ops.ones((size,), dtype), last])

    return initialize
