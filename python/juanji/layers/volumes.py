"""Convolution and pooling over volumes: films, tomographies, stacks of images."""

from __future__ import annotations

from typing import Any

from juanji.layers._registry import registry
from juanji.layers.conv import _Conv
from juanji.layers.conv_transpose import _ConvTranspose
from juanji.layers.global_pooling import _GlobalPooling
from juanji.layers.pooling import _Pooling
from juanji.ops._pool import global_average_pool, global_max_pool
from juanji.ops._volumes import average_pool3d, conv3d, max_pool3d


@registry.register("Convolution3D")
class Conv3D(_Conv):
    """3-D convolution: slides ``filters`` small kernels through a volume.

    ``y[n,k,i,j,o] = act(Σ x[n, k·s+r·d, i·s+a·d, j·s+b·d, c] · kernel[r,a,b,c,o] + bias[o])``.
    Input (N, D, H, W, C), output (N, OD, OH, OW, filters), kernel (KD, KH, KW, C / groups, filters).

    Args:
        filters: output channels.
        kernel_size: depth, height and width of the kernel, or one number for all.
        strides: step of the window along depth, rows and columns.
        padding: 'valid' (none) or 'same' (zeros, so that OH = ceil(H / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        dilation_rate: distance between the elements that one kernel sees.
        groups: input and output channels are cut into this many independent groups.
        activation: name or function; none by default.
        use_bias: add one learned number per filter.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, filters not divisible by groups, or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Conv3D
        >>> Conv3D(8, 3, padding="same", activation="relu")(np.zeros((1, 5, 9, 9, 2), "float32")).shape
        (1, 5, 9, 9, 8)
    """

    _rank = 3
    _conv = conv3d


@registry.register("Convolution3DTranspose")
class Conv3DTranspose(_ConvTranspose):
    """Transposed 3-D convolution: every element adds a scaled kernel to a larger volume.

    Input (N, D, H, W, C), output (N, OD, OH, OW, filters), kernel (KD, KH, KW, filters, C). OD is D · stride for
    'same', and max(KD - stride, 0) more for 'valid'.

    Args:
        filters: output channels.
        kernel_size: depth, height and width of the kernel, or one number for all.
        strides: by how much the output is larger, along depth, rows and columns.
        padding: 'valid' or 'same'.
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        output_padding: added to the size (D - 1) · stride + KD of the output, less than the stride; by default the
            size is the one above.
        dilation_rate: distance between the elements that one kernel reaches.
        activation: name or function; none by default.
        use_bias: add one learned number per filter.
        kernel_initializer, bias_initializer: Glorot uniform and zeros by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each update.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, output_padding of at least the stride, or an input of another shape.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import Conv3DTranspose
        >>> Conv3DTranspose(8, 3, strides=2, padding="same")(np.zeros((1, 3, 7, 7, 4), "float32")).shape
        (1, 6, 14, 14, 8)
    """

    _rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:  # data_format comes first here, in Keras too
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            **kwargs,
        )


@registry.register("MaxPool3D")
class MaxPooling3D(_Pooling):
    """Largest value of each window and channel of a volume.

    Input (N, D, H, W, C), output (N, OD, OH, OW, C).

    Args:
        pool_size: depth, height and width of the window, or one number for all.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OD = ceil(D / stride); padding is never the largest).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without five axes, or a window larger than the volume.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import MaxPooling3D
        >>> MaxPooling3D(2)(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).ravel()
        array([7.], dtype=float32)
    """

    _rank = 3
    _pool = max_pool3d


@registry.register("AvgPool3D")
class AveragePooling3D(_Pooling):
    """Mean of each window and channel of a volume; padding is not counted.

    Input (N, D, H, W, C), output (N, OD, OH, OW, C).

    Args:
        pool_size: depth, height and width of the window, or one number for all.
        strides: step of the window; ``pool_size`` by default.
        padding: 'valid' (none) or 'same' (OD = ceil(D / stride)).
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Raises:
        ValueError: for sizes below 1, an input without five axes, or a window larger than the volume.

    Example:
        >>> import numpy as np
        >>> from juanji.layers import AveragePooling3D
        >>> AveragePooling3D(2)(np.arange(8, dtype="float32").reshape(1, 2, 2, 2, 1)).ravel()
        array([3.5], dtype=float32)
    """

    _rank = 3
    _pool = average_pool3d


@registry.register("GlobalAvgPool3D")
class GlobalAveragePooling3D(_GlobalPooling):
    """Mean of each channel over the whole volume.

    Input (N, D, H, W, C), output (N, C), or (N, 1, 1, 1, C) with keepdims.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep depth, height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalAveragePooling3D
        >>> GlobalAveragePooling3D()(np.ones((2, 3, 4, 4, 5), "float32")).shape
        (2, 5)
    """

    _rank = 3
    _pool = global_average_pool


@registry.register("GlobalMaxPool3D")
class GlobalMaxPooling3D(_GlobalPooling):
    """Largest value of each channel over the whole volume.

    Input (N, D, H, W, C), output (N, C), or (N, 1, 1, 1, C) with keepdims.

    Args:
        data_format: 'channels_last' (default), or 'channels_first', which is slower.
        keepdims: keep depth, height and width as axes of size 1.
        kwargs: those of :class:`Layer` (name, input_shape, ...).

    Example:
        >>> import numpy as np
        >>> from juanji.layers import GlobalMaxPooling3D
        >>> GlobalMaxPooling3D()(np.ones((2, 3, 4, 4, 5), "float32")).shape
        (2, 5)
    """

    _rank = 3
    _pool = global_max_pool


Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
MaxPool3D = MaxPooling3D
AvgPool3D = AveragePooling3D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool3D = GlobalMaxPooling3D
