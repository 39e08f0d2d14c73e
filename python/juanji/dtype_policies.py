"""The types that layers compute in, under keras.dtype_policies names: float32 and float64."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from juanji import config

__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]

_TYPES = ("float32", "float64")
_MIXED = ("mixed_float16", "mixed_bfloat16")  # in Keras: weights in float32, computations in half precision


class DTypePolicy:
    """The type of weights and of computations, which is one and the same.

    Args:
        name: 'float32' or 'float64'; ``config.floatx()`` by default. Keras' mixed policies are taken with a warning,
            and mean 'float32': halves would only be slower on most CPUs.

    Raises:
        ValueError: for any other; nothing is quantized.

    Example:
        >>> from juanji.dtype_policies import DTypePolicy
        >>> DTypePolicy("float64").compute_dtype
        'float64'
    """

    def __init__(self, name: str | None = None, source_name: str | None = None) -> None:
        self._name = dtype_of(config.floatx() if name is None else name)

    @property
    def name(self) -> str:
        """Name of the policy: that of the type."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The type of computations."""
        return self._name

    @property
    def variable_dtype(self) -> str:
        """The type of weights."""
        return self._name

    @property
    def quantization_mode(self) -> None:
        """None: nothing is quantized."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this policy again."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DTypePolicy:
        """The policy that :meth:`get_config` described."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


FloatDTypePolicy = DTypePolicy


def dtype_of(value: Any) -> str:
    """The name of the type that a policy, its configuration, or a type stands for.

    Raises:
        ValueError: for any type but float32 and float64, and mixtures with them.

    Example:
        >>> dtype_of(DTypePolicy("float64"))
        'float64'
    """
    if isinstance(value, DTypePolicy):
        return value.name
    if isinstance(value, Mapping):
        return dtype_of((value.get("config") or {}).get("name"))
    try:
        name = str(np.dtype(value))
    except TypeError:
        name = str(value)
    if name in _MIXED:
        warnings.warn(
            f"DTypePolicy: {name!r} computes in float32 here, as there is no mixed precision. Leave the policy out.",
            stacklevel=2,
        )
        return "float32"
    if name not in _TYPES:
        raise ValueError(
            f"DTypePolicy: no such type of computation; expected 'float32' or 'float64', got name={value!r}. Half "
            "precision and quantization are not there; leave the policy out."
        )
    return name


def get(identifier: Any) -> DTypePolicy:
    """The policy from its name, its configuration, or itself; that of ``config.floatx()`` for None.

    Example:
        >>> from juanji import dtype_policies
        >>> dtype_policies.get("float32")
        <DTypePolicy "float32">
    """
    return DTypePolicy(None if identifier is None else dtype_of(identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Class and configuration of a policy.

    Example:
        >>> serialize(DTypePolicy("float32"))["config"]
        {'name': 'float32'}
    """
    return {
        "module": "juanji.dtype_policies", "class_name": "DTypePolicy", "config": dtype_policy.get_config(),
        "registered_name": None,
    }  # fmt: skip


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> DTypePolicy:
    """The policy that :func:`serialize` described."""
    return get(config)


def __dir__() -> list[str]:
    return __all__
