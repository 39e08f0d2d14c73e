"""Layers that change images at random: what they draw, what they leave alone, and their deterministic part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (5, 6, 8, 3)).astype("float32")
CASES: dict[str, Callable[..., Any]] = {
    "AugMix": lambda **more: layers.AugMix(factor=0.5, **more),
    "AugMix of few": lambda **more: layers.AugMix(num_chains=2, chain_depth=1, all_ops=False, **more),
    "CutMix": lambda **more: layers.CutMix(**more),
    "MixUp": lambda **more: layers.MixUp(0.4, **more),
    "RandomBrightness": lambda **more: layers.RandomBrightness(0.4, **more),
    "RandAugment": lambda **more: layers.RandAugment(num_ops=4, **more),
    "RandomColorDegeneration": lambda **more: layers.RandomColorDegeneration(0.4, **more),
    "RandomColorJitter": lambda **more: layers.RandomColorJitter((0, 255), 0.3, 0.2, 0.7, 0.6, **more),
    "RandomContrast": lambda **more: layers.RandomContrast(0.4, **more),
    "RandomCrop": lambda **more: layers.RandomCrop(4, 5, **more),
    "RandomElasticTransform": lambda **more: layers.RandomElasticTransform(0.9, (0.6, 1.0), **more),
    "RandomErasing": lambda **more: layers.RandomErasing(**more),
    "RandomErasing with a value": lambda **more: layers.RandomErasing(0.7, scale=(0.1, 0.9), fill_value=3, **more),
    "RandomErasing with a color": lambda **more: layers.RandomErasing(0.7, fill_value=[1, 2, 3], **more),
    "RandomFlip": lambda **more: layers.RandomFlip(**more),
    "RandomFlip horizontal": lambda **more: layers.RandomFlip("horizontal", **more),
    "RandomFlip vertical": lambda **more: layers.RandomFlip("vertical", **more),
    "RandomGaussianBlur": lambda **more: layers.RandomGaussianBlur(0.8, kernel_size=(3, 5), **more),
    "RandomGrayscale": lambda **more: layers.RandomGrayscale(**more),
    "RandomHue": lambda **more: layers.RandomHue(0.5, **more),
    "RandomInvert": lambda **more: layers.RandomInvert(0.9, **more),
    "RandomPerspective": lambda **more: layers.RandomPerspective(0.8, 0.5, **more),
    "RandomPosterization": lambda **more: layers.RandomPosterization((1, 8), **more),
    "RandomRotation": lambda **more: layers.RandomRotation(0.2, **more),
    "RandomRotation nearest": lambda **more: layers.RandomRotation(0.2, "wrap", "nearest", **more),
    "RandomSaturation": lambda **more: layers.RandomSaturation((0.2, 0.8), **more),
    "RandomSharpness": lambda **more: layers.RandomSharpness(0.9, **more),
    "RandomShear": lambda **more: layers.RandomShear(0.3, 0.2, **more),
    "RandomTranslation": lambda **more: layers.RandomTranslation(0.3, (-0.2, 0.4), "constant", fill_value=7.0, **more),
    "RandomZoom": lambda **more: layers.RandomZoom(0.3, (-0.2, 0.4), "nearest", **more),
    "RandomZoom keeping proportions": lambda **more: layers.RandomZoom(0.3, **more),
    "Solarization": lambda **more: layers.Solarization(0.3, 0.8, **more),
}
IDENTITIES: dict[str, Callable[[], Any]] = {
    "RandomBrightness": lambda: layers.RandomBrightness(0),
    "RandomColorDegeneration": lambda: layers.RandomColorDegeneration(0.0),
    "RandomColorJitter": lambda: layers.RandomColorJitter(brightness_factor=0, contrast_factor=0.0, hue_factor=0.0),
    "RandomContrast": lambda: layers.RandomContrast((0.0, 0.0)),
    "RandomElasticTransform": lambda: layers.RandomElasticTransform(0.0),
    "RandomErasing": lambda: layers.RandomErasing(0.0),
    "RandomGaussianBlur": lambda: layers.RandomGaussianBlur(1.0, sigma=0.0),
    "RandomGaussianBlur of none": lambda: layers.RandomGaussianBlur(0.0),
    "RandomInvert": lambda: layers.RandomInvert(0.0),
    "RandomHue": lambda: layers.RandomHue(0.0),
    "RandomPerspective": lambda: layers.RandomPerspective(scale=0.0),
    "RandomPerspective of none": lambda: layers.RandomPerspective(0.0),
    "RandomRotation": lambda: layers.RandomRotation(0.0),
    "RandomRotation full": lambda: layers.RandomRotation((1.0, 1.0)),
    "RandomSaturation": lambda: layers.RandomSaturation((0.5, 0.5)),
    "RandomShear": lambda: layers.RandomShear(0.0, 0.0),
    "RandomTranslation": lambda: layers.RandomTranslation(0.0, 0.0),
    "RandomZoom": lambda: layers.RandomZoom(0.0),
    "RandomSharpness": lambda: layers.RandomSharpness((0.5, 0.5)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_seed_decides(name: str) -> None:
    layer, same, other = (CASES[name](seed=seed) for seed in (1, 1, 2))
    first = layer(IMAGES)
    assert first.shape == layer.compute_output_shape(IMAGES.shape)
    assert first.dtype == np.float32
    assert first.tobytes() == same(IMAGES).tobytes()
    later = [layer(IMAGES) for _ in range(4)]
    assert any((first != y).any() for y in later)
    assert any((first != other(IMAGES)).any() for _ in range(4))


@pytest.mark.parametrize("name", CASES)
def test_any_number_of_threads_gives_the_same(name: str) -> None:
    images = RNG.uniform(0, 255, (16, 40, 48, 3)).astype("float32")
    before = juanji.config.num_threads()
    results = []
    try:
        for threads in (1, 2, 5):
            juanji.set_num_threads(threads)
            results.append(CASES[name](seed=3)(images).tobytes())
    finally:
        juanji.set_num_threads(before)
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", CASES)
def test_nothing_happens_outside_training(name: str) -> None:
    layer = CASES[name](seed=1)
    np.testing.assert_array_equal(layer(IMAGES, training=False), IMAGES)
    data = {"images": IMAGES, "labels": np.arange(5), "segmentation_masks": np.ones((5, 6, 8, 1), "uint8")}
    result = layer(data, training=False)
    assert all((result[key] == data[key]).all() for key in data)
    model = juanji.Sequential([layers.Input((6, 8, 3)), layer])
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), IMAGES)


@pytest.mark.parametrize("name", CASES)
def test_forms_of_the_input(name: str) -> None:
    def made(**more: Any) -> Any:
        return CASES[name](seed=1, **more)

    reference = made()(IMAGES)
    whole = np.round(IMAGES).astype("uint8")
    assert made()(whole).tobytes() == made()(whole.astype("float32")).tobytes()
    first = made(data_format="channels_first")(np.moveaxis(IMAGES, -1, 1))
    assert first.shape == made(data_format="channels_first").compute_output_shape((5, 3, 6, 8))
    if name != "RandomErasing":  # whose noise is drawn in the order of the elements
        np.testing.assert_array_equal(np.moveaxis(first, 1, -1), reference)
    np.testing.assert_array_equal(made()({"images": IMAGES})["images"], reference)
    double = made(dtype="float64")(IMAGES)
    assert double.dtype == np.float64
    if "Mix" not in name:
        one = made()(IMAGES[0])
        assert one.shape == made().compute_output_shape((6, 8, 3))
        np.testing.assert_array_equal(one, made()(IMAGES[:1])[0])
    assert made()(IMAGES[:0]).shape == made().compute_output_shape((0, 6, 8, 3))


@pytest.mark.parametrize("name", CASES)
def test_configuration(name: str) -> None:
    layer = CASES[name](seed=4, name="a", data_format="channels_last", bounding_box_format="xywh")
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again(IMAGES).tobytes() == layer(IMAGES).tobytes()
    size = (4, 5) if name == "RandomCrop" else (6, 8)
    assert layer.compute_output_shape((None, 6, 8, 3)) == (None, *size, 3)


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_factor_of_nothing_changes_nothing(name: str) -> None:
    np.testing.assert_allclose(IDENTITIES[name]()(IMAGES), IMAGES, rtol=1e-5, atol=1e-3)


def test_flips_are_exact() -> None:
    images = RNG.normal(size=(64, 5, 4, 2)).astype("float32")
    for mode, axes in (("horizontal", 2), ("vertical", 1), ("horizontal_and_vertical", (1, 2))):
        result = layers.RandomFlip(mode, seed=1)(images)
        flipped = (result == np.flip(images, axes)).all(axis=(1, 2, 3))
        assert 16 < flipped.sum() < 48
        np.testing.assert_array_equal(result[~flipped], images[~flipped])


def test_bounds_of_factors_are_kept() -> None:
    images = np.full((200, 1, 1, 1), 100.0)
    moved = layers.RandomBrightness((-0.1, 0.3), seed=1)(images)[:, 0, 0, 0] - 100
    assert -25.5 <= moved.min() < -20
    assert 70 < moved.max() <= 76.5
    pair = np.broadcast_to(np.array([90.0, 110.0]).reshape(1, 1, 2, 1), (200, 1, 2, 1))
    spread = np.ptp(layers.RandomContrast((0.5, 1.0), seed=1)(pair), axis=(1, 2, 3)) / 20
    assert 0.5 <= spread.min() < 0.6
    assert 1.9 < spread.max() <= 2
    assert layers.RandomInvert(value_range=(0, 1), seed=1)(np.zeros((50, 1, 1, 1))).max() == 1
    noise = layers.RandomErasing((1, 1), (1, 1), value_range=(10, 20), seed=1)(images)
    assert noise.min() == 10
    assert noise.max() == 20


def test_posterization_keeps_the_first_bits() -> None:
    pixels = np.arange(256.0).reshape(1, 16, 16, 1)
    for bits in range(1, 9):
        expected = pixels.astype(int) >> (8 - bits) << (8 - bits)
        np.testing.assert_array_equal(layers.RandomPosterization((bits, bits))(pixels), expected)
        scaled = layers.RandomPosterization((bits, bits), value_range=(0, 1))(pixels / 255 + 1e-4)
        np.testing.assert_allclose(scaled, expected / 255, atol=1e-6)


def test_erased_areas() -> None:
    layer = layers.RandomErasing((1, 1), scale=(0.25, 0.25), fill_value=0, seed=1)
    erased = layer(np.ones((40, 16, 24, 2))) == 0
    assert (erased[..., 0] == erased[..., 1]).all()
    assert (erased[..., 0].sum(axis=(1, 2)) == 8 * 12).all()
    assert len({erased[k].tobytes() for k in range(40)}) > 30


def test_mixed_labels_follow_the_images() -> None:
    values = np.arange(1.0, 9.0)
    images = np.broadcast_to(values.reshape(8, 1, 1, 1), (8, 32, 32, 1))
    for layer in (layers.MixUp(0.5, seed=1), layers.CutMix(seed=1)):
        result = layer({"images": images, "labels": np.eye(8)})
        np.testing.assert_allclose(result["labels"].sum(axis=1), 1, rtol=1e-6)
        # the mean of an image is that of its labels, up to the edge of a rectangle on whole pixels
        tolerance = 1e-5 if isinstance(layer, layers.MixUp) else 0.5
        np.testing.assert_allclose(result["images"].mean(axis=(1, 2, 3)), result["labels"] @ values, atol=tolerance)
        assert (result["labels"].max(axis=1) < 1).any()


def test_boxes_and_masks_of_mixed_images() -> None:
    boxes = {"boxes": RNG.uniform(size=(3, 2, 4)), "labels": np.arange(6).reshape(3, 2)}
    masks = np.arange(3.0).reshape(3, 1, 1, 1)
    data = {"images": np.zeros((3, 4, 4, 1)), "bounding_boxes": boxes, "segmentation_masks": masks}
    result = layers.MixUp(seed=1, bounding_box_format="xyxy")(data)
    assert result["bounding_boxes"]["boxes"].shape == (3, 4, 4)
    assert result["bounding_boxes"]["labels"].shape == (3, 4)
    del data["bounding_boxes"]
    mixed = layers.CutMix(seed=1)(data)
    assert set(np.unique(mixed["segmentation_masks"])) <= {0, 1, 2}
    with pytest.raises(ValueError, match="boxes cannot follow"):
        layers.CutMix(seed=1, bounding_box_format="xyxy")({**data, "bounding_boxes": boxes})


def test_boxes_follow_a_flip() -> None:
    boxes = {"boxes": [[[0.0, 0.0, 2.0, 1.0], [1.0, 1.0, 4.0, 3.0]], []], "labels": [[7, 8], []]}
    layer = layers.RandomFlip("horizontal", bounding_box_format="xyxy")
    data = {"images": np.zeros((2, 4, 8, 1)), "bounding_boxes": boxes}
    flipped = layer.transform_bounding_boxes(
        layer._convert(data)["bounding_boxes"], {"flips": np.ones((2, 1, 1, 1), bool), "input_shape": (2, 4, 8, 1)}
    )
    np.testing.assert_array_equal(flipped["boxes"][0], [[6, 0, 8, 1], [4, 1, 7, 3]])
    np.testing.assert_array_equal(flipped["labels"], [[7, 8], [-1, -1]])
    assert layer(data)["bounding_boxes"]["boxes"].shape == (2, 2, 4)


def test_numbers_of_boxes() -> None:
    boxes = {"boxes": np.ones((2, 3, 4)), "labels": np.ones((2, 3), "int64")}
    data = {"images": np.zeros((2, 4, 4, 3)), "bounding_boxes": boxes}
    for most in (1, 3, 5):
        layer = layers.MaxNumBoundingBoxes(most, bounding_box_format="xyxy", fill_value=-2)
        result = layer(data)["bounding_boxes"]
        assert result["boxes"].shape == (2, most, 4)
        assert result["labels"].shape == (2, most)
        assert (result["labels"][:, 3:] == -2).all()
        assert (result["boxes"][:, :3] == 1).all()


BOXES = {"boxes": np.zeros((1, 2, 4)), "labels": np.zeros((1, 2))}
# fmt: off
REFUSED = [
    (lambda: layers.RandomFlip("diagonal"), "unknown mode"),
    (lambda: layers.RandomFlip(data_format="hwc"), "unknown data_format"),
    (lambda: layers.RandomFlip(bounding_box_format="abc"), "unknown bounding_box_format"),
    (lambda: layers.RandomBrightness(2.0), "wrong factor"),
    (lambda: layers.RandomBrightness("a"), "wrong factor"),
    (lambda: layers.RandomBrightness((0.1, 0.2, 0.3)), "wrong factor"),
    (lambda: layers.RandomBrightness(0.1, value_range=(0, 0)), "not a range"),
    (lambda: layers.RandomContrast(-0.1), "wrong factor"),
    (lambda: layers.Solarization(addition_factor=(0.1, 1.1)), "wrong addition_factor"),
    (lambda: layers.RandomGaussianBlur(kernel_size=2), "wrong kernel_size"),
    (lambda: layers.RandomErasing(fill_value=(1, 2)), "wrong fill_value"),
    (lambda: layers.MixUp(alpha=0), "wrong alpha"),
    (lambda: layers.RandomFlip()(np.zeros((4, 4))), "not images"),
    (lambda: layers.RandomFlip()({"labels": np.zeros(3)}), "no images"),
    (lambda: layers.RandomFlip()({"images": np.zeros((1, 2, 2, 1)), "bounding_boxes": BOXES}),
     "format of the boxes"),
    (lambda: layers.RandomFlip(bounding_box_format="xyxy")(
        {"images": np.zeros((1, 2, 2, 1)), "bounding_boxes": {"boxes": np.zeros((1, 3, 4)), "labels": np.zeros(1)}}),
     "one label per box"),
    (lambda: layers.MixUp()({"images": np.zeros((3, 2, 2, 1)), "labels": np.arange(3)}), "cannot be mixed"),
    (lambda: layers.Pipeline("flip"), "not a list of layers"),
    (lambda: layers.MaxNumBoundingBoxes(0), "max_number"),
]
# fmt: on


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_refusals(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_random_crops_are_part_of_recorded_steps():
    juanji.utils.set_random_seed(0)
    x, y = RNG.random((4, 8, 8, 3), dtype="float32"), np.arange(4.0)
    found = []
    for eager in (False, True):
        model = juanji.Sequential(
            [layers.RandomCrop(5, 6, seed=1), layers.Flatten(), layers.Dense(1, "relu", True, "ones")]
        )
        model.compile("sgd", "mse", run_eagerly=eager)
        found.append([model.train_on_batch(x, y) for _ in range(5)])
        assert eager or model.recorded_step("train_step", (x, y)) is not None
    assert found[0] == found[1]
