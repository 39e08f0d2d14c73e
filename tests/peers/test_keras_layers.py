"""Layers in Keras and here: the same weights give the same outputs, shapes and names of weights and arguments."""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

TOLERANCE = 3e-6  # float32, relative to the largest output; sums of at most 100 products in another order
SEQUENCE, IMAGE, VOLUME = (2, 11, 6), (2, 9, 7, 6), (1, 3, 4, 5, 2)
DEEP = (2, 5, 6, 4, 3)


def windows():
    for stride in (1, 2, 3):
        for padding in ("valid", "same"):
            options = {"strides": stride, "padding": padding}
            for kernel in (1, 2, 3, 5):
                yield "Conv2DTranspose", (4, kernel), options | {"activation": "elu"}, [IMAGE]
                yield "Conv1DTranspose", (4, kernel), options, [SEQUENCE]
            if stride > 1:
                yield "Conv2DTranspose", (4, 3), options | {"output_padding": 1}, [IMAGE]
                yield "Conv1DTranspose", (4, 3), options | {"output_padding": 1}, [SEQUENCE]
            for name, shape in (("Conv1D", SEQUENCE), ("Conv2D", IMAGE)):
                yield name, (4, 3), options | {"activation": "relu"}, [shape]
                yield f"Separable{name}", (4, 3), options | {"depth_multiplier": 2}, [shape]
                yield f"Depthwise{name}", (3,), options | {"depth_multiplier": 2}, [shape]
            for name in ("MaxPooling", "AveragePooling"):
                yield f"{name}1D", (3,), options, [SEQUENCE]
                yield f"{name}2D", ((3, 2),), options, [IMAGE]
                yield f"{name}3D", ((2, 3, 2),), options, [DEEP]
            yield "Conv3D", (4, (2, 3, 1)), options | {"activation": "relu"}, [DEEP]
            yield "Conv3DTranspose", (4, (2, 3, 1)), options, [DEEP]
        yield "Conv1D", (4, 3), {"strides": stride, "padding": "causal"}, [SEQUENCE]
    for padding in ("valid", "same", "causal"):
        yield "Conv1D", (6, 3), {"dilation_rate": 2, "padding": padding, "groups": 2, "use_bias": False}, [SEQUENCE]
    for padding in ("valid", "same"):
        yield "SeparableConv2D", (4, 3), {"dilation_rate": 2, "padding": padding, "use_bias": False}, [IMAGE]


def shapes():
    for keepdims in (False, True):
        for name in ("GlobalMaxPooling", "GlobalAveragePooling"):
            yield f"{name}1D", (), {"keepdims": keepdims}, [SEQUENCE]
            yield f"{name}2D", (), {"keepdims": keepdims}, [IMAGE]
            yield f"{name}3D", (), {"keepdims": keepdims}, [VOLUME]
    for kind in ("Average", "Max"):
        yield f"Adaptive{kind}Pooling1D", (4,), {}, [SEQUENCE]
        yield f"Adaptive{kind}Pooling2D", ((4, 7),), {}, [IMAGE]
        yield f"Adaptive{kind}Pooling3D", ((2, 3, 5),), {}, [VOLUME]
    for amount in ((), (2,), ((1, 3),)):
        yield "ZeroPadding1D", amount, {}, [SEQUENCE]
        yield "Cropping1D", amount, {}, [SEQUENCE]
        yield "ZeroPadding2D", amount, {}, [IMAGE]
        yield "Cropping2D", amount, {}, [IMAGE]
    for name in ("ZeroPadding2D", "Cropping2D"):
        yield name, (((1, 0), (2, 3)),), {}, [IMAGE]
    for name in ("ZeroPadding3D", "Cropping3D"):
        yield name, (), {}, [VOLUME]
        yield name, (((1, 0), (0, 0), (2, 1)),), {}, [VOLUME]
    yield "Reshape", ((7, -1, 2),), {}, [IMAGE]
    yield "Permute", ((3, 1, 2),), {}, [IMAGE]
    yield "RepeatVector", (3,), {}, [(2, 5)]
    yield "UpSampling1D", (3,), {}, [SEQUENCE]
    yield "UpSampling3D", ((1, 2, 3),), {}, [VOLUME]
    for size in (1, 2, 3, (2, 4), (1, 5)):
        for interpolation in ("nearest", "bilinear", "lanczos3"):
            yield "UpSampling2D", (size,), {"interpolation": interpolation}, [IMAGE]


