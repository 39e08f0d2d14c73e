"""Transposed convolution: the gradient of a convolution with respect to its input, as an operation of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji.ops._conv import _input_gradient
from juanji.ops._convert import as_float
from juanji.ops._shape import expand_dims, squeeze
from juanji.ops._volumes import conv3d_transpose
from juanji.ops._whole import whole_numbers
from juanji.ops._window import with_channels_first

Sizes = int | Sequence[int]


def transposed_size(
    size: int, kernel: int, stride: int, padding: str, output_padding: int | None, dilation: int
) -> int:
    """Size of one axis after a transposed convolution.

    Args:
        size, kernel, stride, dilation: of that axis.
        padding: 'valid' or 'same'.
        output_padding: added at the end; None for the size that the convolution with this padding maps back exactly.

    Raises:
        ValueError: for an ``output_padding`` with which that convolution would give another size.

    Example:
        >>> transposed_size(4, 3, 2, "valid", None, 1), transposed_size(4, 3, 2, "same", None, 1)
        (9, 8)
    """
    reach = (kernel - 1) * dilation + 1
    if output_padding is None:
        return size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    result = (size - 1) * stride + reach + output_padding - (0 if padding == "valid" else 2 * (reach // 2))
    if padding == "same" and size and -(-result // stride) != size:
        raise ValueError(
            f"conv_transpose: output_padding does not go with padding='same'; expected a size that a convolution maps "
            f"back to {size}, got output_padding={output_padding}, which makes {result}. Leave it out."
        )
    return result


@with_channels_first
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """Transposed convolution ("deconvolution"): every input pixel adds a scaled kernel to the output.

    ``y[n, i·s + a·d - pad, o] += x[n, i, c] · kernel[a, o, c]`` (Dumoulin and Visin, *A guide to convolution
    arithmetic*, 2016, chapter 4); what a convolution of those strides and that padding would map back to the input's
    size.

    Args:
        inputs: sequences (N, W, C), images (N, H, W, C) or volumes (N, D, H, W, C).
        kernel: (K, OC, C), (KH, KW, OC, C) or (KD, KH, KW, OC, C).
        strides: by how much the output is larger, one number or one per axis.
        padding: 'valid' or 'same' (OH = H·stride).
        output_padding: added to the output's size, less than the stride; chosen by itself when None.
        data_format: None or 'channels_last', or 'channels_first', which is slower.
        dilation_rate: spacing of the kernel's elements.

    Returns:
        Of the inputs' rank, with OC channels.

    Raises:
        ValueError: when shapes or padding do not fit.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.conv_transpose(np.ones((1, 2, 1)), np.ones((3, 1, 1)), strides=2)[0, :, 0]
        array([1., 1., 2., 1., 1.])
    """
    x, w = as_float(inputs), as_float(kernel)
    rank = len(x.shape) - 2
    if rank not in (1, 2, 3) or len(w.shape) != rank + 2:
        raise ValueError(
            "conv_transpose: wrong number of dimensions; expected inputs (N, H, W, C) and kernel (KH, KW, OC, C), or "
            f"one axis less or more of both, got inputs.shape={tuple(x.shape)}, kernel.shape={tuple(w.shape)}."
        )
    if padding not in ("valid", "same"):
        raise ValueError(f"conv_transpose: unknown padding; expected 'valid' or 'same', got padding={padding!r}.")
    stride = _per_axis("strides", strides, rank, least=1)
    dilation = _per_axis("dilation_rate", dilation_rate, rank, least=1)
    added = [None] * rank if output_padding is None else _per_axis("output_padding", output_padding, rank, least=0)
    if any(extra is not None and extra >= step for extra, step in zip(added, stride)):
        raise ValueError(
            f"conv_transpose: output_padding is too large; expected less than strides={strides}, got "
            f"output_padding={output_padding}. Use a larger stride."
        )
    size = tuple(map(transposed_size, x.shape[1:-1], w.shape[:-2], stride, [padding] * rank, added, dilation))
    if rank == 3:
        return conv3d_transpose(x, w, size, stride, padding, dilation)
    if rank == 1:
        x, w = expand_dims(x, 1), expand_dims(w, 0)
        size, stride, dilation = (1, *size), (1, *stride), (1, *dilation)
    y = _input_gradient(x, w, input_size=size, strides=stride, padding=padding, dilation_rate=dilation, groups=1)
    return squeeze(y, 1) if rank == 1 else y


def _per_axis(name: str, value: Sizes, rank: int, least: int) -> tuple[int, ...]:
    sizes = whole_numbers("conv_transpose", name, value)
    sizes = sizes * rank if len(sizes) == 1 else sizes
    if len(sizes) != rank or min(sizes) < least:
        raise ValueError(
            f"conv_transpose: wrong {name}; expected one number of at least {least}, or one for each of {rank} axes, "
            f"got {name}={value!r}."
        )
    return sizes
