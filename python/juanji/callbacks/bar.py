"""The bar on a terminal, drawn by tqdm."""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

from tqdm import tqdm

_FORMAT = "{desc} {percentage:3.0f}% |{bar}| {speed}, {remaining} left{postfix}"


class _Bar(tqdm):  # type: ignore[misc]
    """Counts images, and says so as 'images/s' with a thousands separator."""

    monitor_interval = 0  # no thread of its own

    @property
    def format_dict(self) -> MutableMapping[str, Any]:
        fields: MutableMapping[str, Any] = super().format_dict
        elapsed = fields["elapsed"]
        fields["speed"] = f"{fields['n'] / elapsed:,.0f} images/s" if elapsed and fields["n"] else "... images/s"
        return fields


def make_bar(title: str, samples: int) -> Any:
    """A bar for so many samples; it disappears when it is closed."""
    return _Bar(total=samples, desc=title, file=sys.stdout, leave=False, dynamic_ncols=True, bar_format=_FORMAT)
