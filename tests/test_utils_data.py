"""Pictures, folders of pictures, sequences, splits, downloads and small helpers of utils."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import zipfile

import numpy as np
import pytest

import small_models
from juanji import Input, Model, Sequential, config, layers, utils
from loopback import Site

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8)


def test_pictures_survive_arrays_and_files(tmp_path):
    pytest.importorskip("PIL")
    image = utils.array_to_img(PICTURE, scale=False)
    assert image.size == (8, 6)
    np.testing.assert_array_equal(utils.img_to_array(image), PICTURE.astype("float32"))
    utils.save_img(tmp_path / "a.png", PICTURE, scale=False)
    np.testing.assert_array_equal(utils.img_to_array(utils.load_img(tmp_path / "a.png"), dtype="uint8"), PICTURE)
    assert utils.load_img(tmp_path / "a.png", color_mode="rgba").mode == "RGBA"
    gray = utils.load_img(tmp_path / "a.png", color_mode="grayscale", target_size=(3, 5), interpolation="bilinear")
    assert utils.img_to_array(gray).shape == (3, 5, 1)
    utils.save_img(tmp_path / "b.jpg", np.dstack([PICTURE, PICTURE[..., :1]]))
    assert utils.load_img(tmp_path / "b.jpg").size == (8, 6)


def test_pictures_are_scaled_to_bytes():
    pytest.importorskip("PIL")
    scaled = utils.img_to_array(utils.array_to_img(np.array([[[-1.0], [0.0]], [[1.0], [3.0]]])))
    np.testing.assert_array_equal(scaled[..., 0], [[0, 63], [127, 255]])
    np.testing.assert_array_equal(utils.img_to_array(utils.array_to_img(np.zeros((2, 2, 3)))), np.zeros((2, 2, 3)))
    assert utils.array_to_img(np.full((2, 2, 1), 300.0), scale=False).mode == "I"


def test_the_middle_is_kept_with_its_proportions():
    image = pytest.importorskip("PIL.Image")
    wide = np.zeros((4, 12, 3), "uint8")
    wide[:, 4:8] = 255
    file = io.BytesIO()
    image.fromarray(wide).save(file, "png")
    found = utils.img_to_array(utils.load_img(file, target_size=(4, 4), keep_aspect_ratio=True))
    np.testing.assert_array_equal(found, np.full((4, 4, 3), 255.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: utils.array_to_img(np.zeros((2, 2))), r"no picture; expected \(height, width, channels\)"),
        (lambda: utils.array_to_img(np.zeros((2, 2, 2))), "1, 3 or 4 channels"),
        (lambda: utils.img_to_array(np.zeros((1, 2, 2, 3))), "expected 2 or 3 axes"),
        (lambda: utils.img_to_array(PICTURE, data_format="channels_first"), "unsupported order"),
        (lambda: utils.load_img("x.png", color_mode="hsv"), "unknown colours; expected one of rgb, rgba, grayscale"),
        (lambda: utils.load_img("x.png", interpolation="best"), "unknown filter"),
    ],
)
def test_what_is_no_picture(call, message):
    pytest.importorskip("PIL")
    with pytest.raises(ValueError, match=message):
        call()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(ImportError, match="array_to_img needs the package Pillow, which is not installed: pip install"):
        utils.array_to_img(PICTURE)


@pytest.fixture
def folder(tmp_path):
    """Five cats, which are bright, and three dogs, which are dark, and a file that is no picture."""
    image = pytest.importorskip("PIL.Image")
    for name, count, value in (("cat", 5, 200), ("dog", 3, 20)):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(count):
            place = tmp_path / name / ("more" if i == 0 else "") / f"{i}.png"
            image.fromarray(np.full((4 + i, 6, 3), value + i, "uint8")).save(place)
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    return tmp_path


def test_folders_are_classes(folder, capsys):
    data = utils.image_dataset_from_directory(folder, image_size=(5, 7), batch_size=3, shuffle=False)
    assert capsys.readouterr().out == "Found 8 files belonging to 2 classes.\n"
    assert data.class_names == ["cat", "dog"]
    assert len(data) == 3
    pictures, _ = data[0]
    assert pictures.shape == (3, 5, 7, 3)
    assert pictures.dtype == np.float32
    everything = [labels for _, labels in data]
    np.testing.assert_array_equal(np.concatenate(everything), [0] * 5 + [1] * 3)
    assert all((x.mean() > 100) == (y == 0) for xs, ys in data for x, y in zip(xs, ys))
    names = [path[-5] for path in data.file_paths]  # a folder's own files come before those of folders inside
    assert "".join(names) == "12340120"


@pytest.mark.parametrize(
    ("mode", "shape", "dtype"),
    [("int", (8,), "int32"), ("categorical", (8, 2), "float32"), ("binary", (8, 1), "float32")],
)
def test_forms_of_labels(folder, mode, shape, dtype):
    data = utils.image_dataset_from_directory(folder, label_mode=mode, image_size=4, shuffle=False, verbose=False)
    labels = data[0][1]
    assert labels.shape == shape
    assert labels.dtype == dtype
    assert utils.image_dataset_from_directory(folder, label_mode=None, image_size=4, verbose=False)[0].shape[0] == 8
    single = utils.image_dataset_from_directory(folder, batch_size=None, image_size=4, verbose=False)
    assert [part.shape for part in single[3]] == [(4, 4, 3), ()]


def test_shuffling_is_anew_in_each_epoch_and_repeatable(folder):
    def passes():
        data = utils.image_dataset_from_directory(folder, image_size=2, batch_size=8, seed=3, verbose=False)
        found = []
        for _ in range(3):
            data.on_epoch_begin()
            found.append(data[0][0][:, 0, 0, 0].tolist())
        return found

    first = passes()
    assert first == passes()
    assert first[0] != first[1] != first[2]
    assert sorted(first[0]) == sorted(first[1])


def test_subsets_share_the_files(folder):
    options = {"image_size": 3, "validation_split": 0.25, "seed": 1, "verbose": False}
    training = utils.image_dataset_from_directory(folder, subset="training", **options)
    validation = utils.image_dataset_from_directory(folder, subset="validation", **options)
    both = utils.image_dataset_from_directory(folder, subset="both", **options)
    assert (len(training.file_paths), len(validation.file_paths)) == (6, 2)
    assert not set(training.file_paths) & set(validation.file_paths)
    assert [part.file_paths for part in both] == [training.file_paths, validation.file_paths]


def test_models_are_trained_on_folders(folder):
    data = utils.image_dataset_from_directory(folder, label_mode="binary", image_size=4, batch_size=2, verbose=False)
    model = Sequential([layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    assert len(model.fit(data, epochs=2, validation_data=data, verbose=0).history["val_loss"]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "guess"}, "labels are not clear"),
        ({"labels": [1, 2]}, "expected 8 labels, got 2"),
        ({"labels": [0] * 8, "class_names": ["a"]}, "class_names are for inferred labels"),
        ({"label_mode": "words"}, "unknown form of labels"),
        ({"class_names": ["cat", "cow"]}, "no such class"),
        ({"class_names": ["cat"], "label_mode": "binary"}, "'binary' is for two classes"),
        ({"interpolation": "best"}, "unknown interpolation"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "too much"),
        ({"validation_split": 2, "subset": "both", "seed": 0}, "validation_split is out of range"),
        ({"validation_split": 0.5}, "one argument is missing"),
        ({"validation_split": 0.5, "subset": "rest", "seed": 0}, "unknown subset"),
        ({"validation_split": 0.5, "subset": "both"}, "the parts could overlap"),
        ({"validation_split": 0.01, "subset": "both", "seed": 0}, "no pictures; expected files ending in .bmp"),
    ],
)
def test_mistakes_about_folders(folder, options, message):
    with pytest.raises(ValueError, match=message):
        utils.image_dataset_from_directory(folder, verbose=False, **options)


def test_sequences_of_one_length():
    sequences = [[1], [2, 3], [4, 5, 6], []]
    np.testing.assert_array_equal(utils.pad_sequences(sequences), [[0, 0, 1], [0, 2, 3], [4, 5, 6], [0, 0, 0]])
    found = utils.pad_sequences(sequences, maxlen=2, padding="post", truncating="post", value=-1.0, dtype="float32")
    np.testing.assert_array_equal(found, [[1, -1], [2, 3], [4, 5], [-1, -1]])
    assert utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]]).shape == (2, 2, 2)
    assert utils.pad_sequences([[1, 2]], maxlen=0).shape == (1, 0)
    with pytest.raises(ValueError, match="unknown padding"):
        utils.pad_sequences(sequences, padding="middle")
    with pytest.raises(ValueError, match="entries differ in shape"):
        utils.pad_sequences([[[1, 2]], [[3]]])
    with pytest.raises(ValueError, match="not a list of sequences"):
        utils.pad_sequences([1, 2])


def test_splits():
    x, y = np.arange(10), np.arange(10) * 2
    left, right = utils.split_dataset((x, {"y": y}), left_size=7)
    np.testing.assert_array_equal(left[0], range(7))
    np.testing.assert_array_equal(right[1]["y"], [14, 16, 18])
    left, right = utils.split_dataset(x, left_size=0.3, right_size=0.2)
    assert (len(left), len(right)) == (3, 2)
    assert right.tolist() == [8, 9]
    left, right = utils.split_dataset(x, right_size=0.5, shuffle=True, seed=1)
    assert sorted([*left, *right]) == list(range(10))
    again = utils.split_dataset(x, right_size=0.5, shuffle=True, seed=1)
    np.testing.assert_array_equal(again[0], left)
    batches = utils.timeseries_dataset_from_array(np.arange(9), None, 2, batch_size=1)
    first, second = utils.split_dataset(batches, left_size=6)
    assert (len(first), len(second)) == (6, 2)
    np.testing.assert_array_equal(second[0], [[6, 7]])


@pytest.mark.parametrize(
    ("sizes", "error", "message"),
    [
        ((None, None), ValueError, "the sizes are not known"),
        ((0, None), ValueError, "left_size is out of range"),
        ((10, None), ValueError, "left_size is out of range"),
        ((None, 1.5), ValueError, "right_size is out of range"),
        ((8, 8), ValueError, "the parts do not fit"),
        (("half", None), TypeError, "left_size is no number"),
        ((0.01, None), ValueError, "the parts do not fit"),
    ],
)
def test_splits_that_do_not_fit(sizes, error, message):
    with pytest.raises(error, match=message):
        utils.split_dataset(np.arange(10), *sizes)


def test_windows_over_a_series():
    data = utils.timeseries_dataset_from_array(
        np.arange(20), np.arange(20) * 10, sequence_length=3, sequence_stride=4, sampling_rate=2, batch_size=2,
        start_index=1, end_index=18,
    )  # fmt: skip
    found = [(x.tolist(), y.tolist()) for x, y in data]
    assert found == [([[1, 3, 5], [5, 7, 9]], [10, 50]), ([[9, 11, 13], [13, 15, 17]], [90, 130])]
    single = utils.timeseries_dataset_from_array(np.arange(5), None, 2, batch_size=None)
    assert single[1].tolist() == [1, 2]
    shuffled = utils.timeseries_dataset_from_array(np.arange(50), None, 1, batch_size=50, shuffle=True, seed=0)
    assert sorted(shuffled[0][:, 0]) == list(range(50))
    assert shuffled[0][:, 0].tolist() != list(range(50))
    for name, value in (("sampling_rate", 0), ("sequence_stride", 9), ("start_index", -1), ("end_index", 9)):
        with pytest.raises(ValueError, match=f"{name} is out of range"):
            utils.timeseries_dataset_from_array(np.arange(9), None, 2, **{name: value})


def archive(kind, names):
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as packed:
            for name in names:
                packed.writestr(name, "content")
    else:
        with tarfile.open(fileobj=out, mode="w:gz") as packed:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = 7
                packed.addfile(info, io.BytesIO(b"content"))
    return out.getvalue()


def test_a_file_is_downloaded_once_and_checked(tmp_path, capsys):
    with Site(b"hello") as site:
        options = {"cache_dir": tmp_path, "cache_subdir": "files"}
        path = utils.get_file(origin=site.url("a.txt"), **options)
        assert path == str(tmp_path / "files" / "a.txt")
        assert utils.get_file("a.txt", site.url(), file_hash=hashlib.sha256(b"hello").hexdigest(), **options) == path
        assert utils.get_file("a.txt", site.url(), md5_hash=hashlib.md5(b"hello").hexdigest(), **options) == path
        assert len(site.requests) == 1
        (tmp_path / "files" / "a.txt").write_text("damaged")
        utils.get_file("a.txt", site.url(), file_hash=hashlib.md5(b"hello").hexdigest(), **options)
        assert (tmp_path / "files" / "a.txt").read_text() == "hello"
        utils.get_file("a.txt", site.url(), force_download=True, **options)
        assert len(site.requests) == 3
        with pytest.raises(
            ValueError, match=r"the file cannot be downloaded; expected b\.txt, .*wrong file; expected SHA"
        ):
            utils.get_file("b.txt", site.url(), file_hash="0" * 64, **options)
        assert not (tmp_path / "files" / "b.txt").exists()
    with Site(status=404) as site, pytest.raises(OSError, match="HTTP 404"):
        utils.get_file("c.txt", site.url(), cache_dir=tmp_path)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_archives_are_unpacked_beside_themselves(tmp_path, kind, capsys):
    with Site(archive(kind, ["one/a.txt", "b.txt"])) as site:
        folder = utils.get_file("data", site.url(), extract=True, cache_dir=tmp_path)
        assert folder.endswith("data_extracted")
        assert (tmp_path / "datasets" / "data_extracted" / "one" / "a.txt").read_text() == "content"
        assert utils.get_file("data", site.url(), extract=True, cache_dir=tmp_path) == folder
        assert len(site.requests) == 1


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "a/../../out.txt"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_archives_that_reach_out_are_refused(tmp_path, kind, name, capsys):
    with (
        Site(archive(kind, ["good.txt", name])) as site,
        pytest.raises(ValueError, match="a member of the archive is refused"),
    ):
        utils.get_file("data", site.url(), extract=True, cache_dir=tmp_path)
    assert sorted(p.name for p in (tmp_path / "datasets").iterdir() if p.name[0] != ".") == ["data"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"origin": None}, "the address is missing"),
        ({"fname": "../x"}, "not a file name"),
        ({"file_hash": "123"}, "not a hash; expected 32 or 64"),
        ({"file_hash": "0" * 32, "hash_algorithm": "sha256"}, "not a hash; expected 64"),
    ],
)
def test_downloads_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        utils.get_file(**{"fname": "x", "origin": "http://localhost/x", **options})


def test_a_bar_averages_values(capsys):
    bar = utils.Progbar(3, verbose=1, interval=0.0, stateful_metrics=["rate"])
    for i in range(3):
        bar.update(i + 1, [("loss", float(i)), ("rate", i)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("1/3 ━━━━━━──────────────")
    assert lines[2].endswith("loss: 1.0000 - rate: 2.0000")
    utils.Progbar(None, verbose=1).add(5)
    assert "5/Unknown" in capsys.readouterr().out
    utils.Progbar(1, verbose=0).add(1)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="got both"):
        utils.Progbar(1, stateful_metrics=[], stateless_metrics=[])


def test_messages_can_be_kept_from_the_terminal(capsys, caplog):
    utils.disable_interactive_logging()
    try:
        assert not utils.is_interactive_logging_enabled()
        with caplog.at_level("INFO", logger="juanji"):
            utils.Progbar(1, verbose=2).add(1)
            small_models.linear().fit(small_models.X, small_models.Y)
    finally:
        utils.enable_interactive_logging()
    assert capsys.readouterr().out == ""
    assert "1/1" in caplog.text
    assert "Epoch 1/1" in caplog.text
    assert config.is_interactive_logging_enabled()


def test_settings_of_a_script():
    settings = utils.Config(a=1)
    settings.update(b=2)
    settings["c"] = 3
    assert list(settings) == ["a", "b", "c"]
    assert "b" in settings
    assert settings.to_json() == '{"a": 1, "b": 2, "c": 3}'
    assert settings.pop("c") == settings.get("x", 3)
    settings.freeze()
    for change in (lambda: settings.update(a=0), lambda: settings.pop("a"), lambda: setattr(settings, "z", 1)):
        with pytest.raises(ValueError, match="it is frozen"):
            change()
    settings.unfreeze()
    settings.a = 5
    assert settings.as_dict() == {"a": 5, "b": 2}
    with pytest.raises(AttributeError, match="no such setting"):
        _ = settings.missing


def test_graphs_of_models(tmp_path):
    a, b = Input((4,), name="a"), Input((4,), name="b")
    inner = Sequential([layers.Input((4,)), layers.Dense(3, name="deep")], name="inner")
    total = layers.Add(name="sum")([inner(a), inner(b)])
    model = Model([a, b], total, name="model")
    assert [x.name for x in utils.get_source_inputs(total)] == ["a", "b"]
    utils.plot_model(
        model, tmp_path / "m.dot", show_shapes=True, show_layer_names=True, expand_nested=True, show_trainable=True,
        show_dtype=True, show_layer_activations=True,
    )  # fmt: skip
    text = (tmp_path / "m.dot").read_text()
    for part in ('"a" -> "inner"', '"inner" -> "sum"', "output: (None, 3)", '"inner/deep"', "trainable", "float32"):
        assert part in text
    assert text.count("{") == text.count("}")
    with pytest.raises(ValueError, match="there is no graph"):
        utils.plot_model(Sequential([layers.Dense(2)]), tmp_path / "x.dot")


def test_batches_taken_apart_and_put_together():
    for parts in ((1, None, None), (1, 2, None), (1, 2, 3), ([1], None, None), ([1], 2, None)):
        assert utils.unpack_x_y_sample_weight(utils.pack_x_y_sample_weight(*parts)) == parts
    assert utils.pack_x_y_sample_weight(1, None, 3) == (1, None, 3)
    with pytest.raises(ValueError, match="wrong number of parts"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))
