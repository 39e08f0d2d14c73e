"""Settings of a script as one object."""

from __future__ import annotations

import json
from collections.abc import ItemsView, KeysView, ValuesView
from typing import Any


class Config:
    """Named settings, as attributes and by key, which can be frozen.

    Args:
        kwargs: the settings.

    Raises:
        ValueError: when a frozen one is changed.

    Example:
        >>> config = Config(rate=0.1)
        >>> config.epochs = 3
        >>> config["rate"], config.as_dict()
        (0.1, {'rate': 0.1, 'epochs': 3})
        >>> config.freeze()
        >>> config.rate = 0.2
        Traceback (most recent call last):
        ...
        ValueError: Config: it is frozen; expected no change, got rate. Call unfreeze() first.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_settings", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    _settings: dict[str, Any]
    _frozen: bool

    @property
    def frozen(self) -> bool:
        """Whether settings may not be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Allows no more changes."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allows changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """A copy of the settings."""
        return dict(self._settings)

    def to_json(self) -> str:
        """The settings as JSON."""
        return json.dumps(self._settings)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._settings.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._settings.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self._settings.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """A setting, or ``value`` when there is none of that name."""
        return self._settings.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Removes a setting and returns it."""
        self._require_open(str(args[0]))
        return self._settings.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Sets several, as ``dict.update`` does."""
        self._require_open("update")
        self._settings.update(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        self._require_open(name)
        self._settings[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self._settings[name]
        except KeyError:
            raise AttributeError(
                f"Config: no such setting; expected one of {list(self._settings)}, got {name!r}."
            ) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self.__setattr__(name, value)

    def __getitem__(self, name: str) -> Any:
        return self._settings[name]

    def __len__(self) -> int:
        return len(self._settings)

    def __contains__(self, name: object) -> bool:
        return name in self._settings

    def __iter__(self) -> Any:
        return iter(sorted(self._settings))

    def __delattr__(self, name: str) -> None:
        self._require_open(name)
        del self._settings[name]

    def __repr__(self) -> str:
        return f"<Config {self._settings}>"

    def _require_open(self, name: str) -> None:
        if self._frozen:
            raise ValueError(f"Config: it is frozen; expected no change, got {name}. Call unfreeze() first.")
