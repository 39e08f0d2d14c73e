"""The list that calls the callbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from juanji.callbacks.base import Callback
from juanji.callbacks.history import History
from juanji.callbacks.progress import ProgbarLogger


class CallbackList(Callback):
    """Calls every callback in turn; only those that override a method, so that a batch costs little.

    Every method of :class:`Callback` calls that of all. As a context manager it closes the progress bar when the work
    inside is interrupted.

    Args:
        callbacks: the callbacks, a list or a single one.
        add_history: whether a :class:`History` is added when there is none.
        add_progbar: whether a :class:`ProgbarLogger` is added when there is none.
        model: passed to each.
        params: passed to each: 'epochs', 'steps', 'verbose', ...

    Example:
        >>> import juanji
        >>> from juanji.callbacks import CallbackList
        >>> calls = CallbackList(add_history=True, model=juanji.Sequential([juanji.layers.Dense(1)]), epochs=1)
        >>> calls.on_train_begin()
        >>> calls.on_epoch_end(0, logs={"loss": 0.5})
        >>> calls.callbacks[0].history
        {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Callback | Sequence[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
        for wanted, kind in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(callback, kind) for callback in self.callbacks):
                self.callbacks.append(kind())
        self._overriding: dict[str, list[Any]] = {}
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def append(self, callback: Callback) -> None:
        """Adds a callback."""
        self.callbacks.append(callback)
        self._overriding.clear()

    def call(self, method: str, *args: Any, **kwargs: Any) -> None:
        """Calls ``method`` of every callback that overrides it."""
        bound = self._overriding.get(method)
        if bound is None:
            bound = [getattr(c, method) for c in self.callbacks if _overrides(c, method)]
            self._overriding[method] = bound
        for function in bound:
            function(*args, **kwargs)

    def __enter__(self) -> CallbackList:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for callback in self.callbacks:
            if isinstance(callback, ProgbarLogger):
                callback.close()


_ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _overrides(callback: Any, method: str) -> bool:
    names = [method, _ALIASES[method]] if method in _ALIASES else [method]
    return any(
        getattr(type(callback), name, None) is not getattr(Callback, name) or name in vars(callback) for name in names
    )


def _of_all(method: str) -> Callable[..., None]:
    def call_all(self: CallbackList, *args: Any, **kwargs: Any) -> None:
        self.call(method, *args, **kwargs)

    return call_all


for _name in vars(Callback):
    if _name.startswith("on_"):
        setattr(CallbackList, _name, _of_all(_name))
