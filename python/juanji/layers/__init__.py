"""Layers, under keras.layers names."""

from juanji.layers._registry import deserialize, serialize
from juanji.layers.activation import Activation, ReLU, Softmax
from juanji.layers.batch_normalization import BatchNormalization
from juanji.layers.conv2d import Conv2D
from juanji.layers.dense import Dense
from juanji.layers.depthwise_conv2d import DepthwiseConv2D
from juanji.layers.dropout import Dropout
from juanji.layers.flatten import Flatten
from juanji.layers.global_pooling import (
    GlobalAveragePooling2D,
    GlobalAvgPool2D,
    GlobalMaxPool2D,
    GlobalMaxPooling2D,
)
from juanji.layers.input_layer import Input, InputLayer
from juanji.layers.joining import Concatenate, Dot, concatenate, dot
from juanji.layers.layer import Layer
from juanji.layers.merging import (
    Add,
    Average,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    maximum,
    minimum,
    multiply,
    subtract,
)
from juanji.layers.pooling import AveragePooling2D, AvgPool2D, MaxPool2D, MaxPooling2D

__all__ = [
    "Activation",
    "Add",
    "Average",
    "AveragePooling2D",
    "AvgPool2D",
    "BatchNormalization",
    "Concatenate",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Layer",
    "MaxPool2D",
    "MaxPooling2D",
    "Maximum",
    "Minimum",
    "Multiply",
    "ReLU",
    "Softmax",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "deserialize",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "serialize",
    "subtract",
]
