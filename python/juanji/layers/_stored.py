"""What a layer tells about itself when it is stored, and how it is made again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from juanji import regularizers
from juanji.autograd import Variable
from juanji.layers._weights import OwnedWeight
from juanji.symbolic.structure import flatten, map_shapes
from juanji.trace import is_own

_PLAIN = (str, int, float, bool, type(None))


class Stored:
    """The configuration of a layer, the shape it was built for, and its weights under numbers, as in Keras."""

    name: str
    trainable: Any
    dtype: str
    built: bool
    activity_regularizer: Any
    _own_weights: list[OwnedWeight]
    _build_shape: Any = None  # of the first input
    _init_arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None  # of layers that are not juanji's own

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        if not is_own(cls):
            vars(layer)["_init_arguments"] = (args, kwargs)
        return layer

    def get_config(self) -> dict[str, Any]:
        """The arguments that would create this layer again, in simple types.

        A class with arguments of its own overrides it; when it does not, they are taken from the call that made the
        layer, as long as they are numbers, strings, None or lists of those.

        Raises:
            ValueError: when they are something else.
        """
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        overridden = _owner(type(self), "get_config")
        if self._init_arguments is None or not is_own(overridden):
            return config
        return _with_arguments(self, config, *self._init_arguments)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The layer that :meth:`get_config` described."""
        return cls(**config)

    def get_build_config(self) -> dict[str, Any] | None:
        """What :meth:`build_from_config` needs to create the weights again; None while there are none."""
        return None if self._build_shape is None else {"input_shape": self._build_shape}

    def build_from_config(self, config: Mapping[str, Any] | None) -> None:
        """Creates the weights as :meth:`get_build_config` described."""
        layer: Any = self
        config = config or {}
        if config.get("input_shape") is not None:
            layer.build(map_shapes(tuple, config["input_shape"]))
        elif config.get("shapes_dict"):
            layer.build(**{name: map_shapes(tuple, shape) for name, shape in config["shapes_dict"].items()})

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Puts the weights of this layer, without those of layers inside, into ``store``: trainable ones first."""
        for i, variable in enumerate(self._stored_variables()):
            store[str(i)] = variable.value

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Takes the weights that :meth:`save_own_variables` stored.

        Raises:
            ValueError: when their number or a shape differs.
        """
        variables = self._stored_variables()
        if len(store) != len(variables):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: wrong number of weights; expected {len(variables)}, got "
                f"{len(store)}. Use the model that the file was written from."
            )
        for i, variable in enumerate(variables):
            value = store[str(i)]
            if tuple(value.shape) != variable.shape:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r}: wrong shape of {variable.name!r}; expected "
                    f"{variable.shape}, got shape={tuple(value.shape)}. Use the model that the file was written from."
                )
        for i, variable in enumerate(variables):
            variable.assign(store[str(i)])

    def _stored_variables(self) -> list[Variable]:
        return [w.variable for w in sorted(self._own_weights, key=lambda weight: not weight.trainable)]


def _owner(kind: type, method: str) -> type:
    return next(one for one in kind.__mro__ if method in vars(one))


def _with_arguments(
    layer: Any, config: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """The configuration with the arguments of ``__init__`` that are not already in it."""
    parameters = inspect.signature(type(layer).__init__).parameters
    bound = inspect.signature(type(layer).__init__).bind(layer, *args, **kwargs)
    given: dict[str, Any] = {}
    simple = True
    for name, value in list(bound.arguments.items())[1:]:
        kind = parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            given.update(value)
        else:
            given[name] = value
            simple &= kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if not simple or not all(isinstance(value, _PLAIN) for value in flatten(given)):
        raise ValueError(
            f"{type(layer).__name__}: the arguments of its class cannot be stored; expected numbers, strings and lists "
            f"of those, got {', '.join(f'{name}={value!r}' for name, value in given.items())}. Write get_config() that "
            "gives them as plain data, and from_config() that takes it."
        )
    takes_all = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    return {**{name: value for name, value in config.items() if takes_all or name in parameters}, **given}
