"""Bounding boxes of images: formats, clipping, moving, overlap, and offsets from anchors."""

from juanji.utils.bounding_boxes.deltas import decode_deltas_to_boxes, encode_box_to_deltas
from juanji.utils.bounding_boxes.formats import clip_to_image_size, convert_format
from juanji.utils.bounding_boxes.moving import affine_transform, crop, pad
from juanji.utils.bounding_boxes.overlap import compute_ciou, compute_iou

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]
