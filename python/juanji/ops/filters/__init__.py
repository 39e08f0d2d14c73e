"""Classical image filters, comparable with scipy.ndimage and scikit-image: (H, W), (H, W, C) or (N, H, W, C)."""

from juanji.ops.filters._canny import canny
from juanji.ops.filters._hog import hog
from juanji.ops.filters._linear import filter2d, gaussian_filter, laplacian, sobel
from juanji.ops.filters._median import median_filter
from juanji.symbolic.function import make_recordable as _make_recordable

__all__ = ["canny", "filter2d", "gaussian_filter", "hog", "laplacian", "median_filter", "sobel"]

_make_recordable(globals())
