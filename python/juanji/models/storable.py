"""What models have for being stored: files, JSON, and how they were compiled."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from juanji.models.trainer import Trainer
from juanji.symbolic.structure import map_shapes
from juanji.symbolic.tensor import KerasTensor
from juanji.trace import is_own
from juanji.utils.registry import described
from juanji.utils.serialization import deserialize_keras_object, serialize_keras_object
from juanji.utils.sharing import only_shared, sharing

if TYPE_CHECKING:
    from os import PathLike


class Storable(Trainer):
    """The part of a model that writes and reads it."""

    def save(
        self, filepath: str | PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Writes the whole model into one file; :func:`juanji.saving.save_model` says more."""
        from juanji.saving.whole import save_model

        save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: str | PathLike[str], overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Writes all weights to a .safetensors file, or to a .weights.h5 file as Keras has them.

        A .weights.h5 file holds the state of an optimizer in use as well.

        The file appears complete or not at all.

        Args:
            filepath: ends in .safetensors or .weights.h5.
            overwrite: whether a file that exists may be replaced.
            max_shard_size: accepted for Keras scripts where it is None: weights are one file.

        Raises:
            ValueError: for another ending, or a model that has no weights yet.
            FileExistsError: when the file exists and ``overwrite`` is False.
        """
        from juanji.saving.weights import save_weights

        if max_shard_size is not None:
            raise ValueError(
                f"save_weights: weights are one file; expected max_shard_size=None, got {max_shard_size!r}. Leave it "
                "out."
            )
        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | PathLike[str], skip_mismatch: bool = False, by_name: bool = False) -> None:
        """Reads weights that :meth:`save_weights` or :meth:`save` of a model with the same layers wrote.

        Where a .weights.h5 or .keras file has the state of an optimizer like the one in use here, that is taken too.

        Args:
            filepath: a .safetensors, .weights.h5, .keras or .h5 file, written here or by Keras.
            skip_mismatch: leave weights as they are where the file has none, or others; a warning names them.
            by_name: give weights to the layers of the same name alone; of .h5 files.

        Raises:
            ValueError: when the file is damaged, or its names or shapes differ; then no weight is changed.
            FileNotFoundError: when there is no such file.
        """
        from juanji.saving.weights import load_weights

        load_weights(self, filepath, skip_mismatch, by_name)

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """Copies of all values of the model's variables, for :meth:`set_state_tree`.

        Args:
            value_format: "backend_tensor" for tensors, "numpy_array" for arrays.

        Returns:
            A dictionary with ``trainable_variables``, ``non_trainable_variables``, ``optimizer_variables`` and
            ``metrics_variables``, each a dictionary of dictionaries for the parts of the variables' paths.

        Raises:
            ValueError: for another format, or when two variables have the same path.

        Example:
            >>> from juanji import Sequential, layers
            >>> model = Sequential([layers.Input((4,)), layers.Dense(2, name="head")], name="small")
            >>> model.compile("sgd", "mse")
            >>> sorted(model.get_state_tree()["trainable_variables"]["small"]["head"])
            ['bias', 'kernel']
        """
        from juanji.models.state_tree import get_state_tree

        return get_state_tree(self, value_format)

    def set_state_tree(self, state_tree: Mapping[str, Any]) -> None:
        """Gives variables the values that :meth:`get_state_tree` told; kinds and variables may be left out.

        Raises:
            ValueError: for a variable that the model does not have or of another shape; then nothing is changed.
        """
        from juanji.models.state_tree import set_state_tree

        set_state_tree(self, state_tree)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON, for :func:`juanji.models.model_from_json`.

        Args:
            kwargs: those of ``json.dumps``, for example ``indent=2``.

        Raises:
            ValueError: when a part of the model cannot be stored, such as a lambda.

        Example:
            >>> from juanji import Sequential, layers, models
            >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
            >>> models.model_from_json(model.to_json()).output_shape
            (None, 2)
        """
        return json.dumps(stored_form(self), **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of ``compile`` as plain data; empty for a model that is not compiled."""
        if self._compiled is None:
            return {}
        now: dict[str, Any] = serialize_keras_object({**self._compile_arguments, "optimizer": self._compiled.optimizer})
        return now

    def build_from_config(self, config: Mapping[str, Any] | None) -> None:
        """Creates the weights by a trial call with inputs of the shape that :meth:`get_build_config` told."""
        shape = (config or {}).get("input_shape")
        if shape is None:
            return
        shape = map_shapes(tuple, shape)
        if not self.built:
            self.build(shape)
        if not all(layer.built for layer in self.sublayers()):
            self.compute_output_spec(map_shapes(lambda one: KerasTensor(one, self.dtype, "inferred"), shape))

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles the model as :meth:`get_compile_config`, or Keras', described.

        A class with a ``compile`` of its own is left as it is, with a warning.
        """
        owner = next(one for one in type(self).__mro__ if "compile" in vars(one))
        if not is_own(owner):
            warnings.warn(
                f"{type(self).__name__}: not compiled; its class has a compile of its own, whose arguments are not "
                "known. Give it get_compile_config and compile_from_config, or compile it after loading.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def export(
        self,
        filepath: str | PathLike[str],
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> NoReturn:
        """Refused: juanji writes no formats for inference programs.

        Raises:
            ValueError: always, with what exists instead.
        """
        raise ValueError(
            f"export: no such format; expected a file for juanji or Keras, got format={format!r}. Write a .keras file "
            "with model.save(path), and export it from Keras."
        )


def stored_form(model: Any) -> dict[str, Any]:
    """Architecture and compile arguments of a model as plain data.

    Raises:
        ValueError: when a part has no name it could be found by again.
    """
    with sharing():
        data: dict[str, Any] = only_shared(described(model))
    if _has_lambda(data):
        raise ValueError(
            f"{type(model).__name__} {model.name!r}: a lambda cannot be stored; expected named functions, got a lambda "
            "as activation, loss or metric. Write it with def, and pass it in custom_objects when loading."
        )
    return data


def _has_lambda(data: Any) -> bool:
    if isinstance(data, dict):
        return any(map(_has_lambda, data.values()))
    if isinstance(data, (list, tuple)):
        return any(map(_has_lambda, data))
    return isinstance(data, str) and data == "<lambda>"
