"""Layers that are a line of code: identity, rescaling, a penalty, any function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from juanji import activations, ops, regularizers
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer, Layer
from juanji.symbolic.structure import map_shapes, shape_leaves
from juanji.utils.serialization import deserialize_keras_object


@registry.register()
class Identity(Layer):
    """Passes its input on: a placeholder, or a name for an intermediate result.

    Args:
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Identity
        >>> Identity()(np.arange(3))
        array([0, 1, 2])
    """

    _keeps_integers = True
    supports_masking = True


@registry.register()
class Rescaling(ElementwiseLayer):
    """``x · scale + offset``: brings pixels from 0..255 to 0..1 with scale=1/255.

    Args:
        scale: factor, a number or an array that broadcasts (one number per channel).
        offset: what is added, a number or an array.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Rescaling
        >>> Rescaling(1 / 255, offset=-0.5)(np.array([0, 255], "uint8"))
        array([-0.5,  0.5], dtype=float32)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Any) -> Any:
        scaled = ops.multiply(inputs, ops.array(self.scale, self.dtype))
        if isinstance(self.offset, (int, float)) and self.offset == 0:
            return scaled
        return ops.add(scaled, ops.array(self.offset, self.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": _plain(self.scale), "offset": _plain(self.offset)}


@registry.register()
class ActivityRegularization(ElementwiseLayer):
    """Passes its input on, and adds a penalty for its size to the loss.

    Args:
        l1: factor of the sum of absolute values, per sample.
        l2: factor of the sum of squares, per sample.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import ActivityRegularization
        >>> layer = ActivityRegularization(l1=0.5)
        >>> _ = layer(np.array([[-1.0, 3.0]], "float32"))
        >>> [float(penalty) for penalty in layer.losses]
        [2.0]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["activity_regularizer"]
        return {**config, "l1": self.l1, "l2": self.l2}


@registry.register()
class Lambda(Layer):
    """Any function as a layer, without weights.

    Args:
        function: takes the input (and ``arguments``), gives the output; written with :mod:`juanji.ops`.
        output_shape: shape of one output sample, or a function of the input shape; found by trying when left out.
        mask: the mask of the output, or a function of input and mask that gives it.
        arguments: further keyword arguments of the function. It also receives ``mask`` and ``training`` if it has
            arguments of these names.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        TypeError: for something that cannot be called.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Lambda
        >>> Lambda(lambda x: x * 2)(np.ones(2, "float32"))
        array([2., 2.], dtype=float32)
    """

    _keeps_integers = True

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = activations.get(function) if isinstance(function, str) else function
        if not callable(self.function):
            raise TypeError(
                f"Lambda: not a function; expected something that can be called, got function={function!r}. Pass, for "
                "example, lambda x: x * 2."
            )
        self._wanted_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.arguments = dict(arguments or {})

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        given = {"mask": mask, "training": training}
        names = _parameters(self.function)
        return self.function(inputs, **self.arguments, **{name: given[name] for name in given if name in names})

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """What the argument ``mask`` says."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._wanted_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._wanted_shape):
            return self._wanted_shape(input_shape)
        batch = shape_leaves(input_shape)[0][0]
        return map_shapes(lambda shape: (batch, *shape), self._wanted_shape)

    def _knows_output_shape(self) -> bool:
        return self._wanted_shape is not None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "function": self.function,
            "output_shape": self._wanted_shape,
            "mask": self.mask,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        stored = {
            name: deserialize_keras_object(config[name])
            for name in ("function", "output_shape")
            if isinstance(config.get(name), Mapping)
        }
        return cls(**{**config, **stored})


def _parameters(function: Callable[..., Any]) -> Collection[str]:
    try:
        return inspect.signature(function).parameters
    except ValueError:  # functions written in C may not tell
        return ()


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
