"""Layers that prepare data and change images at random."""

from juanji.layers.preprocessing._base import BaseImagePreprocessingLayer
from juanji.layers.preprocessing.brightness import RandomBrightness, RandomContrast
from juanji.layers.preprocessing.category_encoding import CategoryEncoding
from juanji.layers.preprocessing.discretization import Discretization
from juanji.layers.preprocessing.erasing import RandomErasing
from juanji.layers.preprocessing.flip import RandomFlip
from juanji.layers.preprocessing.max_boxes import MaxNumBoundingBoxes
from juanji.layers.preprocessing.mixing import CutMix, MixUp
from juanji.layers.preprocessing.normalization import Normalization
from juanji.layers.preprocessing.pipeline import Pipeline
from juanji.layers.preprocessing.posterization import RandomPosterization
from juanji.layers.preprocessing.sharpness import RandomGaussianBlur, RandomSharpness
from juanji.layers.preprocessing.tones import RandomInvert, Solarization

__all__ = [
    "BaseImagePreprocessingLayer",
    "CategoryEncoding",
    "CutMix",
    "Discretization",
    "MaxNumBoundingBoxes",
    "MixUp",
    "Normalization",
    "Pipeline",
    "RandomBrightness",
    "RandomContrast",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomInvert",
    "RandomPosterization",
    "RandomSharpness",
    "Solarization",
]
