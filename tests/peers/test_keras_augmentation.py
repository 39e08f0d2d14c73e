"""Layers that change images in Keras and here: one transformation, drawn by Keras, does the same to the same images."""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (5, 12, 9, 3)).astype("float32")
WHOLE = np.round(IMAGES)
MASKS = RNG.integers(0, 4, (5, 12, 9, 1)).astype("float32")
BOXES = np.array([[[1, 2, 5, 7], [0, 0, 9, 12]], *[[[2, 3, 8, 9], [4, 1, 6, 11]]] * 4], "float32")
FLIPS, FILLS = ("horizontal", "vertical", "horizontal_and_vertical"), ("reflect", "wrap", "constant", "nearest")


def drawn():
    """Layers with a transformation: name, arguments, and the largest difference in parts of 255."""
    for mode in FLIPS:
        yield "RandomFlip", {"mode": mode}, 0
    for fill in FILLS:
        for how in ("bilinear", "nearest"):
            form = {"fill_mode": fill, "interpolation": how, "fill_value": 3.0}
            yield "RandomRotation", {"factor": 0.3, **form}, 2e-5
            yield "RandomTranslation", {"height_factor": 0.3, "width_factor": (-0.2, 0.5), **form}, 2e-5
            yield "RandomZoom", {"height_factor": 0.4, "width_factor": (-0.2, 0.5), **form}, 2e-5
            yield "RandomShear", {"x_factor": 0.4, "y_factor": 0.3, **form}, 2e-5
    yield "RandomZoom", {"height_factor": (-0.4, -0.1)}, 2e-5
    for how in ("bilinear", "nearest"):
        yield "RandomPerspective", {"factor": 0.9, "scale": 0.4, "interpolation": how}, 1e-4
    for amount in (0.0, 0.4, (-0.2, 0.9)):
        yield "RandomBrightness", {"factor": amount}, 1e-6
        yield "RandomColorDegeneration", {"factor": amount}, 1e-6
    for amount in (0.0, 0.4, (0.2, 0.9)):
        yield "RandomContrast", {"factor": amount}, 1e-6
        yield "RandomSaturation", {"factor": amount}, 3e-6
        yield "RandomHue", {"factor": amount}, 3e-6
        yield "RandomInvert", {"factor": amount}, 0
        yield "RandomSharpness", {"factor": amount}, 1e-6
        yield "RandomErasing", {"factor": amount}, 0
        yield "RandomErasing", {"factor": amount, "scale": (0.2, 0.8), "fill_value": [1.0, 2.0, 3.0]}, 0
        yield "RandomGaussianBlur", {"factor": amount, "kernel_size": 5}, 1e-6
        yield "CutMix", {"factor": amount}, 0
    yield "RandomGrayscale", {"factor": 0.5}, 1e-6
    yield "RandomPosterization", {"factor": (1, 8)}, 0
    yield "RandomPosterization", {"factor": (3, 3)}, 0
    yield "Solarization", {"addition_factor": 0.4, "threshold_factor": (0.1, 0.6)}, 1e-6
    yield "MixUp", {"alpha": 0.5}, 1e-6
    for size in ((6, 5), (12, 9), (12, 5), (20, 8), (5, 20)):
        yield "RandomCrop", {"height": size[0], "width": size[1]}, 1e-6
        yield "CenterCrop", {"height": size[0], "width": size[1]}, 1e-6
        for form in ({}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 7.0}):
            yield "Resizing", {"height": size[0], "width": size[1], **form}, 2e-6
    for how in ("nearest", "lanczos3", "lanczos5"):
        yield "Resizing", {"height": 7, "width": 14, "interpolation": how}, 5e-6
    # TensorFlow's bicubic weights come from a table of 1024 positions
    yield "Resizing", {"height": 7, "width": 14, "interpolation": "bicubic"}, 2e-3
    yield "Resizing", {"height": 5, "width": 4, "antialias": True}, 5e-6
    yield "AutoContrast", {}, 1e-6
    yield "Equalization", {}, 1e-6
    yield "Equalization", {"bins": 64}, 1e-6
    for grid in ((8, 8), (1, 1), (2, 3)):
        yield "ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": grid}, 3e-6
        yield "ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": grid, "clip_limit": 0.0}, 3e-6


