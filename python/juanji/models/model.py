"""The base class of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from juanji.layers._arguments import positive_int
from juanji.layers._registry import registry
from juanji.layers.layer import Layer
from juanji.models.functional import Functional
from juanji.models.graph_config import graph_config, graph_ends
from juanji.models.masked_graph import graph_to_store

if TYPE_CHECKING:
    pass


@registry.register("Functional")
class Model(Functional):
    """Layers that are trained together.

    Models are layers: they are called, and may be part of other models. ``Model(inputs, outputs)`` makes a functional
    model of everything between symbolic tensors; other models are subclasses with a :meth:`call`.

    Args:
        inputs: results of ``juanji.Input``, or of any layer (the model then begins there), alone or nested in lists,
            tuples and dictionaries.
        outputs: symbolic tensors that follow from them, alone or nested.
        name: made by itself when left out.
        kwargs: those of :class:`Layer` (trainable, dtype).

    Raises:
        ValueError: for outputs that need other inputs, anything not symbolic, or names used twice.

    Example:
        >>> import numpy as np
        >>> from juanji import Input, Model, layers
        >>> x = Input((8, 8, 3))
        >>> y = layers.Conv2D(3, 3, padding="same", activation="relu")(x)
        >>> model = Model(x, layers.GlobalAveragePooling2D()(x + y))
        >>> model.predict(np.zeros((2, 8, 8, 3)), verbose=0).shape
        (2, 3)
        >>> class Classifier(Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = layers.Dense(8, activation="relu")
        ...         self.out = layers.Dense(2, activation="softmax")
        ...     def call(self, inputs):
        ...         return self.out(self.hidden(inputs))
        >>> Classifier().predict(np.zeros((3, 5)), verbose=0).shape
        (3, 2)
    """

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or number.

        Raises:
            ValueError: when there is none, with the names there are.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError(
                f"get_layer: expected either name or index, got name={name!r}, index={index!r}. Pass one of the two."
            )
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"get_layer: no such layer; expected an index below {len(layers)}, got index={index}. "
                    "See summary() for the layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"get_layer: no such layer; expected one of {', '.join(s.name for s in layers)}, got name={name!r}."
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Prints a table of the layers with output shapes and numbers of parameters.

        Args:
            line_length: width in characters; that of the terminal, at most 88 (108 with branches), by default.
            positions: right end of each column as a part of the width; [0.45, 0.8, 1.0] by default, and
                [0.32, 0.54, 0.67, 1.0] for a model with branches, which has a column 'Connected to'.
            print_fn: receives the whole text instead of ``print``.
            expand_nested: also list the layers inside layers.
            show_trainable: add a column with Y where training changes the layer.
            layer_range: names of the first and the last layer to list.

        Example:
            >>> from juanji import Sequential, layers
            >>> Sequential([layers.Input((4,)), layers.Dense(2)]).summary(line_length=60)
            Model: "sequential..."
            ...
        """
        from juanji.models.summary import summary_text

        text = summary_text(self, line_length, positions, expand_nested, show_trainable, layer_range)
        (print_fn or print)(text)

    def estimate(self, batch_size: int = 32, samples: int | None = None, seconds: float = 1.0) -> Any:
        """What training will cost, found by training a copy on zeros for a moment; the model stays as it is.

        Args:
            batch_size: samples of a step.
            samples: samples of an epoch, to know its time.
            seconds: how long to measure; three steps at least.

        Returns:
            An :class:`~juanji.models.profiling.Estimate` of memory and time; printing it gives a sentence.

        Raises:
            ValueError: when the model is not compiled, or its input has no fixed shape.

        Example:
            >>> from juanji import Sequential, layers
            >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
            >>> model.compile("adam", "mse")
            >>> cost = model.estimate(batch_size=8, samples=80, seconds=0.0)
            >>> cost.weight_bytes, cost.seconds_per_epoch > 0
            (136, True)
        """
        from juanji.models.profiling import estimate

        return estimate(self, positive_int("estimate", "batch_size", batch_size), samples, seconds)

    def get_config(self) -> dict[str, Any]:
        """The arguments that would make this model again, in simple types.

        Those of a functional model are its layers with their calls. A subclass with arguments of its own has to
        override it.
        """
        if self._own_graph is None or not self._is_plain():
            return super().get_config()
        with graph_to_store(self._own_graph) as graph:
            return {"name": self.name, "trainable": self.trainable, **graph_config(graph)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
        """The model that :meth:`get_config` described, with new weights.

        Args:
            config: from :meth:`get_config`.
            custom_objects: classes by name, for layers that are not juanji's own.

        Example:
            >>> from juanji import Input, Model, layers
            >>> x = Input((4,))
            >>> model = Model(x, layers.Dense(2)(x) * 0.5)
            >>> Model.from_config(model.get_config()).output_shape
            (None, 2)
        """
        if "input_layers" not in config:
            return cls(**config)
        inputs, outputs = graph_ends(config, custom_objects)
        return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))
