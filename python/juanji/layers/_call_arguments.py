"""What a layer does with the arguments of `call` besides its input, and with the masks that arguments carry."""

from __future__ import annotations

import inspect
import warnings
from typing import Any, ClassVar

import numpy as np

from juanji._masks import carry_masks, get_mask, masks_of, set_mask
from juanji.autograd import Tensor
from juanji.symbolic.structure import flatten, map_structure
from juanji.symbolic.tensor import KerasTensor


class CallArguments:
    """Types, shapes and masks of arguments; part of :class:`Layer`."""

    name: str
    dtype: str
    supports_masking: bool = False
    _argument_names: ClassVar[tuple[str, ...]]
    _shape_arguments: ClassVar[frozenset[str]] = frozenset()  # of build, besides the first
    _makes_masks: ClassVar[bool] = False  # whether compute_mask is more than passing a mask on
    _warned_of_mask = False

    @classmethod
    def _look_at_methods(cls, build: Any) -> None:
        cls._shape_arguments = frozenset(list(inspect.signature(build).parameters)[2:])
        cls._makes_masks = cls.compute_mask is not CallArguments.compute_mask
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output; that of the input unless overridden. Asked for when ``supports_masking`` is set.

        Args:
            inputs: what the layer was called with.
            previous_mask: the mask it carries, nested like it; None without one.
        """
        return previous_mask

    def _converted_arguments(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Floats among the other arguments in the type of the layer; what is no array stays as it is."""
        return {name: map_structure(self._converted_argument, value) for name, value in kwargs.items()}

    def _converted_argument(self, x: Any) -> Any:
        if not isinstance(x, (np.ndarray, Tensor)) or x.dtype.kind != "f" or x.dtype == self.dtype:
            return x
        from juanji import ops

        y, mask = ops.cast(x, self.dtype), get_mask(x)
        if mask is not None:
            set_mask(y, mask)
        return y

    def _other_shapes(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments of `build` that tell the shapes of other arguments of `call`, as ``value_shape`` of `value`."""
        if not self._shape_arguments:
            return {}
        known = {f"{name}_shape": value for name, value in kwargs.items() if _is_data(value)}
        return {name: map_structure(lambda x: tuple(x.shape), known[name]) for name in self._shape_arguments & {*known}}

    def _fill_masks(self, x: Any, masks: Any, kwargs: dict[str, Any]) -> Any:
        """Fills in arguments for masks that were left out: `mask`, or `value_mask` for the mask of `value`.

        Args:
            x: the input.
            masks: those it carries.
            kwargs: the other arguments, changed in place.

        Returns:
            The mask that the output's is made of.
        """
        if masks is not None:
            carry_masks(masks, x)  # conversion has made other arrays
        others = {name: value for name, value in kwargs.items() if _is_data(value)}
        if not others:
            if masks is not None and "mask" in self._argument_names:
                kwargs["mask"] = masks
        else:
            for name, value in {self._argument_names[0]: x, **others}.items():
                key = f"{name}_mask"
                if key in self._argument_names and kwargs.get(key) is None:
                    kwargs[key] = masks_of(value)
        explicit = kwargs.get("mask")
        return masks if explicit is None else explicit

    def _masked(self, x: Any, y: Any, masks: Any) -> Any:
        """The output, carrying its mask.

        Args:
            x, y: input and output.
            masks: those of the input.
        """
        if not self.supports_masking:
            if masks is not None and not self._warned_of_mask:
                self._warned_of_mask = True
                warnings.warn(
                    f"{type(self).__name__} {self.name!r}: the input carries a mask, which ends here, as this layer "
                    "does not pass masks on. Set supports_masking = True in a layer of your own where masks hold.",
                    stacklevel=3,
                )
            return y
        if all(get_mask(one) is not None for one in flatten(y)):
            return y
        made = self.compute_mask(x, masks)
        if made is not None:
            if y is x and isinstance(x, np.ndarray):
                y = x.view()  # the array of the caller stays without a mask
            carry_masks(made, y)
        return y


def _is_data(value: Any) -> bool:
    """Whether this argument is an array, a tensor, or some of them nested."""
    if isinstance(value, (list, tuple, dict)):
        return any(isinstance(x, (np.ndarray, Tensor, KerasTensor)) for x in flatten(value))
    return isinstance(value, (np.ndarray, Tensor, KerasTensor))
