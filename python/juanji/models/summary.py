"""The table that ``model.summary()`` prints."""

from __future__ import annotations

import math
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from juanji.layers.layer import Layer

Row = list[str]

_Rule = tuple[str, str, str, str]  # left end, between columns, right end, line


class _Box(NamedTuple):
    """The characters of a table."""

    top: _Rule
    below_header: _Rule
    between: _Rule
    bottom: _Rule
    strong: str
    thin: str


_UNICODE = _Box(("┏", "┳", "┓", "━"), ("┡", "╇", "┩", "━"), ("├", "┼", "┤", "─"), ("└", "┴", "┘", "─"), "┃", "│")
_ASCII = _Box(("+", "+", "+", "-"), ("+", "+", "+", "="), ("+", "+", "+", "-"), ("+", "+", "+", "-"), "|", "|")


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """The summary as one string; the arguments are those of ``Model.summary``."""
    header = ["Layer (type)", "Output Shape", "Param #"]
    ends = list(positions or [0.45, 0.80, 1.0])
    length = 88
    if show_trainable:
        header.append("Trainable")
        ends = [0.9 * e for e in ends] + [1.0]
        length += 12
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    widths = [int(b * length) - int(a * length) for a, b in zip([0.0, *ends], ends)]
    if len(ends) != len(header) or min(widths) < 5:
        raise ValueError(
            f"summary: the columns do not fit; expected {len(header)} rising positions and at least 5 characters a "
            f"column, got line_length={length}, positions={positions!r}. Pass a larger line_length."
        )
    rows = [
        row
        for layer in _selected(model.layers, layer_range)
        for row in _layer_rows(model, layer, 0, expand_nested, show_trainable)
    ]
    lines = [f'Model: "{model.name}"', *_table(header, rows, widths), *_totals(model)]
    return "\n".join(lines)


def _layer_rows(model: Any, layer: Layer, depth: int, expand: bool, show_trainable: bool) -> Iterator[Row]:
    shape = model.layer_output_shape(layer) if hasattr(model, "layer_output_shape") else None
    prefix = "   " * depth + "└ " if depth else ""
    params = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    row = [
        f"{prefix}{layer.name} ({type(layer).__name__})",
        "?" if shape is None else str(tuple(shape)),
        params,
    ]
    if show_trainable:
        row.append(("Y" if layer.trainable else "N") if layer.weights else "-")
    yield row
    if expand:
        for inner in layer.sublayers():
            yield from _layer_rows(layer, inner, depth + 1, expand, show_trainable)


def _selected(layers: list[Layer], layer_range: Sequence[str] | None) -> list[Layer]:
    if layer_range is None:
        return layers
    names = [layer.name for layer in layers]
    if len(layer_range) != 2 or any(name not in names for name in layer_range):
        raise ValueError(
            f"summary: no such range; expected two of {', '.join(names)}, got layer_range={layer_range!r}."
        )
    first, last = (names.index(name) for name in layer_range)
    return layers[first : last + 1]


def _totals(model: Any) -> list[str]:
    groups = {
        "Trainable": model.trainable_weights,
        "Non-trainable": model.non_trainable_weights,
    }
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and getattr(optimizer, "built", False):
        groups["Optimizer"] = optimizer.variables
    sizes = {name: _size(variables) for name, variables in groups.items()}
    total = tuple(map(sum, zip(*sizes.values())))
    return [
        f" {name} params: {numbers:,} ({_readable(size)})"
        for name, (numbers, size) in {"Total": total, **sizes}.items()
    ]


def _size(variables: Sequence[Any]) -> tuple[int, int]:
    """Numbers and bytes."""
    numbers = [math.prod(v.shape) for v in variables]
    return sum(numbers), sum(n * v.dtype.itemsize for n, v in zip(numbers, variables))


def _readable(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} TB"


def _table(header: Row, rows: list[Row], widths: list[int]) -> list[str]:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    box = _UNICODE if _can_draw(encoding) else _ASCII
    inner = [w - 3 for w in widths]
    inner[-1] -= 1  # a row has one bar more than columns
    lines = [_rule(box.top, inner), *_cells(header, inner, box.strong), _rule(box.below_header, inner)]
    for i, row in enumerate(rows):
        if i:
            lines.append(_rule(box.between, inner))
        lines.extend(_cells(row, inner, box.thin))
    return [*lines, _rule(box.bottom, inner)]


def _can_draw(encoding: str) -> bool:
    try:
        "┏│└".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _rule(rule: _Rule, widths: list[int]) -> str:
    left, middle, right, line = rule
    return left + middle.join(line * (w + 2) for w in widths) + right


def _cells(row: Row, widths: list[int], bar: str) -> Iterator[str]:
    """The lines of one row; text that is too long goes on in the next line."""
    wrapped = [_wrap(text, w) for text, w in zip(row, widths)]
    for i in range(max(map(len, wrapped))):
        parts = [lines[i] if i < len(lines) else "" for lines in wrapped]
        padded = [_pad(text, w, right=column == 2) for column, (text, w) in enumerate(zip(parts, widths))]
        yield bar + bar.join(f" {text} " for text in padded) + bar


def _wrap(text: str, width: int) -> list[str]:
    lines = [""]
    for char in text:
        if _columns(lines[-1] + char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _columns(text))
    return space + text if right else text + space


def _columns(text: str) -> int:
    """Width on a terminal: Chinese characters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
