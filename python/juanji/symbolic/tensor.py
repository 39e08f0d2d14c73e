"""Symbolic tensors, and the calls that connect them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np

from juanji._operators import Operators
from juanji.symbolic.structure import flatten, map_structure

Shape = tuple[int | None, ...]


class KerasHistory(NamedTuple):
    """Where a symbolic tensor comes from.

    Attributes:
        operation: the layer, model or function that was called.
        node_index: which of its calls it was.
        tensor_index: which of the outputs of that call.
    """

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor(Operators):
    """The shape and type of a value that does not exist yet; what :func:`juanji.Input` gives.

    Layers and the functions of ``juanji.ops`` accept it and give symbolic tensors again; ``Model(inputs, outputs)``
    makes a model of everything between. Operators and indexing work as for arrays.

    Args:
        shape: sizes, None where one varies.
        dtype: name of the element type.
        name: made by itself when left out.

    Example:
        >>> from juanji import Input
        >>> x = Input((4,))
        >>> (x * 2 + 1).shape
        (None, 4)
    """

    def __init__(self, shape: Sequence[int | None], dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = str(np.dtype(dtype))
        self.name = name or automatic_name("keras_tensor")
        self._keras_history: KerasHistory | None = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def reshape(self, newshape: Sequence[int]) -> Any:
        """As :func:`juanji.ops.reshape`."""
        from juanji import ops

        return ops.reshape(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """As :func:`juanji.ops.squeeze`."""
        from juanji import ops

        return ops.squeeze(self, axis)

    def __getitem__(self, index: Any) -> Any:
        from juanji import ops

        return ops.get_item(self, index)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """NumPy's functions that ``juanji.ops`` has under the same name are written down as those."""
        from juanji import ops

        own = getattr(ops, ufunc.__name__, None)
        if method == "__call__" and own is not None and not kwargs:
            return own(*inputs)
        self._refuse(f"with np.{ufunc.__name__}", "Use the functions of juanji.ops, or put the code into a Layer")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        self._refuse("as an array", "Use the functions of juanji.ops in place of NumPy's, or put the code into a Layer")

    def __bool__(self) -> NoReturn:
        self._refuse("as a condition", "Use juanji.ops.where, or put the code into a Layer")

    def __float__(self) -> NoReturn:
        self._refuse("as a number", "Put the code into a Layer")

    __int__ = __index__ = __float__

    def __len__(self) -> NoReturn:
        self._refuse("with len()", "Take the sizes from x.shape, where None stands for one that varies")

    def __iter__(self) -> NoReturn:
        self._refuse("in a loop", "Take its parts with x[:, i], or use juanji.ops.split")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _refuse(self, use: str, remedy: str) -> NoReturn:
        raise TypeError(
            f"KerasTensor: it has no value and cannot be used {use}; expected an array or Tensor, got the symbolic "
            f"tensor {self.name!r} of shape {self.shape}. {remedy}."
        )


def automatic_name(prefix: str) -> str:
    """A name not used yet; see :func:`juanji.utils.naming.auto_name`."""
    from juanji.utils.naming import auto_name  # the package of utilities is built on ops, and ops on this

    return auto_name(prefix)


def named_outputs(outputs: Any) -> Any:
    """Gives the results of inference their names, which are not used up before a call is written down."""
    for y in flatten(outputs):
        y.name = automatic_name("keras_tensor")
    return outputs


def is_keras_tensor(x: Any) -> bool:
    """Whether ``x`` is a symbolic tensor.

    Example:
        >>> import juanji
        >>> juanji.utils.is_keras_tensor(juanji.Input((3,)))
        True
    """
    return isinstance(x, KerasTensor)


class Node:
    """One call of a layer, model or function with symbolic tensors.

    Making it enters the call into ``operation._inbound_nodes`` and into the history of the outputs.

    Args:
        operation: what was called.
        args, kwargs: the arguments; symbolic tensors may be nested in lists, tuples and dictionaries.
        outputs: the results, new symbolic tensors, perhaps nested.
    """

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.input_tensors: list[KerasTensor] = symbolic_members((args, kwargs))
        self.outputs = outputs
        self.output_tensors: list[KerasTensor] = flatten(outputs)
        for i, y in enumerate(self.output_tensors):
            y._keras_history = KerasHistory(operation, len(operation._inbound_nodes), i)
        operation._inbound_nodes.append(self)

    @property
    def is_input(self) -> bool:
        """Whether data enters here."""
        return not self.input_tensors

    @property
    def parents(self) -> list[Node]:
        """The calls that made the inputs."""
        return [node_of(x) for x in self.input_tensors]

    def filled(self, values: dict[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with symbolic tensors replaced by ``values``, by their id."""

        def value(x: Any) -> Any:
            return values[id(x)] if isinstance(x, KerasTensor) else x

        return map_structure(value, self.args), map_structure(value, self.kwargs)


def node_of(x: KerasTensor) -> Node:
    """The call that made a symbolic tensor. Raises ValueError for one that no call made."""
    history = x._keras_history
    if history is None:
        raise ValueError(
            f"KerasTensor: {x.name!r} comes from nowhere; expected the result of Input, a layer or an operation, got "
            "a KerasTensor made by hand. Use juanji.Input."
        )
    node: Node = history.operation._inbound_nodes[history.node_index]
    return node


def tensor_index(x: KerasTensor) -> int:
    """Which of the results of the call that made it a symbolic tensor is."""
    return 0 if x._keras_history is None else x._keras_history.tensor_index


def symbolic_members(structure: Any) -> list[KerasTensor]:
    """The symbolic tensors in nested lists, tuples and dictionaries."""
    return [x for x in flatten(structure) if isinstance(x, KerasTensor)]


def any_symbolic(structure: Any) -> bool:
    """Whether there is a symbolic tensor in nested lists, tuples and dictionaries; cheap where there is none."""
    if isinstance(structure, KerasTensor):
        return True
    if isinstance(structure, (list, tuple)):
        return any(any_symbolic(x) for x in structure)
    if isinstance(structure, dict):
        return any(any_symbolic(x) for x in structure.values())
    return False
