"""Names of keras.preprocessing, and functions made of symbolic tensors."""

from __future__ import annotations

import numpy as np
import pytest

import juanji
from juanji import Input, layers, preprocessing, utils


def test_preprocessing_has_what_utils_have():
    assert preprocessing.image_dataset_from_directory is utils.image_dataset_from_directory
    assert preprocessing.sequence.pad_sequences is utils.pad_sequences
    assert preprocessing.image.load_img is utils.load_img


def test_resizing_keeps_the_proportions_of_the_middle():
    picture = np.zeros((4, 12, 1), "float32")
    picture[:, 4:8] = 1
    np.testing.assert_array_equal(preprocessing.image.smart_resize(picture, (2, 2)), np.ones((2, 2, 1)))
    assert preprocessing.image.smart_resize(np.zeros((5, 6, 8, 3)), [3, 9]).shape == (5, 3, 9, 3)
    with pytest.raises(ValueError, match="not a size"):
        preprocessing.image.smart_resize(picture, (1, 2, 3))


def test_functions_of_several_inputs_run_on_values_and_grow_graphs():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    dense = layers.Dense(2)
    function = juanji.Function([a, b], {"sum": a + b, "dense": dense(a)})
    x = np.arange(6, dtype="float32").reshape(2, 3)
    found = function([x, x])
    np.testing.assert_array_equal(found["sum"], 2 * x)
    np.testing.assert_allclose(found["dense"], x @ dense.get_weights()[0], rtol=1e-6)
    c = Input((3,))
    model = juanji.Model(c, function([c, c * 2.0])["sum"])
    np.testing.assert_array_equal(model.predict(x, verbose=0), 3 * x)
    assert [t.name for t in function.inputs] == ["a", "b"]
    assert len(function.outputs) == 2
    assert dense in function.operations
    with pytest.raises(ValueError, match="the graph is disconnected"):
        juanji.Function(a, b)
