"""
Native operations of juanji. Private: use juanji.ops.
"""

from __future__ import annotations

import collections.abc
import typing

import numpy
import numpy.typing

@typing.type_check_only
class _NativeType(type): ...

class Operation(metaclass=_NativeType):
    """
    A native operation: attributes fixed, called with arrays.
    """
    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None: ...
    def __call__(self, *args: typing.Any) -> typing.Any:
        """
        Run on NumPy arrays; returns one array or a tuple.
        """
    def infer(
        self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]
    ) -> list[tuple[str, tuple[int, ...]]]:
        """
        (dtype, shape) of each output from the (dtype, shape) of each input.
        """
    def saves_multiplications(self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]) -> bool:
        """
        Whether it takes fewer multiplications than its definition, for these (dtype, shape).
        """
    def updated_inputs(self, input_count: int) -> list[int]:
        """
        Numbers of the inputs that a call overwrites.
        """
    @property
    def name(self) -> str: ...

class Assign(Operation):
    """
    (variable, value) -> (); overwrites the variable
    """
    def __init__(self) -> None: ...

class BatchNorm(Operation):
    """
    (x, gamma, beta[, residual]) -> (y, mean, variance)
    """
    def __init__(self, epsilon: float, activation: str) -> None: ...

class BatchNormGradient(Operation):
    """
    (dy, x[, y, or beta with from_input: only with activation 'relu'], gamma, mean, variance) -> (dx, dgamma, dbeta[, dresidual])
    """
    def __init__(self, epsilon: float, activation: str, residual: bool, from_input: bool = False) -> None: ...

class BatchMoments(Operation):
    """
    x -> (mean, variance)
    """
    def __init__(self) -> None: ...

class BatchNormApply(Operation):
    """
    (x, gamma, beta, mean, variance[, residual]) -> y
    """
    def __init__(self, epsilon: float, activation: str) -> None: ...

class BatchNormGradientSums(Operation):
    """
    (dy, x, gamma, beta, mean, variance) -> (dgamma, dbeta, sums)
    """
    def __init__(self, epsilon: float, activation: str) -> None: ...

class BatchNormGradientApply(Operation):
    """
    (dy, x, gamma, beta, mean, variance, sums) -> dx
    """
    def __init__(self, epsilon: float, activation: str) -> None: ...

class ScaleShift(Operation):
    """
    (x, scale, shift[, residual]) -> y = act(x * scale + shift + residual)
    """
    def __init__(self, activation: str) -> None: ...

class Binary(Operation):
    """
    (x1, x2) -> y = f(x1, x2), f named by kind: 'add', 'multiply', ...
    """
    def __init__(self, kind: str) -> None: ...

class Comparison(Operation):
    """
    (x1, x2) -> booleans, by kind: 'less', 'equal', ...
    """
    def __init__(self, kind: str) -> None: ...

class Where(Operation):
    """
    (condition, x1, x2) -> y = condition ? x1 : x2
    """
    def __init__(self) -> None: ...

class Cast(Operation):
    """
    (x) -> x as dtype
    """
    def __init__(self, dtype: str) -> None: ...

class Chain(Operation):
    """
    Operations one after the other, some samples at a time; values are numbered: inputs, then what the stages (operation, numbers of its inputs) give
    """
    def __init__(
        self,
        title: str,
        samples: int,
        whole: collections.abc.Sequence[bool],
        stages: collections.abc.Sequence[tuple[typing.Any, collections.abc.Sequence[int]]],
        wanted: collections.abc.Sequence[int],
    ) -> None: ...

class Conv2D(Operation):
    """
    (x, w[, b][, residual]) -> y
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
        activation: str,
        residual: bool = False,
    ) -> None: ...
    def groups_pixels(self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]) -> bool:
        """
        Whether several pixels of few channels are computed as one, for x and w of these (dtype, shape).
        """

class Conv2DMaxPool(Operation):
    """
    (x, w[, b]) -> y, or y and argmax: 2 by 2 maxima of Conv2D
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
        activation: str,
        argmax: bool,
    ) -> None: ...