CASES = list(drawn())


def both(name, options):
    theirs = getattr(keras.layers, name)(**options)
    config = json.loads(json.dumps(theirs.get_config()))
    ours = juanji.layers.deserialize({"class_name": name, "config": config})
    return theirs, ours


def plain(transformation):
    return keras.tree.map_structure(
        lambda x: keras.ops.convert_to_numpy(x) if keras.ops.is_tensor(x) else x, transformation
    )


@pytest.mark.parametrize(("name", "options", "tolerance"), CASES)
def test_images_and_labels(name, options, tolerance):
    theirs, ours = both(name, options)
    for scale in (1, 255) if "value_range" in theirs.get_config() else (1,):
        if scale == 255:
            theirs, ours = both(name, {**options, "value_range": (0, 1)})
            if name in ("RandomPosterization", "Equalization", "ContrastLimitedAdaptiveHistogramEqualization"):
                continue  # a rounding error before a step function
        images = (WHOLE if "qual" in name or "Poster" in name else IMAGES) / np.float32(scale)
        transformation = theirs.get_random_transformation(images)
        expected = keras.ops.convert_to_numpy(theirs.transform_images(keras.ops.array(images), transformation))
        mine = plain(transformation)
        if name == "RandomCrop":
            mine = (*map(int, mine), images.shape[1:3])
        result = ours.transform_images(images, mine)
        assert result.shape == expected.shape == tuple(ours.compute_output_shape(images.shape))
        if options.get("interpolation") == "nearest" and name != "Resizing":
            # places between two pixels are rounded to either
            assert (np.abs(result - expected) > 1e-3).any(axis=-1).mean() < 0.03
        else:
            np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * 255 / scale)
        if name in ("MixUp", "CutMix"):
            labels = np.eye(5, dtype="float32")
            np.testing.assert_allclose(
                ours.transform_labels(labels, mine), theirs.transform_labels(labels, transformation), atol=1e-6
            )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("RandomFlip", {"mode": "horizontal"}),
        ("RandomFlip", {"mode": "vertical"}),
        ("RandomRotation", {"factor": 0.2}),
        ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2}),
        ("RandomZoom", {"height_factor": 0.3}),
        ("RandomZoom", {"height_factor": (-0.5, -0.3), "width_factor": (-0.5, 0.5)}),
        ("RandomPerspective", {"factor": 1.0, "scale": 0.2}),
        ("CenterCrop", {"height": 6, "width": 5}),
        ("Resizing", {"height": 6, "width": 5}),
        ("Resizing", {"height": 10, "width": 10, "crop_to_aspect_ratio": True}),
        ("Resizing", {"height": 20, "width": 10, "pad_to_aspect_ratio": True}),
    ],
)
@pytest.mark.parametrize("form", ["xyxy", "rel_xywh"])
def test_boxes(name, options, form):
    if name in ("RandomRotation", "RandomPerspective"):
        form = "xyxy"  # Keras takes boxes of any format for these
    boxes = juanji.utils.bounding_boxes.convert_format(BOXES, "xyxy", form, 12, 9)
    theirs, ours = both(name, {**options, "bounding_box_format": form})
    transformation = theirs.get_random_transformation(IMAGES)
    labels = np.arange(10).reshape(5, 2)
    given = {"boxes": keras.ops.array(boxes), "labels": keras.ops.array(labels)}
    expected = theirs.transform_bounding_boxes(given, transformation)
    mine = plain(transformation)
    if isinstance(mine, tuple):
        mine = {"input_shape": IMAGES.shape}
    if name == "RandomRotation":
        mine = {**mine, "input_shape": IMAGES.shape}
    result = ours.transform_bounding_boxes({"boxes": boxes, "labels": labels}, mine)
    np.testing.assert_allclose(result["boxes"], expected["boxes"], atol=2e-4)
    np.testing.assert_array_equal(result["labels"], expected["labels"])


