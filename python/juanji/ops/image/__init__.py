"""Operations on images, under keras.ops.image names: one image (H, W, C) or a batch (N, H, W, C)."""

from juanji.ops.image._color import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from juanji.ops.image._coordinates import elastic_transform, map_coordinates
from juanji.ops.image._edges import crop_images, pad_images
from juanji.ops.image._filtering import gaussian_blur, sobel_edges
from juanji.ops.image._patches import extract_patches, extract_patches_3d
from juanji.ops.image._resize import resize
from juanji.ops.image._scale import scale_and_translate
from juanji.ops.image._similarity import ssim
from juanji.ops.image._transform import affine_transform, perspective_transform
from juanji.symbolic.function import make_recordable as _make_recordable

__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]

_make_recordable(globals())
