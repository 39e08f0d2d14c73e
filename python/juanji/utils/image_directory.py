"""Pictures in folders as batches."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji.random import make_default_seed
from juanji.utils.images import _only_channels_last, img_to_array, load_img
from juanji.utils.messages import tell
from juanji.utils.py_dataset import PyDataset

Array = np.ndarray[Any, Any]

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5")
_LABEL_MODES = ("int", "categorical", "binary", None)


class PictureBatches(PyDataset):
    """Batches of pictures that are read from files by worker threads; made by :func:`image_dataset_from_directory`.

    Attributes:
        class_names: names of the classes, None without labels.
        file_paths: the files, in the order of the labels.
    """

    def __init__(
        self,
        paths: list[str],
        labels: Array | None,
        class_names: list[str] | None,
        batch_size: int | None,
        seed: int | None,
        resizing: dict[str, Any],
        color_mode: str,
    ) -> None:
        super().__init__(workers=2)
        self.file_paths = paths
        self.class_names = class_names
        self._labels = labels
        self._batch_size = batch_size
        self._resizing = resizing
        self._color_mode = color_mode
        self._generator = None if seed is None else np.random.Generator(np.random.PCG64(seed))
        self._order = np.arange(len(paths))

    def __len__(self) -> int:
        return math.ceil(len(self.file_paths) / (self._batch_size or 1))

    def on_epoch_begin(self) -> None:
        """Puts the pictures into another order where they are to be shuffled."""
        if self._generator is not None:
            self._order = self._generator.permutation(len(self.file_paths))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size or 1
        rows = self._order[index * size : (index + 1) * size]
        pictures = np.stack([self._picture(self.file_paths[row]) for row in rows])
        labels = None if self._labels is None else self._labels[rows]
        if self._batch_size is None:
            return pictures[0] if labels is None else (pictures[0], labels[0])
        return pictures if labels is None else (pictures, labels)

    def _picture(self, path: str) -> Array:
        from juanji.ops import image

        picture = img_to_array(load_img(path, self._color_mode), dtype="float32")
        return np.asarray(image.resize(picture, **self._resizing))


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Sequence[int] | int = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Batches of the pictures in a folder, with the names of the folders inside as classes.

    Args:
        directory: the folder.
        labels: 'inferred' from the folders inside, None for pictures alone, or a list of whole numbers, one for each
            file in alphabetical order.
        label_mode: 'int', 'categorical' (one-hot), 'binary' (0.0 and 1.0 in a column), or None for pictures alone.
        class_names: the folders that count, in the order of their numbers; all in alphabetical order by default.
        color_mode: 'rgb', 'rgba' or 'grayscale'.
        batch_size: pictures of a batch; None for single pictures without a batch axis.
        image_size: (height, width) that pictures are resized to, or one number for both.
        shuffle: whether pictures come in a random order, anew in each epoch.
        seed: of that order.
        validation_split: the share of files, behind the others, that is held back.
        subset: 'training', 'validation' or 'both', with ``validation_split``.
        interpolation: 'bilinear', 'nearest', 'bicubic', 'area', 'lanczos3' or 'lanczos5'.
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: cut out the largest part in the middle with the proportions of ``image_size`` first.
        pad_to_aspect_ratio: widen pictures to these proportions first.
        data_format: 'channels_last', which is the default.
        format: accepted for Keras scripts; without effect.
        verbose: whether to say how many files were found.

    Returns:
        A :class:`juanji.utils.PyDataset` of float32 pictures with values from 0 to 255, or of (pictures, labels), with
        the attributes ``class_names`` and ``file_paths``; two of them for 'both'.

    Raises:
        ValueError: for arguments that do not fit, or a folder without pictures.
        ImportError: without Pillow.
    """
    _check(labels, label_mode, class_names, interpolation, crop_to_aspect_ratio and pad_to_aspect_ratio)
    _check_subset(validation_split, subset, shuffle, seed)
    _only_channels_last("image_dataset_from_directory", data_format)
    if labels is None or label_mode is None:
        labels = label_mode = None
    seed = make_default_seed() % 2**32 if seed is None else seed
    paths, numbers, names = _index(os.fspath(directory), labels, class_names, follow_links, verbose)
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(
            f"image_dataset_from_directory: 'binary' is for two classes; expected 2, got class_names={names}."
        )
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        numbers = None if numbers is None else numbers[order]
    coded = _coded(numbers, label_mode, len(names or ()))
    resizing = {
        "size": (image_size, image_size) if isinstance(image_size, int) else tuple(image_size),
        "interpolation": interpolation,
        "crop_to_aspect_ratio": crop_to_aspect_ratio,
        "pad_to_aspect_ratio": pad_to_aspect_ratio,
    }

    def part(kind: str | None) -> PictureBatches:
        rows = _rows(len(paths), validation_split, kind)
        chosen = paths[rows]
        if not chosen:
            raise ValueError(
                f"image_dataset_from_directory: no pictures; expected files ending in {', '.join(_ENDINGS)}, got none "
                f"in directory={os.fspath(directory)!r}{f' for {kind}' if kind else ''}. Check the folder."
            )
        again = seed if shuffle and not (subset == "both" and kind == "validation") else None
        values = None if coded is None else coded[rows]
        return PictureBatches(chosen, values, names, batch_size, again, resizing, color_mode)

    return [part("training"), part("validation")] if subset == "both" else part(subset)


