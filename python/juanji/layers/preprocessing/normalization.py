"""Bringing inputs to mean 0 and variance 1."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.layers._arguments import Shape
from juanji.layers._registry import registry
from juanji.layers.layer import ElementwiseLayer

Array = np.ndarray[Any, Any]
_EPSILON = 1e-7  # the smallest standard deviation that is divided by
_ELEMENTS = 1 << 22  # of an array that are looked at together, so that a large set is not copied as a whole


@registry.register()
class Normalization(ElementwiseLayer):
    """``(x - mean) / sqrt(variance)``, with statistics of a data set that :meth:`adapt` computes, or given ones.

    Args:
        axis: axes with statistics of their own, -1 for one per channel; None for one over everything.
        mean, variance: the statistics; numbers, or arrays for the axes. Both or neither.
        invert: undo the normalisation: ``x · sqrt(variance) + mean``.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for only one of mean and variance, shapes that do not fit, or an axis whose size varies.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Normalization
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
        >>> layer(np.array([[1.0, 20.0]])).numpy()
        array([[-1.,  0.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        if (mean is None) != (variance is None) or np.shape(mean) != np.shape(variance):
            raise ValueError(
                "Normalization: mean and variance do not fit; expected both in one shape, or neither, "
                f"got mean={mean!r}, variance={variance!r}."
            )
        if np.ndim(mean) > len(self.axis) and mean is not None:
            raise ValueError(
                f"Normalization: mean has too many axes; expected at most {len(self.axis)} for axis={self.axis}, "
                f"got shape={np.shape(mean)}."
            )

    def build(self, input_shape: Shape) -> None:
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            raise ValueError(
                f"Normalization {self.name!r}: there is no such axis; expected -{rank} to {rank - 1}, "
                f"got axis={self.axis} for shape={input_shape}."
            )
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        sizes = [size for size in (input_shape[axis] for axis in self._kept) if size is not None]
        if len(sizes) < len(self._kept):
            raise ValueError(
                f"Normalization {self.name!r}: the size of an axis is not known; expected numbers for axis="
                f"{self.axis}, got shape={input_shape}. Choose other axes, or fix the size."
            )
        self._built_for = sizes
        self._spread = [1] * rank
        for axis, size in zip(self._kept, sizes):
            self._spread[axis] = size
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", trainable=False, name="count")

    @property
    def mean(self) -> Any:
        """The mean, in a shape that spreads over the input; None before the layer is built."""
        return self._statistic(self.input_mean, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance, in a shape that spreads over the input; None before the layer is built."""
        return self._statistic(self.input_variance, "adapt_variance")

    def _statistic(self, given: Any, weight: str) -> Any:
        if not self.built:
            return None
        if given is None:
            return ops.reshape(getattr(self, weight), self._spread)
        values = np.asarray(given, self.dtype)
        sizes = [1] * (len(self._kept) - values.ndim) + list(values.shape)
        form = [1] * len(self._spread)
        for axis, size in zip(self._kept, sizes):
            form[axis] = size
        return np.broadcast_to(values.reshape(form), self._spread)

    def call(self, inputs: Any) -> Any:
        deviation = ops.maximum(ops.sqrt(self.variance), _EPSILON)
        if self.invert:
            return ops.add(self.mean, ops.multiply(inputs, deviation))
        return ops.divide(ops.subtract(inputs, self.mean), deviation)

    def adapt(self, data: Any) -> None:
        """Computes mean and variance of a data set, forgetting those of an earlier one.

        Args:
            data: an array, or batches: an iterable of arrays, or of tuples that begin with one; also an object with
                ``len`` and numbered batches such as a PyDataset.

        Raises:
            ValueError: for no data, or a shape that the layer was not built for.
            TypeError: for anything else.
        """
        if self.input_mean is not None:
            raise ValueError(
                f"Normalization {self.name!r}: mean and variance are given; expected a layer without, got adapt(). "
                "Leave them out to compute them."
            )
        total = _Moments()
        for batch in _batches(data):
            if not self.built:
                self.build(batch.shape)
            rank = len(self._spread)
            if batch.ndim != rank or [batch.shape[axis] for axis in self._kept] != self._built_for:
                raise ValueError(
                    f"Normalization {self.name!r}: the data has another shape; expected {self._built_for} on axes "
                    f"{self._kept} of {rank}, got shape={batch.shape}."
                )
            total.add(batch, tuple(axis for axis in range(rank) if axis not in self._kept))
        if total.count == 0:
            raise ValueError("Normalization: there is no data; expected at least one batch, got none. Pass an array.")
        self.adapt_mean.assign(total.mean.astype(self.dtype))
        self.adapt_variance.assign(total.variance.astype(self.dtype))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "invert": self.invert,
            "mean": np.array(self.input_mean).tolist(),
            "variance": np.array(self.input_variance).tolist(),
        }


class _Moments:
    """Mean and variance of batches, merged as they come (Chan, Golub and LeVeque, 1979) in float64."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Array = np.zeros(())
        self.variance: Array = np.zeros(())

    def add(self, batch: Array, axes: tuple[int, ...]) -> None:
        for part in _parts(batch):
            count = int(np.prod([part.shape[axis] for axis in axes]))
            if part.size == 0:
                continue
            values = part.astype(np.float64)
            mean, variance = values.mean(axis=axes), values.var(axis=axes)
            self.count += count
            weight = count / self.count
            both = self.mean * (1 - weight) + mean * weight
            self.variance = (self.variance + (self.mean - both) ** 2) * (1 - weight) + (
                variance + (mean - both) ** 2
            ) * weight
            self.mean = both


def _parts(batch: Array) -> Iterator[Array]:
    rows = max(1, _ELEMENTS // max(1, batch[:1].size))
    for begin in range(0, len(batch), rows):
        yield batch[begin : begin + rows]


def _batches(data: Any) -> Iterator[Array]:
    if isinstance(data, (np.ndarray, Tensor)):
        yield np.asarray(data)
        return
    batches: Iterable[Any]
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, (list, tuple)):
        batches = (data[k] for k in range(len(data)))
    elif hasattr(data, "__iter__"):
        batches = data
    else:
        raise TypeError(
            f"Normalization: adapt() cannot read the data; expected an array or batches, got {type(data).__name__}."
        )
    for batch in itertools.chain(batches):
        first = batch[0] if isinstance(batch, tuple) else batch
        if not hasattr(first, "shape"):
            raise TypeError(
                f"Normalization: adapt() expects arrays as batches, got {type(first).__name__}. Pass np.asarray(data)."
            )
        yield np.asarray(first)
