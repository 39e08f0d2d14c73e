"""Every public class of the families comes back from its configuration, through JSON."""

from __future__ import annotations

import importlib
import inspect
import json

import pytest

from juanji import layers, losses, optimizers
from juanji.saving import deserialize_keras_object, serialize_keras_object
from juanji.utils.registry import families

RATE = (
    "Dropout AlphaDropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D Rescaling "
)
RATE += "RandomRotation RandomZoom RandomBrightness RandomContrast RandomHue RandomSaturation RandomSharpness "
RATE += "RandomColorDegeneration SensitivityAtSpecificity SpecificityAtSensitivity PrecisionAtRecall RecallAtPrecision"
ONE = (
    "Dense DepthwiseConv1D DepthwiseConv2D LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell RepeatVector Dot MeanIoU "
)
ONE += "OneHotMeanIoU ConfusionMatrix RandomPosterization AveragePooling1D AveragePooling2D AveragePooling3D "
ONE += "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
ONE += "AdaptiveMaxPooling2D AdaptiveMaxPooling3D MaxNumBoundingBoxes"
TWO = "Conv1D Conv2D Conv3D Conv1DTranspose Conv2DTranspose Conv3DTranspose SeparableConv1D SeparableConv2D ConvLSTM1D "
TWO += "ConvLSTM2D ConvLSTM3D Embedding ReversibleEmbedding MultiHeadAttention Resizing CenterCrop RandomCrop"
ARGUMENTS = {
    **dict.fromkeys(RATE.split(), (0.5,)),
    **dict.fromkeys(ONE.split(), (2,)),
    **dict.fromkeys(TWO.split(), (2, 2)),
    **dict.fromkeys(["ExponentialDecay", "InverseTimeDecay"], (0.1, 10, 0.9)),
    **dict.fromkeys(["PolynomialDecay", "CosineDecay", "CosineDecayRestarts"], (0.1, 10)),
    "Activation": ("relu",),
    "CategoryEncoding": (3,),
    "Discretization": ([0.0, 1.0],),
    "EinsumDense": ("abc,cd->abd", (None, 4)),
    "GroupQueryAttention": (2, 2, 1),
    "InputLayer": ((3,),),
    "IoU": (3, [0]),
    "LossFunctionWrapper": (losses.mean_squared_error,),
    "MeanMetricWrapper": (losses.mean_squared_error,),
    "OneHotIoU": (3, [0]),
    "Permute": ((2, 1),),
    "PiecewiseConstantDecay": ([1], [0.1, 0.2]),
    "RandomShear": (0.1, 0.2),
    "RandomTranslation": (0.1, 0.2),
    "Reshape": ((2, 2),),
}
MADE = {
    "Bidirectional": lambda: layers.Bidirectional(layers.LSTM(2)),
    "Lambda": lambda: layers.Lambda("relu"),
    "LossScaleOptimizer": lambda: optimizers.LossScaleOptimizer(optimizers.SGD(0.1)),
    "MultiOptimizer": lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.SGD(0.1))),
    "OptimizerMap": lambda: optimizers.OptimizerMap(optimizers.SGD(0.1)),
    "Pipeline": lambda: layers.Pipeline([layers.Rescaling(0.5)]),
    "RNN": lambda: layers.RNN(layers.LSTMCell(2)),
    "SpectralNormalization": lambda: layers.SpectralNormalization(layers.Dense(2)),
    "StackedRNNCells": lambda: layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3)]),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dense(2)),
    "Wrapper": lambda: layers.Wrapper(layers.Dense(2)),
}
FAMILIES = "layers losses metrics optimizers optimizers.schedules initializers regularizers constraints"


def classes():
    for family in FAMILIES.split():
        module = importlib.import_module(f"juanji.{family}")
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if families[f"juanji.{family}"].holds(kind) and name == kind.__name__:
                yield pytest.param(kind, id=f"{family}.{name}")


@pytest.mark.parametrize("kind", list(classes()))
def test_every_class_comes_back_from_its_configuration(kind):
    name = kind.__name__
    part = MADE[name]() if name in MADE else kind(*ARGUMENTS.get(name, ()))
    data = json.loads(json.dumps(serialize_keras_object(part)))
    again = deserialize_keras_object(data)
    assert type(again) is kind
    assert json.loads(json.dumps(serialize_keras_object(again))) == data