def _check(labels: Any, label_mode: Any, class_names: Any, interpolation: Any, both: bool) -> None:
    owner = "image_dataset_from_directory"
    if labels not in ("inferred", None) and (isinstance(labels, str) or not isinstance(labels, (list, tuple))):
        raise ValueError(f"{owner}: labels are not clear; expected 'inferred', None or a list, got {labels=!r}.")
    if isinstance(labels, (list, tuple)) and class_names:
        raise ValueError(f"{owner}: class_names are for inferred labels; expected None, got {class_names=!r}.")
    if label_mode not in _LABEL_MODES:
        raise ValueError(f"{owner}: unknown form of labels; expected one of {_LABEL_MODES}, got {label_mode=!r}.")
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"{owner}: unknown interpolation; expected one of {_INTERPOLATIONS}, got {interpolation=!r}.")
    if both:
        raise ValueError(f"{owner}: too much; expected crop_to_aspect_ratio or pad_to_aspect_ratio, got both.")


def _check_subset(validation_split: Any, subset: Any, shuffle: bool, seed: Any) -> None:
    owner = "image_dataset_from_directory"
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"{owner}: validation_split is out of range; expected 0 to 1, got {validation_split=!r}.")
    if bool(validation_split) != bool(subset):
        raise ValueError(
            f"{owner}: one argument is missing; expected both validation_split and subset, got {validation_split=!r}, "
            f"{subset=!r}."
        )
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f"{owner}: unknown subset; expected 'training', 'validation' or 'both', got {subset=!r}.")
    if validation_split and shuffle and seed is None:
        raise ValueError(
            f"{owner}: the parts could overlap; expected seed=... or shuffle=False with validation_split, got neither."
        )


def _index(
    directory: str, labels: Any, class_names: Sequence[str] | None, follow_links: bool, verbose: bool
) -> tuple[list[str], Array | None, list[str] | None]:
    """The files, the number of the class of each, and the names of the classes."""
    if labels != "inferred":
        paths = _files(directory, follow_links)
        if labels is None:
            found, numbers, names = len(paths), None, None
        else:
            if len(labels) != len(paths):
                raise ValueError(
                    f"image_dataset_from_directory: labels and files differ in number; expected {len(paths)} labels, "
                    f"got {len(labels)}."
                )
            found, numbers, names = len(paths), np.asarray(labels, "int32"), [str(x) for x in sorted(set(labels))]
    else:
        folders = sorted(e.name for e in os.scandir(directory) if e.is_dir() and not e.name.startswith("."))
        names = folders if class_names is None else list(class_names)
        if not set(names) <= set(folders):
            raise ValueError(
                f"image_dataset_from_directory: no such class; expected names among {folders}, got {class_names=!r}."
            )
        groups = [_files(os.path.join(directory, name), follow_links) for name in names]
        paths = [path for group in groups for path in group]
        numbers = np.repeat(np.arange(len(groups), dtype="int32"), [len(group) for group in groups])
        found = len(paths)
    if verbose:
        tell(f"Found {found} files." if names is None else f"Found {found} files belonging to {len(names)} classes.")
    return paths, numbers, names


def _files(directory: str, follow_links: bool) -> list[str]:
    return [
        os.path.join(folder, name)
        for folder, _, names in sorted(os.walk(directory, followlinks=follow_links))
        for name in sorted(names)
        if name.lower().endswith(_ENDINGS)
    ]


def _coded(numbers: Array | None, label_mode: str | None, classes: int) -> Array | None:
    if numbers is None or label_mode == "int":
        return numbers
    if label_mode == "binary":
        return numbers.astype("float32")[:, None]
    return np.eye(classes, dtype="float32")[numbers]


def _rows(count: int, validation_split: float | None, subset: str | None) -> slice:
    held_out = int((validation_split or 0.0) * count)
    if not validation_split:
        return slice(None)
    return slice(0, count - held_out) if subset == "training" else slice(count - held_out, None)
