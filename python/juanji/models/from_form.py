"""Models from their configurations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from juanji.models.model import Model
from juanji.utils.serialization import deserialize_keras_object
from juanji.utils.sharing import sharing


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of a configuration that names its class, with new weights.

    Args:
        config: from ``juanji.layers.serialize(model)``, or from Keras.
        custom_objects: classes and functions by name that are not juanji's own.

    Raises:
        ValueError: when it is not a model's, or names something that is not known.

    Example:
        >>> from juanji import Sequential, layers, models
        >>> config = layers.serialize(Sequential([layers.Input((4,)), layers.Dense(2)]))
        >>> models.model_from_config(config).output_shape
        (None, 2)
    """
    with sharing():
        model = deserialize_keras_object(config, custom_objects)
    if not isinstance(model, Model):
        raise ValueError(
            f"model_from_config: not a model; expected the configuration of one, got {type(model).__name__}. Use "
            "juanji.layers.deserialize for layers."
        )
    return model


def model_from_json(json_string: str | bytes, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model that ``to_json`` of juanji or Keras described, with new weights.

    Args:
        json_string: the JSON.
        custom_objects: classes and functions by name that are not juanji's own.

    Raises:
        ValueError: when it is not JSON, not a model's, or names something that is not known.

    Example:
        >>> from juanji import Sequential, layers, models
        >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
        >>> models.model_from_json(model.to_json()).layers[0].units
        2
    """
    try:
        config = json.loads(json_string)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"model_from_json: this is not JSON; expected what model.to_json() gives, got an error ({error})."
        ) from None
    return model_from_config(config, custom_objects)
