"""What all metrics share: state that is updated batch by batch, and the running mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import Tensor, Variable
from juanji.config import floatx
from juanji.losses.loss import masked_weights, same_rank
from juanji.losses.loss import registry as losses
from juanji.metrics._value import with_numpy
from juanji.stateless import StatelessScope, new_values, require_values
from juanji.trace import TracedTensor, deferred, traced_or_deferred
from juanji.utils.naming import auto_name
from juanji.utils.registry import Configurable, Registry

Array = np.ndarray[Any, Any]
MetricFunction = Callable[..., Any]

registry: Registry[Any] = Registry("juanji.metrics")


class Metric(Configurable, ABC):
    """Base of all metrics: :meth:`update_state` takes in a batch, :meth:`result` gives the value so far.

    State is kept in variables made by :meth:`add_variable`; :meth:`reset_state` sets them to zero.

    Args:
        dtype: element type given to functions that want one; the default float type.
        name: shown in logs; the class name in snake case by default.

    Example:
        >>> import numpy as np
        >>> class Largest(Metric):
        ...     def __init__(self, name="largest"):
        ...         super().__init__(name=name)
        ...         self.value = self.add_variable(())
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.value.assign(max(float(self.value), float(np.max(y_pred))))
        ...     def result(self):
        ...         return float(self.value)
        >>> largest = Largest()
        >>> largest([0, 0], [1.0, 3.0]), largest([0], [2.0])
        (3.0, 3.0)
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update_state" in vars(cls):
            cls.update_state = traced_or_deferred(cls.update_state)  # type: ignore[method-assign]
        if "result" in vars(cls):
            cls.result = deferred(with_numpy(cls.result))  # type: ignore[method-assign]

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self.dtype: str = np.dtype(getattr(dtype, "compute_dtype", dtype) or floatx()).name
        self._variables: list[Variable] = []

    def add_variable(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = None,
        dtype: Any = "float64",
        name: str | None = None,
    ) -> Variable:
        """Makes a variable of state. Sums are float64: a million float32 additions would drift.

        Args:
            shape: its shape.
            initializer: name, function or object that makes the first value; zeros by default.
            dtype: element type.
            name: of the variable.
        """
        value = np.zeros(shape, dtype)
        if initializer is not None:
            from juanji import initializers

            value = np.asarray(initializers.get(initializer)(shape, dtype))
        variable = Variable(value, trainable=False, name=name or "variable")
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    add_weight = add_variable

    @property
    def variables(self) -> list[Variable]:
        """The state."""
        return list(self._variables)

    @abstractmethod
    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes in a batch."""

    @abstractmethod
    def result(self) -> Any:
        """The value over all batches since the last reset."""

    def reset_state(self) -> None:
        """Forgets all batches."""
        for variable in self._variables:
            variable.assign(np.zeros(variable.shape))

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Tensor]:
        """The state after a batch that begins with other values, which stay as they are.

        Args:
            metric_variables: a value for each of :attr:`variables`.
            args, kwargs: those of :meth:`update_state`.

        Raises:
            ValueError: for another number of values.

        Example:
            >>> mean = Mean()
            >>> state = mean.stateless_update_state([6.0, 2.0], [0.0])
            >>> float(mean.stateless_result(state)), mean.result()
            (2.0, 0.0)
        """
        with self._scope("stateless_update_state", metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return new_values(scope, self.variables)

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The value that belongs to other values of :attr:`variables`."""
        with self._scope("stateless_result", metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Tensor]:
        """The state of a metric that has seen nothing."""
        with StatelessScope() as scope:
            self.reset_state()
        return new_values(scope, self.variables)

    def _scope(self, method: str, values: Sequence[Any]) -> StatelessScope:
        require_values(f"{type(self).__name__}.{method}", "metric_variables", values, self.variables)
        return StatelessScope(zip(self.variables, values))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


