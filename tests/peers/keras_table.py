"""Prints a Markdown table of Keras' public names for vision: whether juanji has each, and how signatures differ.

    KERAS_BACKEND=tensorflow python tests/peers/keras_table.py [family ...]

The exit status is 1 when a name is missing, or a signature differs, without a reason in the dictionaries below.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

FAMILIES = (
    "layers", "losses", "optimizers", "optimizers.schedules", "metrics", "callbacks", "initializers", "regularizers",
    "constraints", "activations", "models", "ops", "ops.nn", "ops.image", "ops.linalg", "random", "saving", "tree",
    "utils",
)  # fmt: skip

AUDIO = "audio"
FRAMEWORK = "wraps another framework"
LOOKUP = "strings and look-up tables"

# Names that juanji leaves out on purpose. Patterns, as in file names.
ABSENT_NAMES = {
    "callbacks.OrbaxCheckpoint": FRAMEWORK + " (JAX)",
    "initializers.STFT": AUDIO,
    "initializers.STFTInitializer": AUDIO,
    "initializers.stft": AUDIO,
    "layers.FlaxLayer": FRAMEWORK,
    "layers.HashedCrossing": "hashing",
    "layers.Hashing": "hashing",
    "layers.IntegerLookup": LOOKUP,
    "layers.JaxLayer": FRAMEWORK,
    "layers.MelSpectrogram": AUDIO,
    "layers.STFTSpectrogram": AUDIO,
    "layers.StringLookup": LOOKUP,
    "layers.TFSMLayer": FRAMEWORK,
    "layers.TextVectorization": "text",
    "layers.TorchModuleWrapper": FRAMEWORK,
    "saving.KerasFileEditor": "an editor of Keras' files",
    "utils.FeatureSpace": LOOKUP,
    "utils.audio_dataset_from_directory": AUDIO,
    "utils.text_dataset_from_directory": "text",
}

# Arguments that juanji does not take. Patterns of family.Name(argument).
ABSENT_ARGUMENTS = {
    "*(lora_alpha)": "adapters of language models",
    "*(lora_rank)": "adapters of language models",
    "*(gptq_unpacked_column_size)": "quantiser",
    "*(quantization_config)": "quantiser",
    "*(ragged)": "ragged tensors",
    "*(sparse)": "sparse tensors",
    "layers.Input(optional)": "every input is needed",
    "layers.Input(tensor)": "an input is a tensor of its own",
    "layers.InputLayer(input_tensor)": "an input is a tensor of its own",
    "layers.InputLayer(optional)": "every input is needed",
    "saving.save_weights(max_shard_size)": "weights are one file",
}

ONE_FUNCTION = "one function for all families; its argument is given by position"

# Other differences, by patterns of family.Name: why.
DIFFERENT_SIGNATURES = {
    "*.serialize": ONE_FUNCTION,
    "losses.deserialize": ONE_FUNCTION,
}


@dataclass
class Row:
    """One public name of Keras."""

    family: str
    name: str
    present: bool
    reason: str = ""
    difference: str = ""

    @property
    def accepted(self) -> bool:
        """Whether nothing is missing or different without a reason."""
        return (self.present or bool(self.reason)) and (not self.difference or bool(self.reason))

    def __str__(self) -> str:
        notes = "; ".join(note for note in (self.difference, self.reason) if note) or ""
        return f"| {self.family}.{self.name} | {'yes' if self.present else 'no'} | {notes} |"


def find_module(package: str, family: str) -> Any:
    """The module of a family; None when there is none."""
    module = importlib.import_module(package)
    for part in family.split("."):
        module = getattr(module, part, None)
    return module


def names_of(module: Any) -> list[str]:
    """The public names of a module that are no modules themselves."""
    return sorted(n for n in dir(module) if n[0] != "_" and not inspect.ismodule(getattr(module, n)))


def parameters(thing: Any) -> dict[str, inspect.Parameter] | None:
    """The parameters in order; those of a base class, where ``**kwargs`` passes them on, by keyword only.

    What a base class requires comes from the class itself.
    """
    functions = [cls.__init__ for cls in thing.__mro__[:-1]] if inspect.isclass(thing) else [thing]
    found: dict[str, inspect.Parameter] = {}
    for function in functions:
        try:
            own = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return None
        for p in own:
            if p.name == "self" or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                continue
            if function is functions[0]:
                found[p.name] = p
            elif p.default is not p.empty:
                found.setdefault(p.name, p.replace(kind=p.KEYWORD_ONLY))
        if not any(p.kind == p.VAR_KEYWORD for p in own):
            break
    return found


def differences(where: str, ours: dict[str, inspect.Parameter], theirs: dict[str, inspect.Parameter]) -> Iterator[str]:
    """What in our parameters would stop a call that is written for theirs."""
    for name, p in theirs.items():
        if name not in ours:
            if not any(fnmatch(f"{where}({name})", pattern) for pattern in ABSENT_ARGUMENTS):
                yield f"no `{name}`"
        elif p.default is not p.empty and not same_default(ours[name].default, p.default):
            default = ours[name].default
            yield f"`{name}` is required" if default is p.empty else f"`{name}={default!r}` for `{p.default!r}`"
    for name, p in ours.items():
        if name not in theirs and p.default is p.empty:
            yield f"`{name}` is required"
    positional = [name for name, p in ours.items() if p.kind is not p.KEYWORD_ONLY]
    if positional[: len(theirs)] != [name for name in theirs if name in positional][: len(positional)]:
        yield f"order `{', '.join(positional)}`"


def same_default(ours: Any, theirs: Any) -> bool:
    """Whether two defaults mean the same: 1 is (1, 1), and names of initializers have two spellings."""
    if isinstance(theirs, (list, tuple)) and isinstance(ours, (int, list, tuple)):
        each = ours if isinstance(ours, (list, tuple)) else [ours] * len(theirs)
        return len(each) == len(theirs) and all(same_default(a, b) for a, b in zip(each, theirs))
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.lower() == theirs.lower()
    return bool(ours == theirs) or repr(ours) == repr(theirs)


def theirs_only(thing: Any) -> dict[str, inspect.Parameter] | None:
    """What the signature of Keras' class or function shows, without its base classes."""
    try:
        own = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    return {p.name: p for p in own if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def compare(family: str) -> list[Row]:
    """One row for each public name of a family of Keras."""
    ours_module, theirs_module = find_module("juanji", family), find_module("keras", family)
    rows = []
    for name in names_of(theirs_module):
        where = f"{family}.{name}"
        if not hasattr(ours_module, name):
            rows.append(Row(family, name, False, reason_of(where, ABSENT_NAMES)))
            continue
        ours, theirs = parameters(getattr(ours_module, name)), theirs_only(getattr(theirs_module, name))
        difference = "" if ours is None or theirs is None else "; ".join(differences(where, ours, theirs))
        reason = reason_of(where, DIFFERENT_SIGNATURES) if difference else ""
        rows.append(Row(family, name, True, reason, difference))
    return rows


def reason_of(where: str, reasons: dict[str, str]) -> str:
    """The reason whose pattern fits, or nothing."""
    return next((why for pattern, why in reasons.items() if fnmatch(where, pattern)), "")


def table(families: tuple[str, ...] = FAMILIES) -> list[Row]:
    """The rows of several families."""
    return [row for family in families for row in compare(family)]


def main(families: tuple[str, ...] = FAMILIES) -> int:
    """Prints the table and a summary; gives the exit status."""
    rows = table(families)
    print("| Keras 3 name | juanji | notes |", "|---|---|---|", *rows, sep="\n")
    print()
    for family in families:
        own = [row for row in rows if row.family == family]
        print(f"{family}: {sum(row.present for row in own)} of {len(own)}")
    open_rows = [row for row in rows if not row.accepted]
    print(f"\nwithout a reason: {len(open_rows)}", *open_rows, sep="\n")
    return 1 if open_rows else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or FAMILIES))
