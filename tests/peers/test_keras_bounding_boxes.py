"""Functions of bounding boxes in Keras and here."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402
from juanji.utils.bounding_boxes.formats import FORMATS  # noqa: E402

theirs, ours = keras.utils.bounding_boxes, juanji.utils.bounding_boxes
RNG = np.random.default_rng(0)
LOW = RNG.uniform(-2, 8, (3, 6, 2))
BOXES = np.concatenate([LOW, LOW + RNG.uniform(-1, 6, (3, 6, 2))], axis=-1).astype("float32")
SIZE = (20, 10, 3)


def same(name, *args, **kwargs):
    expected = getattr(theirs, name)(*args, **kwargs)
    result = getattr(ours, name)(*args, **kwargs)
    np.testing.assert_allclose(result, keras.ops.convert_to_numpy(expected), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_convert_format(source, target):
    same("convert_format", BOXES, source, target, 20, 10)


@pytest.mark.parametrize("form", ["xyxy", "rel_xyxy"])
def test_clip(form):
    boxes = BOXES if form == "xyxy" else BOXES / 8
    given = {"boxes": boxes, "labels": np.arange(18).reshape(3, 6)}
    expected = theirs.clip_to_image_size({**given, "boxes": keras.ops.array(boxes)}, 6, 7, form)
    result = ours.clip_to_image_size(given, 6, 7, form)
    np.testing.assert_allclose(result["boxes"], expected["boxes"], rtol=1e-6)
    np.testing.assert_array_equal(result["labels"], expected["labels"])


def test_moving():
    rows = np.array([[30.0, -70, 5], [0.1, -0.2, 0], [0, 0.3, 0.1], [1, 0.5, 2], [0, 5, -9], [3, 0, 4]], "float32")
    same("affine_transform", BOXES, *rows, 21, 31)
    same("affine_transform", BOXES, *rows, 21, 31, 0.3, 0.9)
    same("crop", BOXES, 1, 2, 5, 4)
    same("pad", BOXES, 1, 2)


@pytest.mark.parametrize("form", ["xyxy", "center_xywh", "yxyx"])
def test_overlap(form):
    same("compute_iou", BOXES, BOXES[:, :2], form)
    same("compute_iou", BOXES[0], BOXES[1], form)
    same("compute_iou", BOXES[0], BOXES[1], form, use_masking=True, mask_val=-3.0)
    same("compute_ciou", BOXES, BOXES[::-1], form)


@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_deltas(encoding, variance):
    rest = (encoding, variance, SIZE)
    same("encode_box_to_deltas", BOXES, BOXES[::-1], "xyxy", "rel_xyxy", *rest)
    same("decode_deltas_to_boxes", BOXES, BOXES[::-1] / 5, "xyxy", "xywh", *rest)
