"""Layers that change colours, given what they drew, against formulas in NumPy and Python's colorsys."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from juanji import layers

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (3, 5, 6, 3))


def spread(x: Any) -> Array:
    return np.asarray(x, np.float64).reshape(-1, 1, 1, 1)


def by_pixel(function: Callable[[tuple[float, float, float], float], Any], images: Array, factors: Any) -> Array:
    return np.array(
        [
            [[function(colorsys.rgb_to_hsv(*pixel), factor) for pixel in row] for row in image]
            for image, factor in zip(images.tolist(), np.asarray(factors).tolist())
        ]
    )


def weighted(images: Array, kernel: Array) -> Array:
    """Sums over the neighbours of each pixel, zeros outside."""
    reach = len(kernel) // 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    height, width = images.shape[1:3]
    return np.asarray(
        sum(
            kernel[i, j] * padded[:, i : i + height, j : j + width]
            for i in range(len(kernel))
            for j in range(len(kernel))
        )
    )


def contrasted(x: Array, t: Any) -> Array:
    mean = x.mean(axis=(1, 2), keepdims=True)
    return np.asarray(((x - mean) * spread(t["contrast_factor"]) + mean).clip(0, 255))


def sharpened(x: Array, t: Any) -> Array:
    kernel = np.full((3, 3), 1 / 13)
    kernel[1, 1] = 5 / 13
    return np.asarray((x + (1 - 2 * spread(t["factor"])) * (weighted(x, kernel) - x)).clip(0, 255))


def blurred(x: Array, t: Any) -> Array:
    across, down = (np.exp(-0.5 * (np.arange(-2, 3) / s) ** 2) for s in np.asarray(t["blur_factor"]))
    kernel = np.outer(down / down.sum(), across / across.sum())
    return np.where(spread(t["should_apply_blur"]) > 0, weighted(x, kernel), x).clip(0, 255)


def turned(hsv: tuple[float, float, float], factor: float) -> Any:
    return colorsys.hsv_to_rgb((hsv[0] + factor) % 1.0, *hsv[1:])


def solarized(x: Array, t: Any) -> Array:
    bright = (x + spread(t["additions"])).clip(0, 255)
    return np.where(bright < spread(t["thresholds"]), bright, 255 - bright)


GREY = np.array([0.2989, 0.587, 0.114])
CASES: dict[str, tuple[Any, Callable[[Array, Any], Array]]] = {
    "RandomBrightness": (
        layers.RandomBrightness(0.6, dtype="float64"),
        lambda x, t: (x + spread(t["rgb_delta"])).clip(0, 255),
    ),
    "RandomContrast": (layers.RandomContrast(0.9, dtype="float64"), contrasted),
    "RandomSaturation": (
        layers.RandomSaturation((0.0, 0.6), dtype="float64"),
        lambda x, t: by_pixel(lambda hsv, f: colorsys.hsv_to_rgb(hsv[0], hsv[1] * f, hsv[2]), x, t["factor"]),
    ),
    "RandomHue": (
        layers.RandomHue(1.0, dtype="float64"),
        lambda x, t: 255 * by_pixel(turned, x / 255, t["factor"]),
    ),
    "RandomGrayscale": (
        layers.RandomGrayscale(0.5, seed=1, dtype="float64"),
        lambda x, t: np.where(spread(t) > 0, (x @ GREY)[..., None], x),
    ),
    "RandomColorDegeneration": (
        layers.RandomColorDegeneration(0.9, dtype="float64"),
        lambda x, t: (x + spread(t["factor"]) * ((x @ GREY)[..., None] - x)).clip(0, 255),
    ),
    "RandomInvert": (
        layers.RandomInvert((0.5, 0.5), seed=1, dtype="float64"),
        lambda x, t: np.where(spread(t["apply_inversion"]) > 0, 255 - x, x),
    ),
    "RandomSharpness": (layers.RandomSharpness(1.0, dtype="float64"), sharpened),
    "RandomGaussianBlur": (layers.RandomGaussianBlur((0.6, 0.6), 5, seed=1, dtype="float64"), blurred),
    "Solarization": (layers.Solarization(0.3, (0.2, 0.9), dtype="float64"), solarized),
}


@pytest.mark.parametrize("name", CASES)
def test_formulas(name: str) -> None:
    layer, formula = CASES[name]
    for _ in range(3):
        transformation = layer.get_random_transformation(IMAGES)
        result = layer.transform_images(IMAGES, transformation)
        np.testing.assert_allclose(result, formula(IMAGES, transformation), rtol=0, atol=1e-11 * 255)


def test_value_ranges() -> None:
    for name in ("RandomBrightness", "RandomContrast", "RandomHue", "RandomInvert", "RandomSharpness", "Solarization"):
        arguments: Any = (0.3, 0.6) if name == "Solarization" else (0.5,)
        bytes_, parts, signed = (
            getattr(layers, name)(*arguments, value_range=limits, seed=1, dtype="float64")(images)
            for limits, images in (((0, 255), IMAGES), ((0, 1), IMAGES / 255), ((-1, 1), IMAGES / 127.5 - 1))
        )
        np.testing.assert_allclose(parts, bytes_ / 255, atol=1e-12)
        if name not in ("RandomInvert", "RandomSharpness"):  # whose high - x and zeros outside depend on where 0 is
            np.testing.assert_allclose(signed, bytes_ / 127.5 - 1, atol=1e-12)


def test_contrast_by_range() -> None:
    result = layers.AutoContrast(dtype="float64")(IMAGES)
    low, high = IMAGES.min(axis=(1, 2), keepdims=True), IMAGES.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(result, (IMAGES - low) * 255 / (high - low), atol=1e-11)
    flat = np.full((2, 3, 3, 1), 7.0)
    np.testing.assert_array_equal(layers.AutoContrast()(flat), flat)


def test_chains_are_their_parts() -> None:
    layer: Any = layers.RandAugment(num_ops=3, seed=1, dtype="float64")
    transformation = layer.get_random_transformation(IMAGES)
    expected: Any = IMAGES
    for name, drawn in transformation["steps"]:
        expected = layer._changes[name].transform_images(expected, drawn)
    np.testing.assert_array_equal(layer.transform_images(IMAGES, transformation), expected)

    mix: Any = layers.AugMix(num_chains=2, chain_depth=2, seed=2, dtype="float64")
    transformation = mix.get_random_transformation(IMAGES)
    sums = np.zeros_like(IMAGES)
    for weight, chain in zip(transformation["chain_mixing_weights"], transformation["chains"]):
        changed: Any = IMAGES
        for name, drawn in chain:
            changed = mix._changes[name].transform_images(changed, drawn)
        sums += weight * changed
    own = transformation["weight_sample"]
    np.testing.assert_allclose(
        mix.transform_images(IMAGES, transformation), (own * IMAGES + (1 - own) * sums).clip(0, 255), atol=1e-11
    )


def test_jitter_is_its_parts() -> None:
    layer: Any = layers.RandomColorJitter((0, 255), 0.2, 0.3, (0.4, 0.6), 0.5, seed=1, dtype="float64")
    transformation = layer.get_random_transformation(IMAGES)
    assert list(transformation) == ["brightness", "contrast", "saturation", "hue"]
    expected: Any = IMAGES
    for name, part in layer._parts.items():
        expected = part.transform_images(expected, transformation[name])
    np.testing.assert_array_equal(layer.transform_images(IMAGES, transformation), expected)
