"""Layers with channels in front, against Keras where TensorFlow runs those on a CPU."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import juanji  # noqa: E402

RNG = np.random.default_rng(0)
IMAGES = RNG.standard_normal((2, 4, 6, 8)).astype("float32")
VOLUMES = RNG.standard_normal((2, 4, 6, 8, 4)).astype("float32")
SEQUENCES = RNG.standard_normal((2, 4, 9)).astype("float32")

CASES = {
    "Flatten": (lambda k, **o: k.Flatten(**o), IMAGES),
    "GlobalAveragePooling1D": (lambda k, **o: k.GlobalAveragePooling1D(**o), SEQUENCES),
    "GlobalAveragePooling2D": (lambda k, **o: k.GlobalAveragePooling2D(keepdims=True, **o), IMAGES),
    "GlobalMaxPooling2D": (lambda k, **o: k.GlobalMaxPooling2D(**o), IMAGES),
    "GlobalMaxPooling3D": (lambda k, **o: k.GlobalMaxPooling3D(keepdims=True, **o), VOLUMES),
    "ZeroPadding2D": (lambda k, **o: k.ZeroPadding2D(((1, 0), (2, 3)), **o), IMAGES),
    "ZeroPadding3D": (lambda k, **o: k.ZeroPadding3D((1, 2, 3), **o), VOLUMES),
    "Cropping2D": (lambda k, **o: k.Cropping2D(((1, 0), (2, 3)), **o), IMAGES),
    "Cropping3D": (lambda k, **o: k.Cropping3D(((1, 0), (2, 3), (0, 1)), **o), VOLUMES),
    "UpSampling2D": (lambda k, **o: k.UpSampling2D((2, 3), **o), IMAGES),
    "UpSampling3D": (lambda k, **o: k.UpSampling3D((1, 2, 3), **o), VOLUMES),
    "Conv2D": (lambda k, **o: k.Conv2D(6, (3, 2), strides=(1, 2), padding="same", **o), IMAGES),
    "Conv1D": (lambda k, **o: k.Conv1D(6, 3, **o), SEQUENCES),
    "DepthwiseConv2D": (lambda k, **o: k.DepthwiseConv2D(3, depth_multiplier=2, **o), IMAGES),
    "Conv2DTranspose": (lambda k, **o: k.Conv2DTranspose(3, 3, strides=2, **o), IMAGES),
    "MaxPooling2D": (lambda k, **o: k.MaxPooling2D(2, **o), IMAGES),
    "AveragePooling1D": (lambda k, **o: k.AveragePooling1D(2, **o), SEQUENCES),
}


@pytest.mark.parametrize("name", CASES)
def test_layers(name):
    make, x = CASES[name]
    theirs = make(keras.layers, data_format="channels_first")
    ours = make(juanji.layers, data_format="channels_first")
    theirs.build(x.shape)
    ours.build(x.shape)
    shape = (None, *x.shape[1:])
    assert ours.compute_output_shape(shape) == tuple(theirs.compute_output_shape(shape))
    if theirs.weights:
        ours.set_weights(theirs.get_weights())
    try:
        expected = np.asarray(theirs(x))
    except Exception as error:  # TensorFlow has no such kernel for CPUs
        assert "NHWC" in str(error) or "UNIMPLEMENTED" in str(error) or "nimplemented" in repr(error), error  # noqa: PT017
        pytest.skip("TensorFlow does not run this on a CPU")
    np.testing.assert_allclose(ours(x), expected, rtol=1e-4, atol=1e-4)
