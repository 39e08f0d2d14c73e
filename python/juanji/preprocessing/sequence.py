"""Sequences of one length."""

from juanji.utils import pad_sequences

__all__ = ["pad_sequences"]
