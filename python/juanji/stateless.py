"""Code that reads and writes variables, run without changing them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from juanji._locks import Lock
from juanji._tensor import Tensor

if TYPE_CHECKING:
    from types import TracebackType

    from juanji._variable import Variable


class StatelessScope:
    """A context in which other values stand for variables, and what is assigned is noted instead of written.

    Whatever runs inside reads the values of ``state_mapping``; what it assigns to variables is what it reads from then
    on, and what :meth:`get_current_value` gives. The variables themselves stay as they are. Gradients go to the
    tensors and variables that were given as values. Sources of random numbers are no variables: they draw on.

    Args:
        state_mapping: pairs of a variable and its value, an array, tensor or variable of the same shape.
        collect_losses: whether ``losses`` gathers what layers pass to ``add_loss``.
        initialize_variables: accepted for Keras scripts: variables have their values from the start.

    Raises:
        ValueError: when a key is no variable, or a value has another shape.

    Example:
        >>> import juanji
        >>> v = juanji.Variable([1.0, 2.0])
        >>> with juanji.StatelessScope([(v, [3.0, 4.0])]) as scope:
        ...     y = v * 2.0
        ...     _ = v.assign_add([1.0, 1.0])
        >>> y.numpy(), scope.get_current_value(v).numpy(), v.numpy()
        (array([6., 8.], dtype=float32), array([4., 5.], dtype=float32), array([1., 2.], dtype=float32))
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Any, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        from juanji._variable import Variable

        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.state_mapping: dict[int, Tensor] = {}
        self._variables: list[Variable] = []  # kept alive, so that their ids stay theirs
        self._outer: StatelessScope | None = None
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    f"StatelessScope: not a variable; expected pairs (variable, value), got "
                    f"{type(variable).__name__} as the first of one."
                )
            self.add_update((variable, value))

    def __enter__(self) -> StatelessScope:
        self._outer = _open.scope
        _open.scope = self
        _count(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _open.scope = self._outer
        _count(-1)

    def add_loss(self, loss: Any) -> None:
        """Notes a loss."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Lets a value, the second of the pair, stand for a variable from here on."""
        variable, value = update
        if np.shape(value) != variable.shape:
            raise ValueError(
                f"StatelessScope: wrong shape of a value for variable {variable.name!r}; expected {variable.shape}, "
                f"got {np.shape(value)}. Pass a value for each variable in the order of the variables."
            )
        self._variables.append(variable)
        self.state_mapping[id(variable)] = _as_value(variable, value)

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """What stands for a variable; None when it is neither in the mapping nor was assigned."""
        return self.state_mapping.get(id(variable))

    def update_in_place(self, native: Any, inputs: Sequence[Any]) -> None:
        """Runs an operation that overwrites some of its inputs on copies of those, and notes what they are then.

        Args:
            native: the operation.
            inputs: variables, tensors and arrays.
        """
        changed = native.updated_inputs(len(inputs))
        arrays = [np.array(x) if i in changed else np.asarray(x) for i, x in enumerate(inputs)]
        native(*arrays)
        for i in changed:
            self.add_update((inputs[i], arrays[i]))


def current_scope() -> StatelessScope | None:
    """The scope open on this thread, the innermost."""
    return _open.scope


def current_value(x: Any) -> Any:
    """What stands for a variable in the scope open on this thread; anything else is itself."""
    scope = _open.scope
    return x if scope is None else scope.state_mapping.get(id(x), x)


def new_values(scope: StatelessScope, variables: Sequence[Variable]) -> list[Tensor]:
    """The values of variables at the end of a scope, none of which changes any more."""
    found = ((v, scope.get_current_value(v)) for v in variables)
    return [Tensor(np.array(v)) if value is None or value is v else value for v, value in found]


def require_values(where: str, name: str, values: Sequence[Any], variables: Sequence[Variable]) -> None:
    """Raises ValueError for other than a value for each variable."""
    if len(values) != len(variables):
        raise ValueError(
            f"{where}: wrong number of {name}; expected a value for each of {len(variables)} variables, got "
            f"{len(values)}."
        )


def _as_value(variable: Variable, value: Any) -> Tensor:
    if isinstance(value, Tensor) and value.dtype == variable.dtype:
        # A trainable variable stands for itself, so that gradients find it; others may change while it is read.
        return value if getattr(value, "trainable", True) else Tensor(np.array(value))
    if isinstance(value, Tensor):
        from juanji.ops import cast

        converted: Tensor = cast(value, variable.dtype.name)
        return converted
    return Tensor(np.array(value, dtype=variable.dtype))


class _OpenScope(threading.local):
    scope: StatelessScope | None = None


_open = _OpenScope()
_counting = Lock()
open_scopes = 0  # on all threads: where there are none, as nearly always, nobody has to look


def _count(more: int) -> None:
    global open_scopes
    with _counting:
        open_scopes += more