@registry.register(snake_case=True)
class Sum(Metric):
    """The (weighted) sum of all values.

    Example:
        >>> Sum()([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
        4.0
    """

    def __init__(self, name: str = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = _float64(values)
        if sample_weight is not None:
            values, weights = _weighted(values, sample_weight, ops.sum)
            values = values * weights
        self.total.assign_add(ops.sum(values))

    def result(self) -> float:
        return float(self.total.value)


class RunningMean(Metric):
    """Base of metrics that are the mean of a value over all samples: :meth:`add` takes the values of a batch."""

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def add(self, values: Any, sample_weight: Any = None) -> None:
        """Takes in one value per sample; values of rank 2 and more are first averaged per sample."""
        values = _float64(values)
        if not values.size:
            return
        if sample_weight is None:
            samples = values.shape[0] if values.ndim else 1
            self.total.assign_add(ops.sum(values) * (samples / values.size))
            self.count.assign_add(samples)
            return
        values, weights = _weighted(values, sample_weight, ops.mean)
        per_sample = tuple(range(1, values.ndim))
        self.total.assign_add(ops.sum(ops.mean(values * weights, per_sample)))
        self.count.assign_add(ops.sum(ops.mean(weights, per_sample)))

    def result(self) -> float:
        count = float(self.count.value)
        return float(self.total.value) / count if count else 0.0


@registry.register(snake_case=True)
class Mean(RunningMean):
    """The (weighted) mean of all values, 0 before the first.

    Values of rank 2 and more are averaged per sample first.

    Example:
        >>> mean = Mean()
        >>> mean([1, 3, 5, 7]), mean([14])
        (4.0, 6.0)
        >>> Mean()([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
        2.0
    """

    def __init__(self, name: str = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        self.add(values, sample_weight)


def _float64(x: Any) -> Any:
    return ops.cast(plain(x), "float64")


def _weighted(values: Any, sample_weight: Any, reduce: Callable[..., Any]) -> tuple[Any, Any]:
    """Values reduced to the rank of the weights, and the weights broadcast to them."""
    values, weights = same_rank(values, _float64(sample_weight))
    if values.ndim > weights.ndim:
        values = reduce(values, axis=tuple(range(weights.ndim, values.ndim)))
    try:
        return values, ops.broadcast_to(weights, values.shape)
    except ValueError:
        raise ValueError(
            f"metric: sample weights do not fit the values; expected shape {values.shape[:1]} or "
            f"{values.shape}, got sample_weight.shape={weights.shape}."
        ) from None


def plain(x: Any) -> Any:
    """An array or, in a recorded step, a tensor without a history: what a metric computes has no gradient."""
    return ops.stop_gradient(x) if isinstance(x, TracedTensor) else np.asarray(x)


@registry.register(snake_case=True)
class MeanMetricWrapper(RunningMean):
    """The running mean of a function of one value per sample.

    Args:
        fn: called as ``fn(y_true, y_pred, **kwargs)`` with NumPy arrays.
        name: the function's name by default.
        dtype: as in :class:`Metric`.
        kwargs: passed on to ``fn``; also attributes of the metric.

    Example:
        >>> metric = MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred), name="distance")
        >>> metric([1.0, 2.0], [1.0, 4.0])
        1.0
    """

    def __init__(self, fn: MetricFunction, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(dtype, name or getattr(fn, "__name__", None))
        self.fn = fn
        self._arguments = kwargs

    def __getattr__(self, name: str) -> Any:
        arguments = self.__dict__.get("_arguments", {})
        if name in arguments:
            return arguments[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        values = self.fn(plain(y_true), plain(y_pred), **self._arguments)
        self.add(values, masked_weights(sample_weight, y_pred))

    def get_config(self) -> dict[str, Any]:
        own = {"fn": losses.serialize(self.fn)} if type(self) is MeanMetricWrapper else {}
        return {**super().get_config(), **own, **self._arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> MeanMetricWrapper:
        if "fn" not in config:
            return cls(**config)
        fn = config["fn"]
        name = fn.get("config") if isinstance(fn, Mapping) else fn
        family = losses if isinstance(name, str) and losses.knows(name) else registry
        return cls(**{**config, "fn": family.get(fn)})
