"""Packages that only some functions need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(owner: str, module: str, package: str) -> Any:
    """The module, or an ImportError that says who needs it and how to get it.

    Args:
        owner: function that needs it.
        module: its name.
        package: what to install.

    Example:
        >>> needed("example", "no_such_module", "Pillow")
        Traceback (most recent call last):
        ...
        ImportError: example needs the package Pillow, which is not installed: pip install Pillow
    """
    try:
        return import_module(module)
    except ImportError:
        raise ImportError(
            f"{owner} needs the package {package}, which is not installed: pip install {package}"
        ) from None
