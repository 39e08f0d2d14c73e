"""Cells that stand on each other, and what is asked of a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from juanji import ops
from juanji.layers._arguments import Shape
from juanji.layers._recurrence import as_list
from juanji.layers._recurrent_cell import Prepared, RecurrentCell
from juanji.layers._registry import deserialize, registry, serialize
from juanji.layers.layer import Layer


@registry.register()
class StackedRNNCells(Layer):
    """Several cells as one: at every step each receives the output of the one before.

    Its state is the list of their states.

    Args:
        cells: the cells, the one that receives the inputs first.
        kwargs: those of :class:`Layer` (name, ...).

    Raises:
        ValueError: for something that is no cell.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> cells = layers.StackedRNNCells([layers.SimpleRNNCell(3), layers.SimpleRNNCell(2)])
        >>> output, states = cells(np.ones((1, 4), "float32"), cells.get_initial_state(1))
        >>> output.shape, [state[0].shape for state in states]
        ((1, 2), [(1, 3), (1, 2)])
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = list(cells)
        for cell in self.cells:
            require_cell("StackedRNNCells", cell)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The states of each cell before the first step."""
        return [_initial_state(cell, batch_size or 1, self.dtype) for cell in self.cells]

    def build(self, input_shape: Shape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:  # type: ignore[override]
        """Output of the last cell and the next states of all of them."""
        project, advance = self.prepare(inputs.shape[0], training)
        return advance(project(inputs), states)

    def prepare(self, batch: int, training: bool | None) -> Prepared:
        """Makes all cells ready for the steps of one call."""
        ready = [prepared(cell, batch, training) for cell in self.cells]

        def advance(x: Any, states: Any) -> tuple[Any, Any]:
            after = []
            for i, (one, state) in enumerate(zip(ready, states)):
                x, new = one.advance(one.project(x) if i else x, as_list(state))
                after.append(new if isinstance(state, (list, tuple)) else new[0])
            return x, after

        return Prepared(ready[0].project, advance)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "cells": [serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        return cls(**{**config, "cells": [deserialize(cell, custom_objects) for cell in config["cells"]]})


def prepared(cell: Any, batch: int, training: bool | None) -> Prepared:
    """A cell made ready for the steps of one call; one of another's making is called at each of them."""
    if isinstance(cell, (RecurrentCell, StackedRNNCells)):
        return cell.prepare(batch, training)
    takes_training = isinstance(cell, Layer) and cell._takes_training
    run = cell if callable(cell) else cell.call

    def advance(x: Any, states: Any) -> tuple[Any, Any]:
        output, after = run(x, states, training=training) if takes_training else run(x, states)
        return output, as_list(after)

    return Prepared(lambda x: x, advance)


def require_cell(owner: str, cell: Any) -> None:
    """Raises ValueError for something that lacks what a recurrent layer asks of a cell."""
    for name in ("call", "state_size"):
        if not hasattr(cell, name):
            raise ValueError(
                f"{owner}: not a cell; expected something with `call` and `state_size`, such as layers.LSTMCell(8), "
                f"got cell={cell!r} without {name}. Pass a cell, or use the layer itself."
            )


def output_size(cell: Any) -> int:
    """The size of a cell's output; that of its first state unless it says so."""
    size = getattr(cell, "output_size", None)
    return int(as_list(cell.state_size)[0] if size is None else size)


def _initial_state(cell: Any, batch: int, dtype: str) -> Any:
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch)
    if isinstance(cell.state_size, int):
        return ops.zeros((batch, cell.state_size), dtype)
    return [ops.zeros((batch, size), dtype) for size in cell.state_size]
