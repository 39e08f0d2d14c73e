"""Utilities beside Keras': the same nesting, windows, pictures, classes and order of files."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from juanji import Sequential, layers, tree, utils  # noqa: E402

NESTED = {"b": [1, (2, None)], "a": {"z": 3, "y": [4]}, "c": ()}
RNG = np.random.default_rng(0)


def test_trees():
    assert tree.flatten(NESTED) == keras.tree.flatten(NESTED)
    assert tree.flatten_with_path(NESTED) == [(tuple(p), x) for p, x in keras.tree.flatten_with_path(NESTED)]
    assert tree.map_structure(str, NESTED) == keras.tree.map_structure(str, NESTED)
    assert tree.lists_to_tuples(NESTED) == keras.tree.lists_to_tuples(NESTED)
    shapes = {"a": (None, 3), "b": [(1, 2), (4,)]}
    assert tree.map_shape_structure(len, shapes) == keras.tree.map_shape_structure(len, shapes)
    for call in ("traverse",):
        visits: list[list] = [[], []]
        for found, library in zip(visits, (tree, keras.tree)):
            getattr(library, call)(found.append, NESTED)
        assert visits[0] == visits[1]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 1, 3, 9])
def test_sequences(padding, truncating, maxlen):
    sequences = [[1, 2, 3, 4], [5], [], [6, 7]]
    options = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": 9}
    found, expected = (library.pad_sequences(sequences, **options) for library in (utils, keras.utils))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "options",
    [
        {"sequence_length": 3},
        {"sequence_length": 4, "sequence_stride": 3, "sampling_rate": 2, "batch_size": 3},
        {"sequence_length": 2, "start_index": 3, "end_index": 15, "batch_size": 5},
    ],
)
@pytest.mark.parametrize("labelled", [False, True])
def test_windows(options, labelled):
    data = np.arange(20.0)
    targets = data * 10 if labelled else None
    expected = list(keras.utils.timeseries_dataset_from_array(data, targets, **options))
    found = list(utils.timeseries_dataset_from_array(data, targets, **options))
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        for x, y in zip(a if labelled else [a], b if labelled else [b]):
            np.testing.assert_array_equal(x, y)


def test_pictures():
    pytest.importorskip("PIL")
    for array in (RNG.random((4, 5, 3)), RNG.random((4, 5, 1)), RNG.integers(0, 256, (4, 5, 4))):
        for scale in (True, False):
            expected = np.asarray(keras.utils.array_to_img(array, scale=scale))
            np.testing.assert_array_equal(np.asarray(utils.array_to_img(array, scale=scale)), expected)
    assert utils.img_to_array(RNG.random((4, 5))).shape == keras.utils.img_to_array(RNG.random((4, 5))).shape


@pytest.mark.parametrize("options", [{}, {"keep_aspect_ratio": True}, {"color_mode": "grayscale"}])
def test_pictures_from_files(tmp_path, options):
    pytest.importorskip("PIL")
    utils.save_img(tmp_path / "a.png", RNG.random((9, 14, 3)))
    expected, found = (
        np.asarray(library.load_img(tmp_path / "a.png", target_size=(6, 6), interpolation="bilinear", **options))
        for library in (keras.utils, utils)
    )
    np.testing.assert_array_equal(found, expected)


def test_folders_of_pictures(tmp_path):
    pytest.importorskip("PIL")
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        for i in range(4):
            utils.save_img(tmp_path / name / f"{i}.png", RNG.random((6 + i, 8, 3)))
    options = {"validation_split": 0.25, "subset": "training", "seed": 7, "image_size": (5, 5), "verbose": False}
    for label_mode in ("int", "categorical", "binary"):
        theirs, ours = (
            library.image_dataset_from_directory(tmp_path, label_mode=label_mode, **options)
            for library in (keras.utils, utils)
        )
        assert ours.class_names == theirs.class_names
        assert ours.file_paths == theirs.file_paths
        (expected, labels), (found, own) = next(iter(theirs)), ours[0]
        assert (found.shape, own.dtype.name) == (expected.shape, labels.dtype.name)
        order = [int(np.argmin([np.abs(x - y).sum() for y in np.asarray(expected)])) for x in found]
        np.testing.assert_allclose(found, np.asarray(expected)[order], atol=1e-3)
        np.testing.assert_array_equal(own, np.asarray(labels)[order])


def test_training_on_batches_of_a_data_set():
    x = RNG.standard_normal((30, 4)).astype("float32")
    y = RNG.standard_normal((30, 1)).astype("float32")

    def batches(base):
        class Batches(base):
            def __len__(self):
                return 3

            def __getitem__(self, index):
                rows = slice(index * 10, (index + 1) * 10)
                return x[rows], y[rows], np.arange(10, dtype="float32")

        return Batches(workers=2)

    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    ours = Sequential([layers.Input((4,)), layers.Dense(1)])
    ours.set_weights(theirs.get_weights())
    histories = []
    for model, base in ((theirs, keras.utils.PyDataset), (ours, utils.PyDataset)):
        model.compile("sgd", "mse", weighted_metrics=["mae"])
        history = model.fit(batches(base), epochs=2, shuffle=False, validation_data=batches(base), verbose=0)
        histories.append(history.history)
    assert set(histories[0]) == set(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-4)
