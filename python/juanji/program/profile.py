"""Where the time of a recorded step goes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from juanji import _core
from juanji.program.recorded import Recorded

Specs = list[tuple[str, tuple[int, ...]]]


@dataclass(frozen=True)
class OperationTime:
    """One operation of a step.

    Attributes:
        name: of the operation.
        inputs, outputs: types and shapes.
        seconds: median time of a run.
        flop: multiplications and additions of matrix products and convolutions; 0 for operations bound by memory.
        bytes: size of all inputs and outputs.
        effective: a faster method did fewer operations than ``flop`` says.
    """

    name: str
    inputs: Specs
    outputs: Specs
    seconds: float
    flop: int
    bytes: int
    effective: bool = False


@dataclass(frozen=True)
class Profile:
    """The operations of a step and what the machine could do; printing it gives a table.

    Attributes:
        operations: in the order in which they run.
        peak_flops: floating-point operations per second, measured right before and behind; the better counts, since
            another process may have been busy.
        peak_bytes: bytes per second to and from memory, likewise.
    """

    operations: list[OperationTime]
    peak_flops: float
    peak_bytes: float

    @property
    def seconds(self) -> float:
        """Time of all operations together."""
        return sum(op.seconds for op in self.operations)

    @property
    def flop(self) -> int:
        """Floating-point operations of all together."""
        return sum(op.flop for op in self.operations)

    def __str__(self) -> str:
        header = f"{'operation':<34} {'output':<22} {'µs':>9} {'time':>6} {'GFLOP/s':>8} {'of peak':>8} {'MB':>8}"
        rows = [_row(op.name, _shapes(op.outputs), op, self) for op in self.operations]
        size, effective = sum(op.bytes for op in self.operations), any(op.effective for op in self.operations)
        whole = OperationTime("", [], [], self.seconds, self.flop, size, effective)
        line = "─" * len(header)
        peak = f"peak: {self.peak_flops / 1e9:.0f} GFLOP/s, {self.peak_bytes / 1e9:.1f} GB/s"
        if effective:
            peak += "; * effective rate, by Winograd's method with fewer operations"
        return "\n".join([header, line, *rows, line, _row("all", "", whole, self), peak])


def _row(name: str, shape: str, op: OperationTime, whole: Profile) -> str:
    rate = op.flop / op.seconds if op.seconds else 0.0
    of_peak = "*" if op.effective else f"{rate / whole.peak_flops:.0%}"
    arithmetic = f"{rate / 1e9:8.1f} {of_peak:>8}" if op.flop else " " * 17
    share = op.seconds / whole.seconds if whole.seconds else 0.0
    return f"{name:<34.34} {shape:<22.22} {op.seconds * 1e6:9.1f} {share:6.1%} {arithmetic} {op.bytes / 1e6:8.2f}"


def _shapes(specs: Specs) -> str:
    return "×".join(map(str, specs[0][1])) if specs else ""


def profile_recorded(program: Recorded, arrays: list[Any], repeats: int) -> Profile:
    """The median time of each operation of a recorded step over some runs."""
    before = _measure_peaks()
    program(*arrays)
    runs = [program.profile(*arrays) for _ in range(repeats)]
    peak_flops, peak_bytes = map(max, before, _measure_peaks())
    operations = []
    for times in zip(*runs):
        node = times[0][0]
        seconds = float(np.median([time for _, time in times]))
        inputs, outputs = node.specs, [(y.dtype.name, y.shape) for y in node.outputs]
        size = sum(math.prod(shape) * np.dtype(dtype).itemsize for dtype, shape in [*inputs, *outputs])
        flop = flop_of(node.name, inputs, outputs, node.attributes)
        effective = node.native is not None and node.native.saves_multiplications(inputs)
        operations.append(OperationTime(node.name, inputs, outputs, seconds, flop, size, effective))
    return Profile(operations, peak_flops, peak_bytes)


def _measure_peaks() -> tuple[float, float]:
    return _core.measure_flops("float32"), _core.measure_memory_bandwidth()


def flop_of(name: str, inputs: Specs, outputs: Specs, attributes: dict[str, Any] | None = None) -> int:
    """Floating-point operations of a matrix product or convolution, two for a multiply-add; 0 for others.

    Example:
        >>> flop_of("dense", [("float32", (8, 3)), ("float32", (3, 5))], [("float32", (8, 5))])
        240
    """
    shapes = [shape for _, shape in inputs]
    result = outputs[0][1] if outputs else ()
    if name in ("conv2d", "conv2d_moments", "depthwise_conv2d"):
        taps = shapes[1][:2] if name == "depthwise_conv2d" else shapes[1][:3]
        return 2 * math.prod(result) * math.prod(taps)
    if name == "conv2d_packed" and attributes:
        depth: int = math.prod(attributes["kernel_size"]) * shapes[0][3] // attributes["groups"]
        return (8 if attributes["pooled"] else 2) * math.prod(result) * depth
    if name == "depthwise_pointwise":
        return 2 * math.prod(result[:3]) * (math.prod(shapes[1][:3]) + shapes[0][3] * result[3])
    if name == "dense_packed":
        return 2 * math.prod(result) * shapes[0][-1]
    if name == "norm_depthwise":
        return 2 * math.prod(result) * math.prod(shapes[5][:2])
    if name == "norm_depthwise_gradient":
        return 4 * math.prod(shapes[1]) * math.prod(shapes[7][:2])
    if name == "conv2d_max_pool":
        return 8 * math.prod(result) * math.prod(shapes[1][:3])
    if name in ("conv2d_input_gradient", "depthwise_conv2d_input_gradient"):
        taps = shapes[1][:3] if name.startswith("conv2d") else shapes[1][:2]
        return 2 * math.prod(shapes[0]) * math.prod(taps)
    if name in ("conv2d_weight_gradient", "depthwise_conv2d_weight_gradient"):
        taps = result[:3] if name.startswith("conv2d") else result[:2]
        return 2 * math.prod(shapes[1]) * math.prod(taps)
    if name in ("dense", "matmul"):
        # The sizes of (B, M, K), (B, K, N) and (B, M, N) multiplied are B · (B·M·N·K)², whatever is transposed; without
        # a B of its own in the second, the square of what is sought.
        stacks = math.prod(shapes[1][:-2])
        return 2 * math.isqrt(math.prod(shapes[0]) * math.prod(shapes[1]) * math.prod(result) // stacks)
    return 0
