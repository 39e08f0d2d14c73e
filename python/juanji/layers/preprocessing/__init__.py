"""Layers that prepare data and change images at random."""

from juanji.layers.preprocessing._base import BaseImagePreprocessingLayer
from juanji.layers.preprocessing.brightness import RandomBrightness, RandomContrast
from juanji.layers.preprocessing.category_encoding import CategoryEncoding
from juanji.layers.preprocessing.chains import AugMix, RandAugment
from juanji.layers.preprocessing.color import RandomColorDegeneration, RandomGrayscale, RandomHue, RandomSaturation
from juanji.layers.preprocessing.crop import CenterCrop, RandomCrop
from juanji.layers.preprocessing.discretization import Discretization
from juanji.layers.preprocessing.erasing import RandomErasing
from juanji.layers.preprocessing.flip import RandomFlip
from juanji.layers.preprocessing.histogram import (
    AutoContrast,
    ContrastLimitedAdaptiveHistogramEqualization,
    Equalization,
)
from juanji.layers.preprocessing.jitter import RandomColorJitter
from juanji.layers.preprocessing.max_boxes import MaxNumBoundingBoxes
from juanji.layers.preprocessing.mixing import CutMix, MixUp
from juanji.layers.preprocessing.moving import RandomRotation, RandomTranslation
from juanji.layers.preprocessing.normalization import Normalization
from juanji.layers.preprocessing.pipeline import Pipeline
from juanji.layers.preprocessing.posterization import RandomPosterization
from juanji.layers.preprocessing.resizing import Resizing
from juanji.layers.preprocessing.sharpness import RandomGaussianBlur, RandomSharpness
from juanji.layers.preprocessing.tones import RandomInvert, Solarization
from juanji.layers.preprocessing.warping import RandomElasticTransform, RandomPerspective
from juanji.layers.preprocessing.zoom import RandomShear, RandomZoom

__all__ = [
    "AugMix",
    "AutoContrast",
    "BaseImagePreprocessingLayer",
    "CategoryEncoding",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Discretization",
    "Equalization",
    "MaxNumBoundingBoxes",
    "MixUp",
    "Normalization",
    "Pipeline",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "Solarization",
]
