"""Small helpers around training: labels, seeds, names, and the look-up of parts by name."""

from juanji.utils.numerical import normalize, to_categorical


__all__ = ["normalize", "to_categorical"]
