"""Shapes of the weights of layers that are described by index letters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from juanji.layers._arguments import Shape

_FORMS = (
    (re.compile(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"), False),
    (re.compile(r"\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)"), True),
    (re.compile(r"([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\."), False),
)


class EinsumShapes(NamedTuple):
    """Shapes that follow from an equation, an input and what is known of the output.

    Attributes:
        kernel: that of the weights.
        bias: that of the bias, with 1 for axes it is the same along; None without one.
        output: that of the output.
        input_axes, output_axes: the axes of the kernel that are summed over, and the others.
    """

    kernel: Shape
    bias: Shape | None
    output: Shape
    input_axes: tuple[int, ...]
    output_axes: tuple[int, ...]


def einsum_shapes(
    owner: str, equation: str, bias_axes: str | None, input_shape: Shape, output_shape: Sequence[int | None]
) -> EinsumShapes:
    """Works out the shapes of a layer ``equation(inputs, kernel) + bias``.

    Args:
        owner: for messages.
        equation: letters of input, kernel and output, such as 'abc,cd->abd' or '...x,xy->...y'.
        bias_axes: letters of the output along which the bias differs.
        input_shape: that of the input, batch axis included.
        output_shape: that of the output without the batch axis, None where it follows from the input.

    Raises:
        ValueError: for an equation of another form, or shapes that do not fit it.
    """
    taken, kernel, given, elided_left = _parsed(owner, equation)
    elided = len(input_shape) - len(taken)
    if elided < 0 or (elided and "..." not in equation):
        _refuse(owner, equation, f"an input of {len(taken)} axes", f"shape={tuple(input_shape)}")
    between = input_shape[1:elided] if elided_left else ()
    behind = () if elided_left or not elided else input_shape[len(input_shape) - elided :]
    output = [input_shape[0], *between, *output_shape, *behind]
    first = elided if elided_left else 0  # axes of input and output that come before the letters
    if len(output) != len(given) + elided:
        _refuse(owner, equation, f"an output_shape of {len(given) - (not first)} sizes", f"{tuple(output_shape)}")
    of_input = {letter: input_shape[first + i] for i, letter in enumerate(taken)}
    of_output = {letter: output[first + i] for i, letter in enumerate(given)}
    for i, letter in enumerate(given):
        if letter in of_input:
            if of_output[letter] not in (None, of_input[letter]):
                _refuse(owner, equation, f"size {of_input[letter]} for {letter!r}", f"{of_output[letter]}")
            of_output[letter] = output[first + i] = of_input[letter]
        elif letter not in kernel:
            _refuse(owner, equation, "letters of the output that input or kernel have", repr(letter))
    sizes = {**of_input, **of_output}
    missing = [letter for letter in kernel if sizes.get(letter) is None]
    if missing:
        _refuse(owner, equation, f"a size for {missing[0]!r} of the kernel", "none in input and output_shape")
    bias = None
    if bias_axes is not None:
        if not bias_axes or not set(bias_axes) <= set(given):
            _refuse(owner, equation, f"bias_axes among {given!r}", f"bias_axes={bias_axes!r}")
        begin = min(map(given.index, bias_axes))
        spread = [of_output[letter] if letter in bias_axes else 1 for letter in given[begin:]]
        bias = (*spread, *(1 for _ in behind))
    places = range(len(kernel))
    return EinsumShapes(
        tuple(sizes[letter] for letter in kernel),
        bias,
        tuple(output),
        tuple(i for i in places if kernel[i] not in of_output),
        tuple(i for i in places if kernel[i] in of_output),
    )


def _parsed(owner: str, equation: str) -> tuple[str, str, str, bool]:
    for form, elided_left in _FORMS:
        match = form.fullmatch(equation)
        if match is not None:
            taken, kernel, given = match.groups()
            return taken, kernel, given, elided_left
    _refuse(owner, equation, "a form such as 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'", "another")


def _refuse(owner: str, equation: str, expected: str, got: str) -> NoReturn:
    raise ValueError(f"{owner}: the equation {equation!r} does not fit; expected {expected}, got {got}. Check it.")
