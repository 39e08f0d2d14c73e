"""Layers that move pixels: exact turns and shifts, boxes and masks that follow, crops and sizes, and a training."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers
from juanji.datasets import shapes

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (5, 6, 6, 2)).astype("float32")
BOXES = {"boxes": np.array([[[1.0, 0.0, 3.0, 2.0]]]), "labels": np.array([[7]])}


def spot(box: Any, height: int = 8, width: int = 10) -> Any:
    """An image of zeros with ones where the box is."""
    image = np.zeros((1, height, width, 1))
    left, top, right, bottom = box
    image[0, top:bottom, left:right] = 1
    return image


def around(image: Any) -> list[int]:
    """The box around what is not zero."""
    rows, cols = (np.flatnonzero(image[0, ..., 0].any(axis=axis)) for axis in (1, 0))
    return [cols[0], rows[0], cols[-1] + 1, rows[-1] + 1]


def test_turns_by_right_angles_are_exact() -> None:
    for quarters in (1, 2, 3):
        turned = layers.RandomRotation((quarters / 4, quarters / 4))(IMAGES)
        np.testing.assert_allclose(turned, np.rot90(IMAGES, quarters, (1, 2)), atol=1e-3)


def test_angles_are_spread_evenly() -> None:
    disc = np.hypot(*np.mgrid[-7.5:8, -7.5:8]) < 5
    images = np.broadcast_to(disc[None, ..., None], (20, 16, 16, 1)).astype("float32")
    turned = layers.RandomRotation(0.5, "constant", seed=1)(images)
    np.testing.assert_allclose(turned.mean(axis=(1, 2, 3)), disc.mean(), rtol=0.05)
    np.testing.assert_allclose(turned.mean(axis=0)[..., 0][disc & (np.roll(disc, 3, 0) & np.roll(disc, -3, 0))], 1)
    drawn = layers.RandomRotation((-0.1, 0.2), seed=2).get_random_transformation(np.zeros((4000, 2, 2, 1)))["angle"]
    assert -36 <= drawn.min() < -35
    assert 71 < drawn.max() <= 72
    assert abs(drawn.mean() - 18) < 5 * 108 / np.sqrt(12 * 4000)


@pytest.mark.parametrize("fill", ["constant", "nearest", "reflect", "wrap"])
def test_shifts_by_whole_pixels_are_exact(fill: str) -> None:
    mode: Any = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}[fill]
    moved = layers.RandomTranslation((1 / 3, 1 / 3), (-0.5, -0.5), fill)(IMAGES)
    padded = np.pad(IMAGES, ((0, 0), (2, 0), (0, 3), (0, 0)), mode)
    np.testing.assert_allclose(moved, padded[:, :6, 3:], atol=1e-3)


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomFlip("horizontal", bounding_box_format="xyxy"),
        layers.RandomTranslation((0.25, 0.25), (-0.1, -0.1), "constant", bounding_box_format="xyxy"),
        layers.CenterCrop(6, 8, bounding_box_format="xyxy"),
        layers.RandomCrop(7, 8, bounding_box_format="xyxy"),
        layers.Resizing(16, 20, "nearest", bounding_box_format="xyxy"),
        layers.Resizing(16, 30, "nearest", pad_to_aspect_ratio=True, bounding_box_format="xyxy"),
        layers.RandAugment(factor=0.0, bounding_box_format="xyxy"),
    ],
)
def test_boxes_stay_around_what_they_are_around(layer: Any) -> None:
    for box in ([2, 1, 5, 4], [3, 3, 8, 5]):
        image = spot(box)
        data = {"images": image, "bounding_boxes": {"boxes": [[box]], "labels": [[3]]}, "segmentation_masks": image}
        for _ in range(4):
            result = layer(data)
            assert result["bounding_boxes"]["boxes"].round(3).tolist() == [[around(result["segmentation_masks"])]]
            assert result["bounding_boxes"]["labels"].tolist() == [[3]]


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomRotation(0.1, "constant", bounding_box_format="xyxy"),
        layers.RandomZoom(0.3, 0.2, "constant", bounding_box_format="xyxy"),
        layers.RandomShear(0.2, 0.1, fill_mode="constant", bounding_box_format="xyxy"),
        layers.RandomPerspective(1.0, 0.2, bounding_box_format="xyxy"),
        layers.RandAugment(num_ops=1, factor=0.1, bounding_box_format="xyxy"),
    ],
)
def test_boxes_hold_what_they_held(layer: Any) -> None:
    box = [12, 13, 25, 22]
    image = spot(box, 40, 40)
    data = {"images": image, "bounding_boxes": {"boxes": [[box]], "labels": [[3]]}, "segmentation_masks": image}
    for _ in range(10):
        result = layer(data)
        # of pixels that are read at their nearest neighbour; a pixel's place is its middle in boxes, its corner here
        found = around(result["segmentation_masks"])
        np.testing.assert_allclose(result["bounding_boxes"]["boxes"][0, 0], found, atol=2.0)


def test_boxes_outside_lose_their_labels() -> None:
    layer = layers.RandomTranslation((0.9, 0.9), (0.0, 0.0), bounding_box_format="xyxy")
    data = {"images": IMAGES[:1], "bounding_boxes": {"boxes": [[[0.0, 4.0, 3.0, 6.0]]], "labels": [[5]]}}
    result = layer(data)["bounding_boxes"]
    assert result["labels"].tolist() == [[-1]]
    one = layer({"images": IMAGES[0], "bounding_boxes": {"boxes": [[0.0, 0.0, 3.0, 6.0]], "labels": [5]}})
    assert one["bounding_boxes"]["labels"].tolist() == [5]
    assert one["bounding_boxes"]["boxes"].shape == (1, 4)


def test_random_crops_are_parts_of_the_image() -> None:
    image = np.arange(30.0).reshape(1, 5, 6, 1)
    layer, seen = layers.RandomCrop(3, 4, seed=1), set()
    for _ in range(60):
        part = layer(image)[0, ..., 0]
        top, left = divmod(int(part[0, 0]), 6)
        np.testing.assert_array_equal(part, image[0, top : top + 3, left : left + 4, 0])
        seen.add((top, left))
    assert seen == {(top, left) for top in range(3) for left in range(3)}


@pytest.mark.parametrize("size", [(6, 6), (5, 6), (3, 3), (1, 1), (8, 8), (3, 9), (12, 4)])
def test_sizes(size: tuple[int, int]) -> None:
    for make in (layers.CenterCrop, layers.RandomCrop, layers.Resizing):
        layer = make(*size)
        assert layer(IMAGES).shape == (5, *size, 2) == layer.compute_output_shape(IMAGES.shape)
        assert layer(IMAGES[0]).shape == (*size, 2)
    if max(size) <= 6:
        top, left = (6 - size[0]) // 2, (6 - size[1]) // 2
        expected = IMAGES[:, top : top + size[0], left : left + size[1]]
        for training in (True, False):
            np.testing.assert_array_equal(layers.CenterCrop(*size)(IMAGES, training=training), expected)


@pytest.mark.parametrize("shape", [(2, 1, 1, 3), (2, 1, 5, 3), (2, 7, 1, 3), (1, 2, 2, 3)])
def test_small_images(shape: tuple[int, ...]) -> None:
    for make in (
        lambda: layers.RandomRotation(0.3),
        lambda: layers.RandomTranslation(0.5, 0.5),
        lambda: layers.RandomZoom(0.5),
        lambda: layers.RandomShear(0.5, 0.5),
        lambda: layers.RandomPerspective(scale=0.3),
        lambda: layers.RandomElasticTransform(),
        lambda: layers.RandAugment(num_ops=11),
    ):
        result = make()(RNG.uniform(0, 255, shape))
        assert result.shape == shape
        assert np.isfinite(result).all()


def test_configurations_that_went_through_a_file() -> None:
    for layer in (
        layers.RandomTranslation((0.1, 0.2), 0.3),
        layers.RandomZoom((-0.1, 0.2), (0.1, 0.3)),
        layers.RandomShear(0.2, (0.1, 0.3)),
        layers.RandomRotation((0.1, 0.2)),
        layers.RandomColorJitter(brightness_factor=(0.1, 0.2)),
        layers.RandAugment(factor=(0.1, 0.2)),
        layers.AugMix(),
        layers.RandomPerspective(),
        layers.RandomElasticTransform(scale=(0.2, 0.4)),
        layers.Resizing(3, 4, crop_to_aspect_ratio=True),
        layers.CenterCrop(3, 4),
        layers.RandomCrop(3, 4),
    ):
        again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
        assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "layer",
    [
        layers.RandomFlip(dtype="float64"),
        layers.RandomRotation(0.3, dtype="float64"),
        layers.RandomTranslation(0.3, 0.2, "wrap", dtype="float64"),
        layers.RandomZoom(0.3, 0.2, "constant", dtype="float64"),
        layers.RandomShear(0.3, 0.2, fill_mode="nearest", dtype="float64"),
        layers.RandomPerspective(scale=0.3, dtype="float64"),
        layers.RandomCrop(4, 3, dtype="float64"),
        layers.CenterCrop(9, 8, dtype="float64"),
        layers.Resizing(5, 9, antialias=True, dtype="float64"),
        layers.RandomGaussianBlur(0.7, 5, value_range=(-99, 99), dtype="float64"),
        layers.CutMix(dtype="float64"),
        layers.MixUp(dtype="float64"),
    ],
)
def test_gradients_of_linear_changes_are_their_adjoints(layer: Any) -> None:
    x = juanji.Tensor(RNG.normal(size=IMAGES.shape))
    transformation = layer.get_random_transformation(x)
    with juanji.GradientTape() as tape:
        tape.watch(x)
        y = layer.transform_images(x, transformation)
    dy = RNG.normal(size=y.shape)
    dx = tape.gradient(y, x, output_gradients=dy).numpy()
    np.testing.assert_allclose((dx * x.numpy()).sum(), (dy * y.numpy()).sum(), rtol=1e-10)


def test_chains_change_masks_by_place_only() -> None:
    masks = RNG.integers(0, 3, (5, 6, 6, 1))
    layer = layers.RandAugment(num_ops=3, factor=0.4, seed=1)
    for _ in range(10):
        result = layer({"images": IMAGES[..., :1].repeat(3, -1), "segmentation_masks": masks})
        assert set(np.unique(result["segmentation_masks"])) <= {0, 1, 2}


@pytest.mark.parametrize("eagerly", [False, True])
def test_training_with_changes_of_images(eagerly: bool) -> None:
    (x, y), _ = shapes.load_data(400, 1, seed=1)
    juanji.utils.set_random_seed(1)
    model = juanji.Sequential(
        [
            layers.Input(x.shape[1:]),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomRotation(0.05),
            layers.RandomBrightness(0.1),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.BatchNormalization(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(juanji.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=eagerly)
    losses = model.fit(x, y, batch_size=40, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < 0.9 * losses[0]
    first, second = (model.predict(x[:8], verbose=0) for _ in range(2))
    np.testing.assert_array_equal(first, second)


# fmt: off
REFUSED: list[tuple[Any, str]] = [
    (lambda: layers.RandomRotation(1.5), "wrong factor"),
    (lambda: layers.RandomRotation(0.1, fill_mode="mirror"), "unknown fill_mode"),
    (lambda: layers.RandomRotation(0.1, interpolation="cubic"), "unknown interpolation"),
    (lambda: layers.RandomTranslation(0.1, (0.2, 1.2)), "wrong width_factor"),
    (lambda: layers.RandomTranslation(2, 0.1), "wrong height_factor"),
    (lambda: layers.RandomZoom(-1.0), "wrong height_factor"),
    (lambda: layers.RandomZoom((-1.0, 0.5)), "wrong height_factor"),
    (lambda: layers.RandomShear(-0.1), "wrong x_factor"),
    (lambda: layers.RandomShear(0.1, (-0.1, 0.2)), "wrong y_factor"),
    (lambda: layers.RandomPerspective(scale=1.5), "wrong scale"),
    (lambda: layers.RandomElasticTransform(fill_mode="abc"), "unknown fill_mode"),
    (lambda: layers.CenterCrop(0, 3), "height"),
    (lambda: layers.RandomCrop(3, 0), "width"),
    (lambda: layers.Resizing(3, 3, "cubic")(IMAGES), "interpolation"),
    (lambda: layers.RandAugment(num_ops=0), "num_ops"),
    (lambda: layers.AugMix(alpha=0), "wrong alpha"),
    (lambda: layers.AugMix(factor=2), "wrong factor"),
    (lambda: layers.RandomColorJitter(hue_factor=2), "wrong factor"),
    (lambda: layers.ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(0, 2)), "wrong tile_grid_size"),
    (lambda: layers.RandomElasticTransform(bounding_box_format="xyxy")(
        {"images": IMAGES[:1], "bounding_boxes": BOXES}), "boxes cannot follow"),
]
# fmt: on


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_refusals(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