class Conv2DMoments(Operation):
    """
    (x, w[, b]) -> y, mean and variance of its channels
    """
    @staticmethod
    def fits(y: collections.abc.Sequence[int]) -> bool:
        """
        Whether the statistics of such an output are taken image by image.
        """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
        activation: str,
    ) -> None: ...

class Conv2DInputGradient(Operation):
    """
    (dy, w) -> dx
    """
    def __init__(
        self,
        *,
        input_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
    ) -> None: ...

class Conv2DWeightGradient(Operation):
    """
    (x, dy) -> dw
    """
    def __init__(
        self,
        *,
        kernel_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
    ) -> None: ...

class Concatenate(Operation):
    """
    (x0, x1, ...) -> y joined along axis
    """
    def __init__(self, axis: int) -> None: ...

class Pad(Operation):
    """
    (x) -> y with value around x; widths are (before, behind) of each dimension
    """
    def __init__(self, widths: collections.abc.Sequence[tuple[int, int]], value: float) -> None: ...

class Split(Operation):
    """
    (x) -> y0, y1, ...: the parts of x along axis
    """
    def __init__(self, axis: int, sizes: collections.abc.Sequence[int]) -> None: ...

class StridedCopy(Operation):
    """
    (x) -> y = x seen through a view; strides and offset in elements
    """
    def __init__(
        self, shape: collections.abc.Sequence[int], strides: collections.abc.Sequence[int], offset: int
    ) -> None: ...

class StridedPlace(Operation):
    """
    (x) -> y of zeros but for a view of it, which is x
    """
    def __init__(
        self,
        shape: collections.abc.Sequence[int],
        view_shape: collections.abc.Sequence[int],
        strides: collections.abc.Sequence[int],
        offset: int,
    ) -> None: ...

class Take(Operation):
    """
    (x, indices) -> y: slices of x along axis
    """
    def __init__(self, axis: int) -> None: ...

class TakeGradient(Operation):
    """
    (dy, indices) -> dx of that size along axis
    """
    def __init__(self, axis: int, size: int) -> None: ...

class CrossEntropy(Operation):
    """
    (logits, labels) -> (loss, softmax)
    """
    def __init__(self) -> None: ...

class CrossEntropyGradient(Operation):
    """
    (softmax, labels, dloss) -> dlogits
    """
    def __init__(self) -> None: ...

class SparseCrossEntropy(Operation):
    """
    (logits, class numbers) -> (loss, softmax)
    """
    def __init__(self) -> None: ...

class SparseCrossEntropyGradient(Operation):
    """
    (softmax, class numbers, dloss) -> dlogits
    """
    def __init__(self) -> None: ...

class DepthwiseConv2D(Operation):
    """
    (x, w[, b]) -> y
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        activation: str,
    ) -> None: ...

class DepthwiseConv2DInputGradient(Operation):
    """
    (dy, w) -> dx
    """
    def __init__(
        self,
        *,
        input_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
    ) -> None: ...

class DepthwiseConv2DWeightGradient(Operation):
    """
    (x, dy) -> dw
    """
    def __init__(
        self,
        *,
        kernel_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
    ) -> None: ...

class DepthwisePointwise(Operation):
    """
    (x, w, packed[, depthwise b][, b][, residual]) -> y
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        depthwise_activation: str,
        depthwise_bias: bool,
        filters: int,
        activation: str,
        bias: bool,
        residual: bool = False,
    ) -> None: ...
    def makes_rows_once(self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]) -> bool:
        """
        Whether no part of the depthwise result is computed twice, for x and w of these (dtype, shape).
        """

