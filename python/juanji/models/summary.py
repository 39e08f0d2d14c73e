"""The table that ``model.summary()`` prints."""

from __future__ import annotations

import math
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from juanji.layers.layer import Layer
from juanji.symbolic.function import Function
from juanji.symbolic.structure import is_shape

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


_TRAINABLE = 13  # columns for "Trainable", with bars and spaces
_LEAST_LENGTH = 60  # in narrower terminals lines are broken
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
    graph = getattr(model, "_own_graph", None)
    branched = graph is not None and not graph.is_chain
    header = ["Layer (type)", "Output Shape", "Param #", *(["Connected to"] if branched else [])]
    ends = list(positions or ([0.32, 0.54, 0.67, 1.0] if branched else [0.45, 0.80, 1.0]))
    length = 108 if branched else 88
    if show_trainable:
        length += 12
    length = line_length or max(_LEAST_LENGTH, min(length, shutil.get_terminal_size().columns - 4))
    if show_trainable:
        header.append("Trainable")
        if not positions or len(ends) < len(header):
            ends = [(1 - _TRAINABLE / length) * e for e in ends] + [1.0]
    widths = [int(b * length) - int(a * length) for a, b in zip([0.0, *ends], ends)]
    if len(ends) != len(header) or min(widths) < 5:
        raise ValueError(
            f"summary: the columns do not fit; expected {len(header)} rising positions and at least 5 characters a "
            f"column, got line_length={length}, positions={positions!r}. Pass a larger line_length."
        )
    rows = [
        row
        for layer in _selected(_members(model), layer_range)
        for row in _layer_rows(model, layer, 0, expand_nested, header[3:])
    ]
    lines = [f'Model: "{model.name}"', *_table(header, rows, widths), *_totals(model)]
    return "\n".join(lines)


def _members(model: Any) -> list[Any]:
    """The layers, and the functions of a functional model between them."""
    graph = getattr(model, "_own_graph", None)
    return list(graph.operations) if graph is not None else model.sublayers()


def _layer_rows(model: Any, layer: Any, depth: int, expand: bool, more: Row) -> Iterator[Row]:
    shape = model.layer_output_shape(layer) if hasattr(model, "layer_output_shape") else None
    shape = _shape_when_built(layer) if shape is None else shape
    prefix = "   " * depth + "└ " if depth else ""
    row = [f"{prefix}{layer.name} ({_kind(layer)})", "?" if shape is None else _text(shape), _params(layer)]
    if "Connected to" in more:
        row.append(_sources(model, layer))
    if "Trainable" in more:
        row.append(("Y" if layer.trainable else "N") if getattr(layer, "weights", []) else "-")
    yield row
    if expand and isinstance(layer, Layer):
        for inner in _members(layer):
            yield from _layer_rows(layer, inner, depth + 1, expand, more)


def _kind(layer: Any) -> str:
    return layer.public_name.removeprefix("juanji.") if isinstance(layer, Function) else type(layer).__name__


def _params(layer: Any) -> str:
    if isinstance(layer, Function):
        return "0"
    return f"{layer.count_params():,}" if layer.built or not _makes_weights(layer) else "0 (unbuilt)"


def _shape_when_built(layer: Any) -> Any:
    """The output's shape for the input that the layer was built for, None where that is not known."""
    built_for = getattr(layer, "_build_shape", None)
    if built_for is None:
        return None
    try:
        return layer.compute_output_shape(built_for)
    except Exception:  # code of users, called for information alone
        return None


def _makes_weights(layer: Layer) -> bool:
    """Whether the layer, or one inside it, may get weights when it is built."""
    return any(type(one).build is not Layer.build for one in layer.walk())  # type: ignore[attr-defined]


def _text(shape: Any) -> str:
    return str(tuple(shape)) if is_shape(shape) else str(shape)


def _sources(model: Any, layer: Any) -> str:
    graph = getattr(model, "_own_graph", None)
    sources = [] if graph is None else graph.sources_of(layer)
    return ", ".join(f"{source.name}[{node}][{tensor}]" for source, node, tensor in sources) or "-"


def _selected(layers: list[Any], layer_range: Sequence[str] | None) -> list[Any]:
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
    """Lines of at most ``width`` columns, broken at spaces where a word fits into a line of its own."""
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        joined = f"{lines[-1]} {word}"
        if _columns(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(word)
    return [part for line in lines for part in _pieces(line, width)]


def _pieces(word: str, width: int) -> list[str]:
    pieces = [""]
    for char in word:
        if _columns(pieces[-1] + char) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _columns(text))
    return space + text if right else text + space


def _columns(text: str) -> int:
    """Width on a terminal: Chinese characters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
