"""The bar on a terminal, drawn by tqdm."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

from tqdm import tqdm

_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {speed}, {remaining} left{postfix}"
_FORMAT_WITHOUT_END = "{desc} {n_fmt} {unit}, {speed}{postfix}"


class _Bar(tqdm):  # type: ignore[misc]
    """Counts images or steps, and says so as 'images/s' with a thousands separator."""

    monitor_interval = 0  # no thread of its own

    @property
    def format_dict(self) -> MutableMapping[str, Any]:
        fields: MutableMapping[str, Any] = super().format_dict
        elapsed = fields["elapsed"]
        rate = f"{fields['n'] / elapsed:,.0f}" if elapsed and fields["n"] else "..."
        fields["speed"] = f"{rate} {self.unit}/s"
        return fields


def make_bar(title: str, total: int | None, unit: str = "images") -> Any:
    """A bar for so many images or steps (None where that is not known); it disappears when it is closed."""
    form = _FORMAT if total else _FORMAT_WITHOUT_END
    return _Bar(total=total, desc=title, file=sys.stdout, leave=False, dynamic_ncols=True, bar_format=form, unit=unit)