@pytest.mark.parametrize("name", ["CutMix", "RandomElasticTransform"])
def test_boxes_that_cannot_follow_are_refused_by_both(name):
    theirs, ours = both(name, {"bounding_box_format": "xyxy"})
    boxes = {"boxes": np.ones((5, 2, 4), "float32"), "labels": np.ones((5, 2), "int32")}
    data = {"images": IMAGES, "bounding_boxes": boxes, "labels": np.eye(5, dtype="float32")}
    with pytest.raises(NotImplementedError):
        theirs(data, training=True)
    with pytest.raises(ValueError, match="boxes cannot follow this transformation"):
        ours(data, training=True)


@pytest.mark.parametrize("name", ["RandomFlip", "RandomRotation", "RandomZoom"])
def test_masks(name):
    theirs, ours = both(name, {} if name == "RandomFlip" else {"height_factor" if "Zoom" in name else "factor": 0.2})
    transformation = theirs.get_random_transformation(IMAGES)
    expected = keras.ops.convert_to_numpy(theirs.transform_segmentation_masks(MASKS, transformation))
    result = ours.transform_segmentation_masks(MASKS, plain(transformation))
    assert (result != expected).mean() < 0.03  # places between two pixels are rounded to either


@pytest.mark.parametrize("name", ["AugMix", "RandAugment", "RandomColorJitter", "RandomElasticTransform"])
def test_configurations_of_chains(name):
    theirs, ours = both(name, {"seed": 3})
    config = theirs.get_config()
    mine = ours.get_config()
    for key, value in config.items():
        if key not in ("dtype", "name"):
            assert json.dumps(mine[key]) == json.dumps(value), key


def test_pipeline():
    theirs = keras.layers.Pipeline([keras.layers.RandomFlip(), keras.layers.Rescaling(0.5)])
    ours = juanji.layers.deserialize({"class_name": "Pipeline", "config": json.loads(json.dumps(theirs.get_config()))})
    np.testing.assert_allclose(ours(IMAGES, training=False), theirs(IMAGES, training=False), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, None, (1, -1)])
@pytest.mark.parametrize("invert", [False, True])
def test_normalization(axis, invert):
    theirs, ours = (module.layers.Normalization(axis=axis, invert=invert) for module in (keras, juanji))
    theirs.adapt(IMAGES)
    ours.adapt(IMAGES)
    np.testing.assert_allclose(ours(IMAGES).numpy(), theirs(IMAGES), rtol=2e-5, atol=2e-5)
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    _, given = both("Normalization", {"axis": axis, "mean": 3.0, "variance": 4.0, "invert": invert})
    expected = keras.layers.Normalization(axis=axis, mean=3.0, variance=4.0, invert=invert)(IMAGES)
    np.testing.assert_allclose(given(IMAGES), expected, rtol=1e-6)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", [(4, 3), (4, 1), (4,), ()])
def test_category_encoding(mode, shape):
    theirs, ours = both("CategoryEncoding", {"num_tokens": 5, "output_mode": mode})
    numbers = RNG.integers(0, 5, shape)
    expected = keras.ops.convert_to_numpy(theirs(numbers))
    np.testing.assert_array_equal(ours(np.asarray(numbers)), expected)
    if shape:
        assert tuple(ours.compute_output_shape(shape)) == expected.shape


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_discretization(mode):
    options = {"num_bins": 4, "epsilon": 0.05, "output_mode": mode}
    theirs, ours = (module.layers.Discretization(**options) for module in (keras, juanji))
    x = RNG.normal(size=(50, 7)).astype("float32")
    for layer in (theirs, ours):
        layer.adapt(x)
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
    np.testing.assert_array_equal(ours(x), theirs(x))
    again = juanji.layers.deserialize(
        {"class_name": "Discretization", "config": json.loads(json.dumps(theirs.get_config()))}
    )
    np.testing.assert_array_equal(again(x), theirs(x))
