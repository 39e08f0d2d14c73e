"""Overwriting variables as part of a recorded step."""

from __future__ import annotations

from typing import Any

from juanji import _core
from juanji.autograd import Variable
from juanji.ops._convert import cast
from juanji.ops._operation import InPlaceOperation

_assign = InPlaceOperation("assign", _core.Assign)


def assign(variable: Variable, value: Any) -> None:
    """Writes ``value``, converted to the variable's type, into the variable."""
    _assign((variable, cast(value, variable.dtype)))
