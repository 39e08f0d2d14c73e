"""Bounding boxes: formats there and back, moving, overlap, and offsets from anchors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from juanji.utils import bounding_boxes as bb
from juanji.utils.bounding_boxes.formats import FORMATS

RNG = np.random.default_rng(0)
LOW = RNG.uniform(0, 8, (2, 5, 2))
BOXES = np.concatenate([LOW, LOW + RNG.uniform(1, 6, (2, 5, 2))], axis=-1)


def written(box: Any, form: str, height: float, width: float) -> Any:
    """One box 'xyxy' in another format."""
    left, top, right, bottom = box
    if form.startswith("rel_"):
        left, right, top, bottom = left / width, right / width, top / height, bottom / height
    w, h = right - left, bottom - top
    return {
        "xyxy": [left, top, right, bottom],
        "yxyx": [top, left, bottom, right],
        "xywh": [left, top, w, h],
        "center_xywh": [left + w / 2, top + h / 2, w, h],
        "center_yxhw": [top + h / 2, left + w / 2, h, w],
    }[form.replace("rel_", "")]


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_formats(source: str, target: str) -> None:
    given = np.array([[written(box, source, 20, 10) for box in row] for row in BOXES])
    expected = np.array([[written(box, target, 20, 10) for box in row] for row in BOXES])
    result = bb.convert_format({"boxes": given, "labels": 1}, source.upper(), target, 20, 10, "float64")
    np.testing.assert_allclose(result["boxes"], expected, rtol=1e-14, atol=1e-14)
    assert result["labels"] == 1


@pytest.mark.parametrize("angle", [0.0, 30.0, 90.0, -200.0])
@pytest.mark.parametrize("center", [None, 0.2])
def test_affine(angle: float, center: float | None) -> None:
    shift, zoom, slant, size = (0.1, -0.2), 1.3, (0.0, -7.0), (21, 31)
    result = bb.affine_transform(
        BOXES[:1], *np.array([[angle], [shift[0]], [shift[1]], [zoom], *[[s] for s in slant]]), *size, center, center
    )
    x0, y0 = ((0.5 if center is None else center) * (n - 1) for n in size[::-1])
    turned, slanted = np.deg2rad(-angle), np.tan(np.deg2rad(-slant[1]))
    rotation = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
    matrix = zoom * np.array([[1, 0], [-slanted, 1]]) @ rotation
    for box, got in zip(BOXES[0], result[0]):
        points = np.array([[x, y] for x in box[::2] for y in box[1::2]], np.float64) - [x0, y0]
        points += np.array([shift[0] * (size[1] - 1), shift[1] * (size[0] - 1)])
        moved = points @ matrix.T + [x0, y0]
        np.testing.assert_allclose(got, [*moved.min(axis=0), *moved.max(axis=0)], rtol=1e-12)


def test_overlap() -> None:
    a, b = BOXES[0], BOXES[1, :3]
    expected = np.zeros((5, 3))
    for i, one in enumerate(a):
        for j, other in enumerate(b):
            sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
            shared = np.prod(np.maximum(sides, 0))
            expected[i, j] = shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared)
    np.testing.assert_allclose(bb.compute_iou(a, b, "xyxy"), expected, atol=1e-6)
    relative = [bb.convert_format(boxes, "xyxy", "rel_yxyx", 20, 10) for boxes in (a, b)]
    np.testing.assert_allclose(bb.compute_iou(*relative, "rel_yxyx", image_shape=(20, 10, 3)), expected, atol=1e-6)
    batch = bb.compute_iou(BOXES, BOXES, "xyxy")
    assert batch.shape == (2, 5, 5)
    np.testing.assert_allclose(batch[:, range(5), range(5)], 1, atol=1e-6)
    masked = bb.compute_iou(np.array([[-1.0, -1, -1, -1], a[0]]), a[:1], "xyxy", use_masking=True, mask_val=-2)
    np.testing.assert_allclose(masked, [[-2], [1]], atol=1e-6)
    np.testing.assert_allclose(bb.compute_ciou(a, a, "xyxy"), 1, atol=1e-6)
    assert (bb.compute_ciou(a[:3], b, "xyxy") <= np.diag(expected) + 1e-6).all()


@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_deltas_there_and_back(encoding: str, variance: Any) -> None:
    anchors, boxes = BOXES[0], BOXES[1]
    rest: Any = (encoding, variance, (20, 10, 3))
    deltas = bb.encode_box_to_deltas(anchors, boxes, "xyxy", "xyxy", *rest)
    back = bb.decode_deltas_to_boxes({"a": anchors}, {"a": deltas}, "xyxy", "rel_xyxy", *rest)["a"]
    np.testing.assert_allclose(back, boxes / [10, 20, 10, 20], rtol=1e-5, atol=1e-6)


# fmt: off
REFUSED: list[tuple[Any, str]] = [
    (lambda: bb.convert_format(BOXES, "xyxy", "xyhw"), "unknown format"),
    (lambda: bb.convert_format(BOXES, "xyxy", "rel_xyxy"), "size of the image"),
    (lambda: bb.convert_format(BOXES[..., :3], "xyxy", "xywh"), "not boxes"),
    (lambda: bb.clip_to_image_size({"boxes": BOXES}, 2, 3, "xywh"), "unknown format"),
    (lambda: bb.clip_to_image_size({"boxes": BOXES}), "size of the image"),
    (lambda: bb.pad(BOXES, 1, 1, bounding_box_format="xywh"), "unknown format"),
    (lambda: bb.compute_iou(BOXES[0, 0], BOXES[0], "xyxy"), "not boxes"),
    (lambda: bb.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", "xywh"), "unknown encoding"),
    (lambda: bb.decode_deltas_to_boxes(BOXES, BOXES, "xyxy", "xyxy", variance=[1.0]), "wrong variance"),
]
# fmt: on


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_refusals(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
