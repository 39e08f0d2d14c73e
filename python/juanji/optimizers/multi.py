"""Different optimizers for different variables of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from juanji import _structure
from juanji.autograd import Variable, open_trace
from juanji.optimizers.loss_scale import LossScaleOptimizer
from juanji.optimizers.optimizer import Optimizer, registry


@registry.register()
class OptimizerMap(MutableMapping[str, Optimizer]):
    """Optimizers by the paths of variables, or by regular expressions that match all of a path.

    Args:
        default_optimizer: for paths that are not in the map.
        optimizer_map: a dictionary to begin with.

    Example:
        >>> import juanji
        >>> sgd, adam = juanji.optimizers.SGD(), juanji.optimizers.Adam()
        >>> chosen = OptimizerMap(sgd, {"head/.*": adam})
        >>> chosen["head/kernel"] is adam, chosen["body/kernel"] is sgd
        (True, True)
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None) -> None:
        self.default_optimizer = _usable("OptimizerMap", default_optimizer)
        self._map: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._map:
            return self._map[key]
        matching = [pattern for pattern in self._map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"OptimizerMap: several optimizers for one variable; expected one pattern that matches {key!r}, got "
                f"{', '.join(map(repr, matching))}. Make the patterns narrower."
            )
        return self._map[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: wrong key; expected the path of a variable or a pattern, got {key!r}.")
        if key in self._map:
            raise ValueError(f"OptimizerMap: the key is there already; expected another one, got {key!r}.")
        self._map[key] = _usable("OptimizerMap", optimizer)

    def __delitem__(self, key: str) -> None:
        del self._map[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._map)

    def __len__(self) -> int:
        return len(self._map)

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer for a variable."""
        return self[str(getattr(variable, "path", variable.name))]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal map."""
        return {
            "default_optimizer": registry.serialize(self.default_optimizer),
            "optimizer_map": {key: registry.serialize(optimizer) for key, optimizer in self._map.items()},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> OptimizerMap:
        """A map from what :meth:`get_config` gave."""
        found = {key: registry.deserialize(value) for key, value in config["optimizer_map"].items()}
        return cls(registry.deserialize(config["default_optimizer"]), found)


@registry.register()
class MultiOptimizer(Optimizer):
    """Hands each variable to an optimizer of its own, chosen when the first step is made.

    Args:
        optimizer_map: an :class:`OptimizerMap`, or a function that gives the optimizer for a variable.
        loss_scale_factor: that of all optimizers.
        name: the class name in snake case by default.

    Example:
        >>> import numpy as np, juanji
        >>> optimizer = MultiOptimizer(OptimizerMap(juanji.optimizers.SGD(0.5), {"b": juanji.optimizers.SGD(0.25)}))
        >>> a, b = juanji.Variable(0.0, name="a"), juanji.Variable(0.0, name="b")
        >>> optimizer.apply([np.array(1.0), np.array(1.0)], [a, b])
        >>> float(a), float(b)
        (-0.5, -0.25)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not callable(optimizer_map):
            raise TypeError(
                "MultiOptimizer: wrong optimizer_map; expected an OptimizerMap or a function that gives the optimizer "
                f"for a variable, got {optimizer_map!r}."
            )
        self._optimizers: list[Optimizer] = []
        self._owner: list[int] = []  # for each trained variable
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in [*optimizer_map.values(), optimizer_map.default_optimizer]:
                self._add(optimizer)

    def _add(self, optimizer: Optimizer) -> int:
        for i, known in enumerate(self._optimizers):
            if known is optimizer:
                return i
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._optimizers.append(optimizer)
        return len(self._optimizers) - 1

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "loss_scale_factor":
            for optimizer in self._optimizers:
                optimizer.loss_scale_factor = value

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._owner = [self._add(_usable("MultiOptimizer", self._optimizer_map(v))) for v in variables]
        for i, optimizer in enumerate(self._optimizers):
            own = [v for v, owner in zip(variables, self._owner) if owner == i]
            if own:
                optimizer.build(own)
        _structure.setting_changed()

    @property
    def optimizers(self) -> list[Optimizer]:
        """Those that make the steps."""
        return self._optimizers

    @property
    def variables(self) -> list[Variable]:
        return [*self._variables, *(v for optimizer in self._optimizers for v in optimizer.variables)]

    @property
    def learning_rate(self) -> Any:
        """Each optimizer has its own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(_NO_RATE)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if vars(self).get("_optimizers"):
            raise AttributeError(_NO_RATE)
        self._learning_rate = self._placed(Variable(value, trainable=False, dtype="float64", name="learning_rate"))
        self._variables.append(self._learning_rate)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        grads = list(grads)
        if not grads:
            return
        variables = self._built_with(trainable_variables)
        self._check_count("apply", "gradients", grads, self._trainable)
        for i, optimizer in enumerate(self._optimizers):
            pairs = [(g, v) for g, v in zip(grads, variables) if self._owner[self._get_variable_index(v)] == i]
            if pairs:
                optimizer.apply_gradients(pairs)
        trace = open_trace()
        if trace is None:
            self._finish_step()
        else:
            trace.defer(self._finish_step)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        for optimizer in self._optimizers:
            optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        if not isinstance(self._optimizer_map, OptimizerMap):
            raise ValueError(
                "MultiOptimizer: a function has no configuration; expected an OptimizerMap to store this optimizer, "
                f"got optimizer_map={self._optimizer_map!r}."
            )
        return {
            "optimizer_map": registry.serialize(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        return cls(**{**config, "optimizer_map": registry.deserialize(config["optimizer_map"])})


_NO_RATE = (
    "MultiOptimizer: it has no learning rate of its own; expected the learning_rate of one of its optimizers. Use "
    "optimizer.optimizers[0].learning_rate and so on."
)


def _usable(owner: str, optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer) or isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
        raise TypeError(
            f"{owner}: not an optimizer for some of the variables; expected an Optimizer other than "
            f"LossScaleOptimizer and MultiOptimizer, got {optimizer!r}."
        )
    return optimizer
