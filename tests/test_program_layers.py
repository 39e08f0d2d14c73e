"""Every layer, loss and activation runs in recorded steps, with the bits of eager ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import juanji
from juanji import layers, losses, ops
from recordings import all_recorded, attempts

SEQUENCE: dict[str, Callable[[], Any]] = {
    "AlphaDropout": lambda: layers.AlphaDropout(0.3),
    "AveragePooling1D": lambda: layers.AveragePooling1D(2),
    "Bidirectional": lambda: layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="ave"),
    "Conv1D": lambda: layers.Conv1D(4, 3, padding="same", activation="relu"),
    "Conv1D causal": lambda: layers.Conv1D(4, 3, padding="causal", dilation_rate=2),
    "Conv1DTranspose": lambda: layers.Conv1DTranspose(4, 3, strides=2),
    "Cropping1D": lambda: layers.Cropping1D((1, 2)),
    "EinsumDense": lambda: layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", activation="tanh"),
    "DepthwiseConv1D": lambda: layers.DepthwiseConv1D(3, depth_multiplier=2),
    "GlobalAveragePooling1D": layers.GlobalAveragePooling1D,
    "GlobalMaxPooling1D": layers.GlobalMaxPooling1D,
    "GRU": lambda: layers.GRU(3, return_sequences=True, dropout=0.2),
    "GRU reset before": lambda: layers.GRU(3, reset_after=False, recurrent_dropout=0.2),
    "LSTM": lambda: layers.LSTM(3, go_backwards=True, dropout=0.2),
    "LSTM recurrent dropout": lambda: layers.LSTM(3, dropout=0.2, recurrent_dropout=0.2),
    "SimpleRNN": lambda: layers.SimpleRNN(3, dropout=0.2, recurrent_dropout=0.2),
    "StackedRNNCells": lambda: layers.RNN([layers.LSTMCell(3, dropout=0.2), layers.GRUCell(2)]),
    "MaxPooling1D": lambda: layers.MaxPooling1D(2),
    "Permute": lambda: layers.Permute((2, 1)),
    "SeparableConv1D": lambda: layers.SeparableConv1D(4, 3),
    "SpatialDropout1D": lambda: layers.SpatialDropout1D(0.5),
    "UpSampling1D": lambda: layers.UpSampling1D(2),
    "ZeroPadding1D": lambda: layers.ZeroPadding1D((1, 2)),
}
IMAGES: dict[str, Callable[[], Any]] = {
    "Activation": lambda: layers.Activation("tanh"),
    "ActivityRegularization": lambda: layers.ActivityRegularization(l1=0.01, l2=0.02),
    "AveragePooling2D": lambda: layers.AveragePooling2D(2, padding="same"),
    "BatchNormalization": layers.BatchNormalization,
    "BatchNormalization axis 1": lambda: layers.BatchNormalization(axis=1),
    "Conv2D": lambda: layers.Conv2D(4, 3, strides=2, groups=1, activation="sigmoid"),
    "Conv2D groups": lambda: layers.Conv2D(4, 3, groups=2, activation="softplus"),
    "Conv2DTranspose": lambda: layers.Conv2DTranspose(4, 3, strides=2, padding="same"),
    "Cropping2D": lambda: layers.Cropping2D(1),
    "Dense": lambda: layers.Dense(3, activation="elu"),
    "DepthwiseConv2D": lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, activation="tanh"),
    "Dropout": lambda: layers.Dropout(0.5),
    "Dropout noise shape": lambda: layers.Dropout(0.5, noise_shape=(None, 1, 1, None)),
    "ELU": lambda: layers.ELU(0.5),
    "Flatten": layers.Flatten,
    "GaussianDropout": lambda: layers.GaussianDropout(0.3),
    "GaussianNoise": lambda: layers.GaussianNoise(0.3),
    "GlobalAveragePooling2D": lambda: layers.GlobalAveragePooling2D(keepdims=True),
    "GlobalMaxPooling2D": layers.GlobalMaxPooling2D,
    "GroupNormalization": lambda: layers.GroupNormalization(2),
    "Identity": layers.Identity,
    "LayerNormalization": layers.LayerNormalization,
    "LeakyReLU": lambda: layers.LeakyReLU(0.1),
    "LocalResponseNormalization": layers.LocalResponseNormalization,
    "MaxPooling2D": lambda: layers.MaxPooling2D(3, strides=2, padding="same"),
    "PReLU": lambda: layers.PReLU(shared_axes=(1, 2)),
    "RMSNormalization": layers.RMSNormalization,
    "ReLU": lambda: layers.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.1),
    "Rescaling": lambda: layers.Rescaling(2.0, offset=-1.0),
    "Reshape": lambda: layers.Reshape((8, -1)),
    "SeparableConv2D": lambda: layers.SeparableConv2D(4, 3, padding="same"),
    "Softmax": lambda: layers.Softmax(axis=-1),
    "Softmax axis 1": lambda: layers.Softmax(axis=1),
    "ConvLSTM1D": lambda: layers.ConvLSTM1D(2, 3, padding="same", dropout=0.2, recurrent_dropout=0.2),
    "SpectralNormalization": lambda: layers.SpectralNormalization(layers.Conv2D(3, 2), power_iterations=2),
    "SpatialDropout2D": lambda: layers.SpatialDropout2D(0.5),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Conv1D(2, 3)),
    "TimeDistributed batch": lambda: layers.TimeDistributed(layers.BatchNormalization()),
    "UnitNormalization": layers.UnitNormalization,
    "UpSampling2D": lambda: layers.UpSampling2D(2),
    "UpSampling2D bilinear": lambda: layers.UpSampling2D(2, interpolation="bilinear"),
    "UpSampling2D bicubic": lambda: layers.UpSampling2D((1, 3), interpolation="bicubic"),
    "ZeroPadding2D": lambda: layers.ZeroPadding2D(((1, 0), (2, 1))),
}
# Changes of images of the data, which have three channels.
AUGMENTATIONS: dict[str, Callable[[], Any]] = {
    "AutoContrast": lambda: layers.AutoContrast((-1, 1)),
    "CLAHE": lambda: layers.ContrastLimitedAdaptiveHistogramEqualization((-3, 3), tile_grid_size=(2, 2)),
    "CenterCrop": lambda: layers.CenterCrop(3, 4),
    "CutMix": layers.CutMix,
    "Equalization": lambda: layers.Equalization((-3, 3)),
    "Discretization": lambda: layers.Discretization([-0.5, 0.5], output_mode="one_hot"),
    "MixUp": layers.MixUp,
    "Normalization": layers.Normalization,
    "Pipeline": lambda: layers.Pipeline([layers.RandomFlip(), layers.RandomInvert(0.5)]),
    "RandomBrightness": lambda: layers.RandomBrightness(0.5, (-1, 1)),
    "RandomColorDegeneration": lambda: layers.RandomColorDegeneration(0.5, (-3, 3)),
    "RandomColorJitter": lambda: layers.RandomColorJitter((-3, 3), 0.3, 0.2, 0.7, 0.6),
    "RandomContrast": lambda: layers.RandomContrast(0.5, (-1, 1)),
    "RandomErasing": lambda: layers.RandomErasing(value_range=(-1, 1)),
    "RandomFlip": layers.RandomFlip,
    "RandomGaussianBlur": lambda: layers.RandomGaussianBlur(value_range=(-1, 1)),
    "RandomGrayscale": layers.RandomGrayscale,
    "RandomHue": lambda: layers.RandomHue(0.5, (-3, 3)),
    "RandomInvert": layers.RandomInvert,
    "RandomPerspective": layers.RandomPerspective,
    "RandomPosterization": lambda: layers.RandomPosterization((1, 4), (-3, 3)),
    "RandomRotation": lambda: layers.RandomRotation(0.2),
    "RandomSaturation": lambda: layers.RandomSaturation((0.2, 0.8)),
    "RandomSharpness": lambda: layers.RandomSharpness(0.9, (-1, 1)),
    "RandomShear": lambda: layers.RandomShear(0.2, 0.3),
    "RandomTranslation": lambda: layers.RandomTranslation(0.2, 0.3, "constant"),
    "RandomZoom": lambda: layers.RandomZoom(0.3, None, "nearest"),
    "Resizing": lambda: layers.Resizing(3, 5),
    "Solarization": lambda: layers.Solarization(0.4, 0.8, (-1, 1)),
}
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "affine_transform": lambda x: ops.image.affine_transform(
        x, [1.2, 0.1, -1.1, 0.2, 0.9, 0.3, 0, 0], "bilinear", "wrap"
    ),
    "crop_images": lambda x: ops.image.crop_images(x, 1, 2, 0, 1),
    "elastic_transform": lambda x: ops.image.elastic_transform(x, 2.0, 1.0, seed=3),
    "extract_patches": lambda x: ops.image.extract_patches(x, (2, 3)),
    "filter2d": lambda x: ops.filters.filter2d(x, [[1.0, -1.0, 0.5]], "mirror"),
    "gaussian_blur": lambda x: ops.image.gaussian_blur(x, (5, 5)),
    "gaussian_filter": lambda x: ops.filters.gaussian_filter(x, 0.7),
    "hsv_to_rgb": ops.image.hsv_to_rgb,
    "laplacian": ops.filters.laplacian,
    "pad_images": lambda x: ops.image.pad_images(x, 1, 2, 0, 1),
    "perspective_transform": lambda x: ops.image.perspective_transform(
        x, [[0, 0], [0, 5], [7, 0], [7, 5]], [[1, 0], [0, 5], [7, 1], [6, 5]]
    ),
    "resize": lambda x: ops.image.resize(x, (3, 11), "lanczos3", antialias=True),
    "resize nearest": lambda x: ops.image.resize(x, (3, 11), "nearest"),
    "rgb_to_grayscale": ops.image.rgb_to_grayscale,
    "rgb_to_hsv": ops.image.rgb_to_hsv,
    "scale_and_translate": lambda x: ops.image.scale_and_translate(
        x, (None, 4, 8, 3), np.float32([0.7, 1.1]), np.float32([0.1, -0.2]), (1, 2), "cubic"
    ),
    "sobel": ops.filters.sobel,
    "sobel_edges": ops.image.sobel_edges,
    "ssim": lambda x: ops.image.ssim(x, ops.sigmoid(x), filter_size=3),
}
VOLUMES: dict[str, Callable[[], Any]] = {
    "AdaptiveAveragePooling3D": lambda: layers.AdaptiveAveragePooling3D((2, 3, 2)),
    "AdaptiveMaxPooling3D": lambda: layers.AdaptiveMaxPooling3D(2),
    "AveragePooling3D": lambda: layers.AveragePooling3D(2, padding="same"),
    "Conv3D": lambda: layers.Conv3D(4, 2, padding="same", activation="relu"),
    "Conv3D groups": lambda: layers.Conv3D(4, 3, strides=2, padding="same", groups=2),
    "Conv3DTranspose": lambda: layers.Conv3DTranspose(3, 3, strides=2, padding="same"),
    "GlobalAveragePooling3D": layers.GlobalAveragePooling3D,
    "GlobalMaxPooling3D": lambda: layers.GlobalMaxPooling3D(keepdims=True),
    "MaxPooling3D": lambda: layers.MaxPooling3D((1, 2, 2)),
}
# fmt: off
ACTIVATIONS = [
    "relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh", "hard_tanh", "softmax",
    "log_softmax", "exponential", "softplus", "softsign", "silu", "hard_silu", "mish", "linear", "celu", "gelu",
    "hard_shrink", "log_sigmoid", "soft_shrink", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink",
]
# fmt: on
MERGES = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract", "Concatenate", "Dot")
LOSSES = [
    name
    for name, loss in vars(losses).items()
    if isinstance(loss, type)
    and issubclass(loss, losses.LossFunctionWrapper)
    and loss not in (losses.LossFunctionWrapper, losses.CTC)
]


def assert_same(build: Callable[[], Any], x: Any, y: Any, loss: Any = "mse") -> None:
    results = []
    for eagerly in (True, False):
        juanji.utils.set_random_seed(0)
        model = build()
        model.compile("adam", loss)
        model.run_eagerly = eagerly
        history = [model.train_on_batch(x, y) for _ in range(4)]
        history += [model.test_on_batch(x, y) for _ in range(3)]
        predictions = [model.predict_on_batch(x) for _ in range(3)]
        results.append((history, [w.tobytes() for w in model.get_weights()], predictions))
        if not eagerly:
            assert [key[0] for key in attempts(model)] == ["train_step", "test_step", "predict_step"]
            assert all_recorded(model)
    assert results[0][:2] == results[1][:2]
    for a, b in zip(results[0][2], results[1][2]):  # normalisation is folded into weights
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def assert_layer_runs(make: Callable[[], Any], shape: tuple[int, ...]) -> None:
    def build() -> Any:
        x = inputs = layers.Input(shape)
        x = make()(layers.Dense(4)(x))
        return juanji.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.Identity()(x))))

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, *shape)).astype("float32")
    assert_same(build, x, rng.standard_normal((6, 2)).astype("float32"))


@pytest.mark.parametrize("name", SEQUENCE)
def test_layers_of_sequences(name: str) -> None:
    assert_layer_runs(SEQUENCE[name], (8, 4))


@pytest.mark.parametrize("name", IMAGES)
def test_layers_of_images(name: str) -> None:
    assert_layer_runs(IMAGES[name], (6, 8, 3))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_changes_of_images(name: str) -> None:
    def build() -> Any:
        return juanji.Sequential([layers.Input((6, 8, 3)), AUGMENTATIONS[name](), layers.Flatten(), layers.Dense(2)])

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 6, 8, 3)).astype("float32")
    assert_same(build, x, rng.standard_normal((6, 2)).astype("float32"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_images(name: str) -> None:
    def build() -> Any:
        inputs = layers.Input((6, 8, 3))
        y = FUNCTIONS[name](layers.Dense(3, activation="sigmoid")(inputs))
        y = ops.expand_dims(y, -1) if name == "ssim" else layers.Flatten()(y)
        return juanji.Model(inputs, layers.Dense(2)(y))

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 6, 8, 3)).astype("float32")
    assert_same(build, x, rng.standard_normal((6, 2)).astype("float32"))


@pytest.mark.parametrize("name", VOLUMES)
def test_layers_of_volumes(name: str) -> None:
    assert_layer_runs(VOLUMES[name], (3, 4, 5, 2))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    assert_layer_runs(lambda: layers.Conv2D(4, 2, activation=name), (4, 5, 3))


def test_repeated_vectors() -> None:
    assert_layer_runs(lambda: layers.RepeatVector(3), (5,))


@pytest.mark.parametrize("name", MERGES)
def test_merging_layers(name: str) -> None:
    def build() -> Any:
        inputs = layers.Input((5, 4))
        merge = layers.Dot(axes=2) if name == "Dot" else getattr(layers, name)()
        merged = merge([layers.Dense(3)(inputs), layers.Dense(3)(inputs)])
        return juanji.Model(inputs, layers.Dense(2)(layers.Flatten()(merged)))

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 5, 4)).astype("float32")
    assert_same(build, x, rng.standard_normal((6, 2)).astype("float32"))


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    def build() -> Any:
        return juanji.Sequential([layers.Input((4,)), layers.Dense(3, activation="softmax")])

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 4)).astype("float32")
    y = rng.integers(0, 3, 6)
    loss = getattr(losses, name)()
    assert_same(build, x, y if loss.takes_class_numbers else np.eye(3, dtype="float32")[y], loss)


def test_loss_of_sequences() -> None:
    def build() -> Any:
        return juanji.Sequential([layers.Input((7, 4)), layers.Dense(5)])

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 7, 4)).astype("float32")
    assert_same(build, x, rng.integers(0, 5, (6, 3)), losses.CTC())


ATTENTION: dict[str, Callable[[], Any]] = {
    "AdditiveAttention": layers.AdditiveAttention,
    "Attention": lambda: layers.Attention(use_scale=True, dropout=0.3),
    "Attention concat": lambda: layers.Attention(score_mode="concat"),
    "GroupQueryAttention": lambda: layers.GroupQueryAttention(2, 4, 2, dropout=0.3),
    "MultiHeadAttention": lambda: layers.MultiHeadAttention(2, 3, use_gate=True),
    "MultiHeadAttention dropout": lambda: layers.MultiHeadAttention(2, 3, dropout=0.3),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention(name: str) -> None:
    def build() -> Any:
        inputs = layers.Input((5, 4))
        query, value = layers.Dense(4)(inputs), layers.Dense(4)(inputs)
        pair = "Query" in name or "Multi" in name
        attended = ATTENTION[name]()(query, value) if pair else ATTENTION[name]()([query, value])
        return juanji.Model(inputs, layers.Dense(2)(layers.Flatten()(attended)))

    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 5, 4)).astype("float32")
    assert_same(build, x, rng.standard_normal((6, 2)).astype("float32"))


def test_embedding() -> None:
    def build() -> Any:
        inputs = layers.Input((5,), dtype="int32")
        return juanji.Model(inputs, layers.Dense(2)(layers.LSTM(3)(layers.Embedding(7, 4, mask_zero=True)(inputs))))

    rng = np.random.default_rng(0)
    assert_same(build, rng.integers(0, 7, (6, 5)), rng.standard_normal((6, 2)).astype("float32"))
