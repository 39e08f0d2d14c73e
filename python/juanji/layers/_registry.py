"""The built-in layers by class name."""

from __future__ import annotations

from typing import Any

from juanji.utils.registry import Registry

registry: Registry[Any] = Registry("juanji.layers")
serialize = registry.serialize
deserialize = registry.deserialize