class NormDepthwise(Operation):
    """
    (x, gamma, beta, mean, variance, w[, b]) -> y[, mean and variance of its channels]
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        epsilon: float,
        activation: str,
        moments: bool = False,
    ) -> None: ...
    def fits(self, x: collections.abc.Sequence[int], w: collections.abc.Sequence[int]) -> bool:
        """
        Whether images and weights of these shapes can be given.
        """

class NormDepthwiseGradient(Operation):
    """
    (dz, y, gamma, beta, mean, variance, sums, w, x, gamma, beta, mean, variance) -> (dx, dw, dgamma, dbeta, sums)
    """
    def __init__(
        self,
        *,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        epsilon: float,
        activation: str,
        out_epsilon: float,
        out_activation: str,
    ) -> None: ...

class Edges(Operation):
    """
    (dy, dx, slope (N, H, W), thresholds (N or 1, 2)) -> edges (N, H, W)
    """
    def __init__(self) -> None: ...

class GradientHistogram(Operation):
    """
    (images) -> (N, cells down, cells across, orientations)
    """
    def __init__(self, *, orientations: int, cell_height: int, cell_width: int) -> None: ...

class Median(Operation):
    """
    (padded images) -> images
    """
    def __init__(self, *, height: int, width: int) -> None: ...

class GroupNorm(Operation):
    """
    (x, gamma, beta) -> (y, mean, inverse deviation)
    """
    def __init__(self, sample_axes: int, groups: int, epsilon: float, centered: bool) -> None: ...

class GroupNormGradient(Operation):
    """
    (dy, x, gamma, mean, inverse deviation) -> (dx, dgamma, dbeta)
    """
    def __init__(self, sample_axes: int, groups: int, centered: bool) -> None: ...

class Equalize(Operation):
    """
    (x) -> x with the tones of each channel spread evenly
    """
    def __init__(self, bins: int) -> None: ...

class Clahe(Operation):
    """
    (x) -> x (N, H, W, C) with tones spread by the histograms of tiles
    """
    def __init__(self, rows: int, cols: int, clip_limit: float) -> None: ...

class Im2col(Operation):
    """
    (x) -> cols
    """
    def __init__(
        self,
        *,
        kernel_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
    ) -> None: ...

class Col2im(Operation):
    """
    (cols) -> x
    """
    def __init__(
        self,
        *,
        input_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        kernel_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
    ) -> None: ...

class MapCoordinates(Operation):
    """
    (x (N, size..., C), coordinates (N or 1, axes, P)) -> y (N, P, C)
    """
    def __init__(self, *, order: int, fill_mode: str, fill_value: float) -> None: ...

class MapCoordinatesGradient(Operation):
    """
    (dy, coordinates) -> dx
    """
    def __init__(self, *, order: int, fill_mode: str, size: collections.abc.Sequence[int]) -> None: ...

class MapCoordinatesSlope(Operation):
    """
    (x, coordinates, dy) -> dcoordinates, for order 1
    """
    def __init__(self, *, fill_mode: str, fill_value: float) -> None: ...

class Project(Operation):
    """
    (images, transforms (N or 1, 8)) -> images
    """
    def __init__(self, *, order: int, fill_mode: str, fill_value: float) -> None: ...

class ProjectGradient(Operation):
    """
    (dy, transforms) -> dx
    """
    def __init__(self, *, order: int, fill_mode: str) -> None: ...

class Resample(Operation):
    """
    (x) -> y: sums of weight[j] * x[source[j]] along axis, first[o] <= j < first[o + 1]
    """
    def __init__(
        self,
        axis: int,
        sources: int,
        first: collections.abc.Sequence[int],
        source: collections.abc.Sequence[int],
        weight: collections.abc.Sequence[float],
    ) -> None: ...

class RgbToHsv(Operation):
    """
    (images (..., 3)) -> images
    """
    def __init__(self) -> None: ...

class RgbToHsvGradient(Operation):
    """
    (images, dy) -> dx
    """
    def __init__(self) -> None: ...

class HsvToRgb(Operation):
    """
    (images (..., 3)) -> images
    """
    def __init__(self) -> None: ...

class HsvToRgbGradient(Operation):
    """
    (images, dy) -> dx
    """
    def __init__(self) -> None: ...

class BinaryCrossEntropy(Operation):
    """
    (output, target) -> loss, per element
    """
    def __init__(self, from_logits: bool) -> None: ...

class BinaryCrossEntropyGradient(Operation):
    """
    (output, target, dloss) -> doutput
    """
    def __init__(self, from_logits: bool) -> None: ...

class MeanSquaredError(Operation):
    """
    (x, y) -> mean over the last axis of (x - y)²
    """
    def __init__(self) -> None: ...

class MeanSquaredErrorGradient(Operation):
    """
    (x, y, dloss) -> dx
    """
    def __init__(self) -> None: ...

class ProbabilityCrossEntropy(Operation):
    """
    (probabilities, labels) -> loss
    """
    def __init__(self) -> None: ...

class ProbabilityCrossEntropyGradient(Operation):
    """
    (probabilities, labels, dloss) -> dprobabilities
    """
    def __init__(self) -> None: ...

class SparseProbabilityCrossEntropy(Operation):
    """
    (probabilities, class numbers) -> loss
    """
    def __init__(self) -> None: ...

class SparseProbabilityCrossEntropyGradient(Operation):
    """
    (probabilities, class numbers, dloss) -> dprobabilities
    """
    def __init__(self) -> None: ...

class Matmul(Operation):
    """
    (a, b) -> c, the matrix product of the last two dimensions
    """
    def __init__(self, *, transpose_a: bool = False, transpose_b: bool = False) -> None: ...

class Dense(Operation):
    """
    (x, w[, b]) -> y = act(x @ w + b)
    """
    def __init__(self, *, activation: str) -> None: ...

class BiasActivationGradient(Operation):
    """
    (y, dy) -> dz, db; without an activation (dy) -> db
    """
    def __init__(self, *, activation: str) -> None: ...

class PackConv2D(Operation):
    """
    (w) -> packed, the weights in the order Conv2DPacked reads them
    """
    def __init__(self, *, groups: int, winograd_tile: int = 0) -> None: ...

class Conv2DPacked(Operation):
    """
    (x, packed[, b][, residual]) -> y, with `pooled` its 2 by 2 maxima
    """
    def __init__(
        self,
        *,
        kernel_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        filters: int,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        padding: typing.Any,
        dilation_rate: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"],
        groups: int,
        activation: str,
        pooled: bool = False,
        winograd_tile: int = 0,
        residual: bool = False,
    ) -> None: ...
    def best_tile(self, specs: collections.abc.Sequence[tuple[str, collections.abc.Sequence[int]]]) -> int:
        """
        The tile of Winograd's method for an x of this (dtype, shape), or 0.
        """

class PackDense(Operation):
    """
    (w) -> packed, the weights in the order DensePacked reads them
    """
    def __init__(self) -> None: ...

class DensePacked(Operation):
    """
    (x, packed[, b]) -> y = act(x @ w + b)
    """
    def __init__(self, *, units: int, activation: str) -> None: ...

class Piecewise(Operation):
    """
    (x) -> y = f(x), f named by kind: 'leaky_relu', 'elu', ...
    """
    def __init__(self, kind: str, p: float = 0.0, q: float = 0.0) -> None: ...

class PiecewiseGradient(Operation):
    """
    (x, dy) -> dx of such a function
    """
    def __init__(self, kind: str, p: float = 0.0, q: float = 0.0) -> None: ...

class MaxPool(Operation):
    """
    (x) -> y, or y and argmax
    """
    def __init__(
        self,
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
        argmax: bool = False,
    ) -> None: ...

class MaxPoolGradient(Operation):
    """
    (dy, argmax) -> dx; input_size is (H, W) of x, or (W,)
    """
    def __init__(
        self,
        input_size: collections.abc.Sequence[int],
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
    ) -> None: ...

class MaxPoolBiasGradient(Operation):
    """
    (dy, argmax[, y]) -> dz, db behind max_pool(act(z + b)): relu where the pooled y is given, else no activation
    """
    def __init__(
        self,
        input_size: collections.abc.Sequence[int],
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
    ) -> None: ...

class MaxPoolTake(Operation):
    """
    (x, argmax) -> y, x at the positions that MaxPool returned
    """
    def __init__(
        self,
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
    ) -> None: ...

class AveragePool(Operation):
    """
    (x) -> y
    """
    def __init__(
        self,
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
    ) -> None: ...

class AveragePoolGradient(Operation):
    """
    (dy) -> dx; input_size is (H, W) of x, or (W,)
    """
    def __init__(
        self,
        input_size: collections.abc.Sequence[int],
        pool_size: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] | None = None,
        strides: typing.Annotated[collections.abc.Sequence[int], "FixedSize(2)"] = [1, 1],
        padding: typing.Any = "valid",
        keepdims: bool = False,
    ) -> None: ...

class Arena(metaclass=_NativeType):
    """
    Scratch memory that programs share.
    """
    def __init__(self) -> None: ...
    @property
    def bytes(self) -> int: ...

class Program(metaclass=_NativeType):
    """
    A recorded step: operations over planned buffers, run as one call.
    """
    def __init__(self, arena: Arena) -> None: ...
    def add_input(self, dtype: str, shape: collections.abc.Sequence[int], any_rows: bool = False) -> int:
        """
        A value that is handed to each run; with any_rows its first axis may be as long as it comes.
        """
    def add_memory(self, array: numpy.typing.NDArray[typing.Any]) -> int:
        """
        A value that stays where the array has it.
        """
    def add_output(self, value: int) -> None:
        """
        A value that each run returns.
        """
    def add_step(self, op: typing.Any, inputs: collections.abc.Sequence[int], setup: bool) -> list[int]:
        """
        The values an operation gives; a step of the setup runs in prepare() only.
        """
    def add_view(self, value: int, shape: collections.abc.Sequence[int]) -> int:
        """
        The elements of a value in another shape.
        """
    def plan(self) -> None:
        """
        Gives every value its place; ends the building.
        """
    def prepare(self) -> None:
        """
        Runs the setup.
        """
    def profile(self, *args: typing.Any) -> tuple[list[typing.Any], list[float]]:
        """
        Outputs from inputs, and the seconds of each step.
        """
    def run(self, *args: typing.Any) -> list[typing.Any]:
        """
        Outputs from inputs, as arrays.
        """
    @property
    def arena_bytes(self) -> int: ...
    @property
    def setup_bytes(self) -> int: ...

class Dropout(Operation):
    """
    (x, key) -> y
    """
    def __init__(self, rate: float) -> None: ...

class RandomInteger(Operation):
    """
    (key) -> int64 in [low, high)
    """
    def __init__(self, shape: collections.abc.Sequence[int], low: int, high: int) -> None: ...

class RandomNormal(Operation):
    """
    (key) -> normal numbers
    """
    def __init__(
        self, shape: collections.abc.Sequence[int], dtype: str, mean: float, stddev: float, truncated: bool
    ) -> None: ...

class RandomUniform(Operation):
    """
    (key) -> numbers in [low, high)
    """
    def __init__(self, shape: collections.abc.Sequence[int], dtype: str, low: float, high: float) -> None: ...

class Reduce(Operation):
    """
    (x) -> y reduced over axes by kind: 'sum', 'prod', 'max', 'min', 'mean'
    """
    def __init__(self, kind: str, axes: collections.abc.Sequence[int], keepdims: bool) -> None: ...

class ArgReduce(Operation):
    """
    (x) -> int32 positions along axis by kind: 'argmax', 'argmin'
    """
    def __init__(self, kind: str, axis: int) -> None: ...

class TakeRows(Operation):
    """
    (x, indices) -> x[indices] as dtype
    """
    def __init__(self, dtype: str) -> None: ...

class LogSoftmax(Operation):
    """
    (x) -> y = log softmax(x) over the last axis
    """
    def __init__(self) -> None: ...

class LogSoftmaxGradient(Operation):
    """
    (y, dy) -> dx
    """
    def __init__(self) -> None: ...

class Softmax(Operation):
    """
    (x) -> y = softmax(x) over the last axis
    """
    def __init__(self) -> None: ...

class SoftmaxGradient(Operation):
    """
    (y, dy) -> dx
    """
    def __init__(self) -> None: ...

class Unary(Operation):
    """
    (x) -> y = f(x), f named by kind: 'relu', 'exp', ...
    """
    def __init__(self, kind: str) -> None: ...

class ActivationGradient(Operation):
    """
    (y, dy) -> dx of an activation, from its output
    """
    def __init__(self, activation: str) -> None: ...

class SgdUpdate(Operation):
    """
    (w..., dw..., [m...], [learning_rate]) -> ()
    """
    def __init__(self, momentum: float, nesterov: bool) -> None: ...

class RmspropUpdate(Operation):
    """
    (w..., dw..., v..., [m...], [g...], [learning_rate]) -> ()
    """
    def __init__(self, rho: float, momentum: float, epsilon: float, centered: bool) -> None: ...

class AdamUpdate(Operation):
    """
    (w..., dw..., m..., v..., [vhat...], [learning_rate, step]) -> ()
    """
    def __init__(self, beta_1: float, beta_2: float, epsilon: float, amsgrad: bool) -> None: ...

class AdagradUpdate(Operation):
    """
    (w..., dw..., a..., [learning_rate]) -> ()
    """
    def __init__(self, epsilon: float) -> None: ...

class AdadeltaUpdate(Operation):
    """
    (w..., dw..., a..., d..., [learning_rate]) -> ()
    """
    def __init__(self, rho: float, epsilon: float) -> None: ...

class AdamaxUpdate(Operation):
    """
    (w..., dw..., m..., u..., [learning_rate, step]) -> ()
    """
    def __init__(self, beta_1: float, beta_2: float, epsilon: float) -> None: ...

class NadamUpdate(Operation):
    """
    (w..., dw..., m..., v..., [learning_rate, step, product]) -> ()
    """
    def __init__(self, beta_1: float, beta_2: float, epsilon: float) -> None: ...

class LionUpdate(Operation):
    """
    (w..., dw..., m..., [learning_rate]) -> ()
    """
    def __init__(self, beta_1: float, beta_2: float) -> None: ...

class FtrlUpdate(Operation):
    """
    (w..., dw..., a..., z..., [learning_rate]) -> ()
    """
    def __init__(self, learning_rate_power: float, l1: float, l2: float, l2_shrinkage: float, beta: float) -> None: ...

class ScheduleFreeUpdate(Operation):
    """
    (w..., dw..., z..., v..., [learning_rate, step]) -> ()
    """
    def __init__(self, beta_1: float, beta_2: float, epsilon: float) -> None: ...

class BlendUpdate(Operation):
    """
    (w..., x..., [keep, add]) -> ()
    """
    def __init__(self) -> None: ...

def active_isa() -> str:
    """
    Name of the instruction set in use.
    """

def empty(dtype: str, shape: collections.abc.Sequence[int]) -> numpy.typing.NDArray[typing.Any]:
    """
    An array aligned for vectors, outside of the pool; contents undefined.
    """

def measure_flops(dtype: str) -> float:
    """
    Floating-point operations per second of multiply-adds in registers, on all threads.
    """

def measure_memory_bandwidth() -> float:
    """
    Bytes per second that all threads move together to and from memory.
    """

def num_threads() -> int:
    """
    Threads used by operations.
    """

def num_threads_reason() -> str:
    """
    Why that many.
    """

def openmp_enabled() -> bool:
    """
    Whether the build can use more than one thread.
    """

def pool_statistics() -> tuple[int, int]:
    """
    (bytes in use, bytes idle) of the buffer pool.
    """

def pool_trim() -> None:
    """
    Give idle pooled memory back to the operating system.
    """

def set_num_threads(n: int) -> None:
    """
    Use n threads from the next operation on.
    """

def supported_isas() -> list[str]:
    """
    Names of the instruction sets this CPU can run, slowest first.
    """

def winograd_use() -> str:
    """
    Which 3×3 convolutions use Winograd's method.
    """
