"""Recorded steps: a traced step of a model as one native call."""

from juanji.program.recorded import Recorded

__all__ = ["Recorded"]
