"""The base class of all layers."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from juanji import config, regularizers
from juanji.autograd import Tensor
from juanji.layers._arguments import Shape, batch_shape, positive_int
from juanji.layers._weights import WeightOwner
from juanji.ops._convert import array_from
from juanji.utils.naming import auto_name


class _CallContext(threading.local):
    """The `training` argument of the layer call going on in this thread; layers called inside inherit it."""

    training: bool | None = None


_context = _CallContext()


class Layer(WeightOwner):
    """Turns an input into an output, with weights it may create for the input's shape.

    Write a layer by overriding :meth:`call`, :meth:`build` when it has weights, and :meth:`compute_output_shape` when
    the shape changes. Layers keep nothing between calls but their weights.

    Args:
        trainable: whether training changes the weights.
        dtype: 'float32' or 'float64'; ``config.floatx()`` by default. Inputs are converted to it.
        name: unique in a model; made from the class name by default.
        activity_regularizer: its value for the output, per sample, is added to the loss.
        input_shape, input_dim, batch_size: the shape of one input without the batch axis (or its only size), for the
            first layer of a Sequential.

    Raises:
        TypeError: for any other keyword argument.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> class Double(layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs * 2
        >>> Double()(np.ones(2, "float32"))
        array([2., 2.], dtype=float32)
    """

    _takes_training: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._takes_training = "training" in inspect.signature(cls.call).parameters
        if "build" in vars(cls):
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, _float_type(type(self).__name__, dtype))
        self.name = name or auto_name(type(self).__name__)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self._activity_loss: Any = None
        self._input_batch_shape = _first_layer_shape(type(self).__name__, kwargs)
        if kwargs:
            raise TypeError(
                f"{type(self).__name__}: unknown argument; got {', '.join(f'{k}={v!r}' for k, v in kwargs.items())}. "
                "Check the spelling, or leave it out."
            )

    def build(self, input_shape: Shape) -> None:
        """Creates the weights for inputs of this shape (batch axis included)."""
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The output for an input; to be overridden. It may take ``training``."""
        return inputs

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Shape of the output, batch axis included, None where it varies.

        Unless overridden, found by calling the layer with zeros, one sample, size 1 where the size varies.
        """
        output = self(np.zeros([1, *(size or 1 for size in input_shape[1:])], self.dtype), training=False)
        return (input_shape[0], *output.shape[1:])

    def check_input(self, shape: Shape) -> None:
        """Raises ValueError when inputs of this shape cannot be processed."""

    def __call__(self, inputs: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Builds the layer if need be and calls it.

        Args:
            inputs: array or tensor with a batch axis.
            training: whether the model is being trained; that of the surrounding call by default.
            kwargs: passed on to :meth:`call`.
        """
        x = self._convert(inputs)
        self.check_input(x.shape)
        if not self.built:
            self.build(x.shape)
        outer = _context.training
        if training is None:
            training = outer
        _context.training = training
        if self._takes_training:
            kwargs["training"] = training
        try:
            y = self.call(x, **kwargs)
        finally:
            _context.training = outer
        if self.activity_regularizer is not None:
            self._activity_loss = self.activity_regularizer(y) * (1.0 / max(1, len(x)))
        return y

    @property
    def losses(self) -> list[Any]:
        """Penalties to be added to the loss: of weights, and of the outputs of the latest call."""
        return [penalty for layer in self.walk() for penalty in layer.own_penalties()]

    def own_penalties(self) -> list[Any]:
        own = super().own_penalties()
        return own if self._activity_loss is None else [*own, self._activity_loss]

    def get_config(self) -> dict[str, Any]:
        """The arguments that would create this layer again, in simple types."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer that :meth:`get_config` described."""
        return cls(**config)

    def _convert(self, x: Any) -> Any:
        if not isinstance(x, Tensor):
            if not isinstance(x, np.ndarray) and hasattr(x, "keras_history"):
                raise TypeError(
                    f"{type(self).__name__} {self.name!r}: the input has no values; expected an array or Tensor, got "
                    f"{type(x).__name__}. Put Input and the layers into a Sequential model."
                )
            x = array_from(x)
        if x.dtype == self.dtype:
            return x
        if x.dtype.kind not in "fiub":
            raise TypeError(
                f"{type(self).__name__} {self.name!r}: unsupported dtype of the input; expected numbers, "
                f"got dtype={x.dtype}. Convert the data first, for example with astype('float32')."
            )
        if isinstance(x, Tensor):
            from juanji import ops

            return ops.cast(x, self.dtype)
        return x.astype(self.dtype)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


class ElementwiseLayer(Layer):
    """A layer whose output has the shape of its input."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


def _marking_built(build: Callable[..., None]) -> Callable[..., None]:
    """``built`` is set by the call of `build`, so that overriding methods need not think of it."""

    @wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        self.built = True

    return wrapper


def _float_type(owner: str, dtype: Any) -> str:
    if dtype is None:
        return config.floatx()
    try:
        name = str(np.dtype(dtype))
    except TypeError:
        name = str(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(
            f"{owner}: unsupported dtype; expected 'float32' or 'float64', got dtype={dtype!r}. Leave it out for "
            "the default."
        )
    return name


def _first_layer_shape(owner: str, kwargs: dict[str, Any]) -> Shape | None:
    """Takes the shape arguments of a first layer out of `kwargs`."""
    size = kwargs.pop("batch_size", None)
    size = None if size is None else positive_int(owner, "batch_size", size)
    if "input_dim" in kwargs:
        return (size, positive_int(owner, "input_dim", kwargs.pop("input_dim")))
    if "input_shape" in kwargs:
        return (size, *batch_shape(owner, "input_shape", kwargs.pop("input_shape")))
    return None
