"""Layers that also take images with their channels in front (N, C, H, W).

Everything computes on channels last. With ``data_format='channels_first'`` such a layer moves the channels of its input
to the end and those of its output back, which takes a pass over each; models with channels last are the faster ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers.layer import Layer
from juanji.trace import is_own


class _Moved(threading.local):
    """The layers on this thread whose methods are running on channels last."""

    def __init__(self) -> None:
        self.layers: list[Any] = []


_moved = _Moved()


class ChannelsLayer(Layer):
    """A layer with ``data_format``, whose methods see channels last whatever that is.

    Methods of classes outside juanji are left alone: they see the data as it comes.
    """

    data_format: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if is_own(cls):
            for name, wrap in _WRAPPERS.items():
                method = getattr(cls, name)
                if not hasattr(method, "moves_channels"):
                    setattr(cls, name, wrap(method))
        super().__init_subclass__(**kwargs)


def place_of_channels(owner: str, data_format: Any) -> str:
    """The data format, 'channels_last' by default.

    Raises:
        ValueError: for unknown names.
    """
    if data_format in (None, "channels_last", "channels_first"):
        return data_format or "channels_last"
    raise ValueError(
        f"{owner}: unknown data_format; expected 'channels_last' or 'channels_first', got data_format={data_format!r}. "
        "Leave it out."
    )


def to_last(shape: Shape) -> Shape:
    """A shape with channels in front as one with channels last; fewer than three axes have no place to choose."""
    return (shape[0], *shape[2:], shape[1]) if len(shape) > 2 else shape


def _to_first(shape: Shape, rank: int) -> Shape:
    return (shape[0], shape[-1], *shape[1:-1]) if len(shape) == rank > 2 else shape


def _run(method: Callable[..., Any], layer: Any, *args: Any, **kwargs: Any) -> Any:
    _moved.layers.append(layer)
    try:
        return method(layer, *args, **kwargs)
    finally:
        _moved.layers.pop()


def _stays(layer: Any) -> bool:
    return layer.data_format != "channels_first" or any(layer is other for other in _moved.layers)


def _of_tensors(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapper(self: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        rank = len(inputs.shape)
        if _stays(self) or rank < 3:
            return method(self, inputs, *args, **kwargs)
        y = _run(method, self, ops.moveaxis(inputs, 1, -1), *args, **kwargs)
        return ops.moveaxis(y, -1, 1) if len(y.shape) == rank else y

    wrapper.moves_channels = True  # type: ignore[attr-defined]
    return wrapper


def _of_shapes(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapper(self: Any, input_shape: Any, *args: Any, **kwargs: Any) -> Any:
        if _stays(self):
            return method(self, input_shape, *args, **kwargs)
        result = _run(method, self, to_last(tuple(input_shape)), *args, **kwargs)
        return result if result is None else _to_first(tuple(result), len(input_shape))

    wrapper.moves_channels = True  # type: ignore[attr-defined]
    return wrapper


_WRAPPERS = {"build": _of_shapes, "call": _of_tensors, "check_input": _of_shapes, "compute_output_shape": _of_shapes}
