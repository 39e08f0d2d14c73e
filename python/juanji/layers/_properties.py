"""What a layer tells about itself under Keras' names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from juanji.autograd import Variable
from juanji.dtype_policies import DTypePolicy, dtype_of
from juanji.dtype_policies import get as get_policy
from juanji.layers._weights import WeightOwner
from juanji.stateless import StatelessScope, new_values, require_values


class LayerProperties(WeightOwner):
    """Types, names and state of a layer; nothing here decides what it computes."""

    _input_spec: Any = None
    _path: str | None = None  # known once the layer has been called inside another

    @property
    def path(self) -> str:
        """Names of the layers around this one and its own, joined by '/'."""
        return self._path or self.name

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The policy of the layer; its name is that of its type."""
        return get_policy(self.dtype)

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self.dtype = dtype_of(value)

    @property
    def compute_dtype(self) -> str:
        """The type the layer computes in."""
        return self.dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the weights."""
        return self.dtype

    @property
    def input_dtype(self) -> str:
        """The type that inputs are converted to."""
        return self.dtype

    @property
    def quantization_mode(self) -> None:
        """None: layers are not quantized."""
        return None

    @property
    def input_spec(self) -> Any:
        """What the inputs of the layer have to be like, as far as the layer says it; see :class:`juanji.InputSpec`."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        self._input_spec = value

    @property
    def metrics(self) -> list[Any]:
        """The metrics among the attributes of this layer and of the layers inside it."""
        return [metric for layer in self.walk() for metric in own_metrics(layer)]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of all :attr:`metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Another name of :meth:`add_weight`, with shape and initializer required."""
        return self.add_weight(shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name)

    def add_metric(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not there, as in Keras 3: raises TypeError that says what to do."""
        raise TypeError(
            f"{type(self).__name__} {self.name!r}: add_metric is not there; expected a metric as an attribute, got a "
            "call of add_metric. Write self.accuracy = juanji.metrics.Accuracy() in the constructor and call its "
            "update_state."
        )

    def quantize(self, mode: Any = None, *args: Any, **kwargs: Any) -> NoReturn:
        """Not there: raises ValueError, since layers compute in float32 and float64."""
        raise ValueError(
            f"{type(self).__name__} {self.name!r}: layers cannot be quantized; expected float32 or float64, got "
            f"mode={mode!r}. Leave the call out."
        )

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """The output with other values in the place of the weights, which stay as they are.

        Gradients go to the values where those are tensors. Sources of random numbers draw on.

        Args:
            trainable_variables, non_trainable_variables: a value for each of the layer's variables.
            args, kwargs: those of the call.
            return_losses: whether penalties are returned too.

        Returns:
            The output, the values of the non-trainable variables after the call, and the penalties if wanted.

        Raises:
            ValueError: for a layer that has no weights yet, or another number of values.

        Example:
            >>> import numpy as np
            >>> from juanji import layers
            >>> layer = layers.Dense(1)
            >>> layer.build((None, 2))
            >>> outputs, state = layer.stateless_call([np.ones((2, 1)), np.zeros(1)], [], np.ones((1, 2)))
            >>> outputs.numpy(), state
            (array([[2.]], dtype=float32), [])
        """
        layer: Any = self
        where = f"{type(self).__name__} {self.name!r}.stateless_call"
        if not layer.built:
            raise ValueError(
                f"{where}: the layer has no weights; expected a built layer. Call build(input_shape) first."
            )
        fixed = self.non_trainable_variables
        require_values(where, "trainable_variables", trainable_variables, self.trainable_variables)
        require_values(where, "non_trainable_variables", non_trainable_variables, fixed)
        mapping = zip([*self.trainable_variables, *fixed], [*trainable_variables, *non_trainable_variables])
        with StatelessScope(mapping) as scope:
            outputs = layer(*args, **kwargs)
            losses = [layer.losses] if return_losses else []
        return (outputs, new_values(scope, fixed), *losses)


def own_metrics(layer: WeightOwner) -> list[Any]:
    """The metrics among the attributes of a layer, also in lists and dictionaries."""
    from juanji.metrics.metric import Metric  # metrics know losses, which know layers' neighbours

    found: list[Any] = []

    def collect(values: Iterable[Any]) -> None:
        for value in values:
            if isinstance(value, Metric):
                if not any(value is other for other in found):
                    found.append(value)
            elif type(value) in (list, tuple):
                collect(value)
            elif type(value) is dict:
                collect(value.values())

    collect(value for name, value in vars(layer).items() if name not in _WITHOUT_METRICS)
    return found


_WITHOUT_METRICS = frozenset(("_own_weights", "_inbound_nodes", "_form", "_compiled", "_recorder", "_own_graph"))
