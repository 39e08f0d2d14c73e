"""What the convolution layers share."""

from __future__ import annotations

from typing import Any, ClassVar

from juanji.layers._arguments import (
    Shape,
    int_tuple,
    known_size,
    padding_mode,
    require_last_axis,
    require_rank,
    window_output,
)
from juanji.layers._channels import ChannelsLayer, place_of_channels
from juanji.layers._kernel_layer import KernelLayer


class Convolution(KernelLayer, ChannelsLayer):
    """Geometry, checks and shapes of a kernel that slides over sequences (rank 1) or images (rank 2).

    Subclasses say in ``_rank`` what they slide over, create their weights in ``build``, and give the number of output
    channels.
    """

    _rank: ClassVar[int]
    _causal: ClassVar[bool] = False

    def __init__(
        self, *, kernel_size: Any, strides: Any, padding: str, data_format: Any, dilation_rate: Any, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.kernel_size = int_tuple(owner, "kernel_size", kernel_size, self._rank)
        self.strides = int_tuple(owner, "strides", strides, self._rank)
        self.padding = padding_mode(owner, padding, self._causal)
        self.data_format = place_of_channels(owner, data_format)
        self.dilation_rate = int_tuple(owner, "dilation_rate", dilation_rate, self._rank)
        self._input_channels = 0

    def check_input(self, shape: Shape) -> None:
        require_rank(self, shape, self._rank)
        if self.built:
            require_last_axis(self, shape, self._input_channels, "channels")

    def _know_channels(self, input_shape: Shape) -> int:
        """The input channels, which the weights are built for."""
        self.check_input(input_shape)
        self._input_channels = known_size(self, input_shape, "channels")
        return self._input_channels

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        self.check_input(input_shape)
        return (input_shape[0], *self._output_size(input_shape), self._output_channels(input_shape[-1]))

    def _output_size(self, shape: Shape) -> Shape:
        return window_output(self, shape, self.kernel_size, self.strides, self.dilation_rate, self.padding)

    def _output_channels(self, channels: int | None) -> int | None:
        raise TypeError(f"{type(self).__name__}: it does not say how many channels it gives. Override it.")

    @property
    def _geometry(self) -> dict[str, Any]:
        return {"strides": self.strides, "padding": self.padding, "dilation_rate": self.dilation_rate}

    def _geometry_config(self) -> dict[str, Any]:
        return {"kernel_size": self.kernel_size, **self._geometry, "data_format": self.data_format}