def others():
    yield "LeakyReLU", (), {}, [IMAGE]
    yield "LeakyReLU", (), {"negative_slope": 0.1}, [IMAGE]
    yield "ELU", (1.5,), {}, [IMAGE]
    yield "PReLU", (), {}, [IMAGE]
    yield "PReLU", (), {"shared_axes": [1, 2]}, [IMAGE]
    yield "Identity", (), {}, [IMAGE]
    yield "Rescaling", (1 / 127.5,), {"offset": -1}, [IMAGE]
    yield "Rescaling", (list(range(6)),), {"offset": [1.0] * 6}, [IMAGE]
    for name in ("SpatialDropout2D", "GaussianNoise", "GaussianDropout"):
        yield name, (0.5,), {}, [IMAGE]
    yield "SpatialDropout1D", (0.5,), {}, [SEQUENCE]
    yield "SpatialDropout3D", (0.5,), {}, [VOLUME]
    yield "ActivityRegularization", (0.1, 0.2), {}, [IMAGE]
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum"):
        yield name, (), {}, [IMAGE, IMAGE, IMAGE]
        yield name, (), {}, [(2, 6), (2, 3, 6)]
        yield name, (), {}, [IMAGE, (2, 1, 1, 6), (2, 9, 7, 1)]
    yield "Subtract", (), {}, [(2, 3, 6), (2, 6)]
    yield "Concatenate", (), {}, [IMAGE, (2, 9, 7, 2)]
    yield "Concatenate", (), {"axis": 1}, [IMAGE, (2, 3, 7, 6), IMAGE]
    for axes, first, second in ((1, (2, 5), (2, 5)), ((1, 2), (2, 5, 3), (2, 4, 5)), ((2, 1), (2, 4, 5), (2, 5))):
        for normalize in (False, True):
            yield "Dot", (axes,), {"normalize": normalize}, [first, second]


CASES = [pytest.param(*case, id=f"{case[0]}-{i}") for i, case in enumerate([*windows(), *shapes(), *others()])]


def one_or_all(values):
    return values if len(values) > 1 else values[0]


@pytest.mark.parametrize(("name", "args", "options", "shapes"), CASES)
def test_layers_agree(name, args, options, shapes):
    theirs, ours = (getattr(k.layers, name)(*args, **options) for k in (keras, juanji))
    rng = np.random.default_rng(0)
    x = one_or_all([rng.normal(size=shape).astype("float32") for shape in shapes])
    theirs(x), ours(x)
    weights = [rng.normal(size=w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    assert [v.name for v in ours.weights] == [v.name for v in theirs.weights]
    wanted = np.asarray(theirs(x))
    np.testing.assert_allclose(ours(x), wanted, rtol=0, atol=TOLERANCE * max(1.0, np.abs(wanted).max()))
    unknown = one_or_all([(None, *shape[1:]) for shape in shapes])
    assert ours.compute_output_shape(unknown) == tuple(theirs.compute_output_shape(unknown))
    assert ours(one_or_all([juanji.Input(shape[1:]) for shape in shapes])).shape == (None, *wanted.shape[1:])
    assert set(theirs.get_config()) - {"quantization_config"} <= set(ours.get_config())
    again = type(ours).from_config(json.loads(json.dumps(ours.get_config())))
    again(x)
    again.set_weights(weights)
    np.testing.assert_array_equal(again(x), ours(x))
