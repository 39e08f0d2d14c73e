"""Numbers as the ranges that they lie in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.layers.preprocessing._factors import choice
from juanji.layers.preprocessing.category_encoding import OUTPUT_MODES, encoded, encoded_shape, require_dense

Array = np.ndarray[Any, Any]
_NOTHING: Array = np.zeros((2, 0), np.float32)  # values, and how many numbers each of them stands for


@registry.register()
class Discretization(Layer):
    """Replaces numbers by the numbers of the ranges (bins) that they lie in.

    With boundaries b, bin 0 holds what is below b[0], bin k what is from b[k-1] to below b[k].

    Args:
        bin_boundaries: increasing numbers; or
        num_bins: how many bins of equal counts :meth:`adapt` shall find.
        epsilon: accuracy of the quantiles that it finds, as a share of the data.
        output_mode: 'int' (the bin's number), or 'one_hot', 'multi_hot' or 'count' as in :class:`CategoryEncoding`.
        sparse: has to be False; vectors are dense here.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for both or neither of boundaries and number of bins, or an unknown mode.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Discretization
        >>> Discretization([0.0, 1.0, 2.0])(np.array([[-1.5, 1.0, 3.4, 0.5]]))
        array([[0, 2, 3, 1]], dtype=int32)
        >>> layer = Discretization(num_bins=2, epsilon=0.01)
        >>> layer.adapt(np.arange(100.0))
        >>> layer(np.array([3.0, 97.0]))
        array([0, 1], dtype=int32)
    """

    _keeps_integers = True
    _takes_one_array = True

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.output_mode = choice("Discretization", "output_mode", output_mode, OUTPUT_MODES)
        require_dense("Discretization", sparse)
        if (num_bins is None) == (bin_boundaries is None) or (num_bins is not None and num_bins < 0):
            raise ValueError(
                "Discretization: which bins is not clear; expected either bin_boundaries or num_bins from 0, "
                f"got bin_boundaries={bin_boundaries!r}, num_bins={num_bins!r}. Give one of them."
            )
        self.bin_boundaries = None if bin_boundaries is None else [float(b) for b in bin_boundaries]
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.sparse = False
        self._summary: Array = _NOTHING

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Finds boundaries between which there are equally many numbers.

        Args:
            data: an array, or an iterable of batches.
            steps: how many batches to look at; all by default.

        Raises:
            ValueError: for a layer whose boundaries were given.
        """
        if self.num_bins is None:
            raise ValueError(
                f"Discretization {self.name!r}: the boundaries are given; expected num_bins, got bin_boundaries. "
                "Make a layer with num_bins."
            )
        self.reset_state()
        batches: Iterable[Any] = [data] if isinstance(data, (np.ndarray, Tensor)) else data
        for step, batch in enumerate(batches):
            if steps is not None and step >= steps:
                break
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Adds a batch to what :meth:`finalize_state` finds boundaries for."""
        values = np.sort(np.asarray(data, np.float32).reshape(-1))
        step = max(values.size * self.epsilon, 1)
        kept = values[int(step - 1) :: int(step)]
        merged = np.concatenate([np.stack([kept, np.full_like(kept, step)]), self._summary], axis=1)
        self._summary = _compressed(merged[:, np.argsort(merged[0])], self.epsilon)

    def finalize_state(self) -> None:
        """Sets the boundaries from what was seen."""
        if self.num_bins:
            self.bin_boundaries = _compressed(self._summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def reset_state(self) -> None:
        """Forgets the data."""
        self._summary = _NOTHING

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise ValueError(
                f"Discretization {self.name!r}: there are no boundaries; expected adapt(data) before the first call, "
                "got none. Call it, or give bin_boundaries."
            )
        values = ops.expand_dims(ops.cast(inputs, self.dtype), -1)
        above = ops.greater_equal(values, np.asarray(self.bin_boundaries, self.dtype))
        numbers = ops.sum(ops.cast(above, self.dtype), axis=-1)
        if self.output_mode == "int":
            return ops.cast(numbers, "int32")
        return encoded(numbers, self.output_mode, self._depth(), self.dtype)

    def _depth(self) -> int:
        return len(self.bin_boundaries) + 1 if self.bin_boundaries is not None else int(self.num_bins or 0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self.output_mode == "int":
            return tuple(input_shape)
        return encoded_shape(input_shape, self.output_mode, self._depth())

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        from juanji.symbolic.tensor import KerasTensor

        dtype = "int32" if self.output_mode == "int" else self.dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype, "inferred")

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """The layer that :meth:`get_config` described, with the boundaries that were found."""
        config = dict(config)
        found = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        layer = cls(**config)
        if found is not None:
            layer.bin_boundaries = found
        return layer


def _compressed(summary: Array, epsilon: float) -> Array:
    """A summary (values, weights) at quantiles that lie ``epsilon`` of the weight apart."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    sums = summary[1].cumsum()
    shares = sums / sums[-1]
    values = np.interp(wanted, shares, summary[0])
    sums = np.interp(wanted, shares, sums)
    return np.stack([values, sums - np.concatenate([[0.0], sums[:-1]])]).astype(np.float32)
