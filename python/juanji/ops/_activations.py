"""Activation functions of ``keras.ops.nn``; those with kernels are relu, sigmoid, tanh, softplus, ``_gates`` and
``_piecewise``."""

from __future__ import annotations

from numbers import Real
from typing import Any

from juanji import ops
from juanji.ops import _piecewise
from juanji.ops._convert import as_float
from juanji.ops._shape import normalize_axis


def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    """``x`` where positive, else ``negative_slope * x`` (Maas et al., 2013).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.leaky_relu(np.array([-1.0, 3.0]), 0.5)
        array([-0.5,  3. ])
    """
    x = as_float(x)
    if isinstance(negative_slope, Real):
        return _piecewise.leaky_relu(x, p=float(negative_slope))
    return ops.where(ops.greater(x, 0), x, ops.multiply(x, negative_slope))  # a slope that is learned


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """``x`` where positive, else ``alpha * (exp(x) - 1)`` (Clevert et al., 2016, arXiv:1511.07289).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.elu(np.array([-np.inf, 0.0, 2.0]))
        array([-1.,  0.,  2.])
    """
    x = as_float(x)
    if isinstance(alpha, Real):
        return _piecewise.elu(x, p=float(alpha), q=1.0)
    # the exponential sees no positive value: it would overflow there, and 0 * inf would be the gradient
    return ops.where(ops.greater(x, 0), x, ops.multiply(ops.expm1(ops.minimum(x, 0.0)), alpha))


def selu(x: Any) -> Any:
    """Scaled :func:`elu` that keeps mean 0 and variance 1 (Klambauer et al., 2017, arXiv:1706.02515).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.selu(np.array([0.0, 1.0])).round(4)
        array([0.    , 1.0507])
    """
    return _piecewise.elu(as_float(x), p=1.6732632423543772, q=1.0507009873554805)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """``max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)``, smooth at 0 (Barron, 2017, arXiv:1704.07483).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.celu(np.array([-np.inf, 2.0]), alpha=0.5)
        array([-0.5,  2. ])
    """
    x = as_float(x)
    below = ops.expm1(ops.divide(ops.minimum(x, 0.0), alpha))
    return ops.where(ops.greater(x, 0), x, ops.multiply(below, alpha))


def glu(x: Any, axis: int = -1) -> Any:
    """Gated linear unit: the first half of an axis times the sigmoid of the second (Dauphin et al., 2017,
    arXiv:1612.08083).

    Args:
        x: array or tensor.
        axis: axis of even size that is halved.

    Raises:
        ValueError: when the size is odd.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.glu(np.array([3.0, 0.0]))
        array([1.5])
    """
    x = as_float(x)
    place = normalize_axis("glu", axis, len(x.shape))
    if x.shape[place] % 2:
        raise ValueError(
            f"glu: the axis cannot be halved; expected an even size, got x.shape={tuple(x.shape)} and axis={axis}."
        )
    values, gates = ops.split(x, 2, place)
    return ops.multiply(values, ops.sigmoid(gates))


def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.softsign(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])
    """
    x = as_float(x)
    return ops.divide(x, ops.add(ops.abs(x), 1.0))


def hard_sigmoid(x: Any) -> Any:
    """``x / 6 + 0.5``, kept within 0 and 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.hard_sigmoid(np.array([-3.0, 0.0, 4.0]))
        array([0. , 0.5, 1. ])
    """
    return _piecewise.hard_sigmoid(as_float(x))


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)`` (Howard et al., 2019, arXiv:1905.02244).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.hard_silu(np.array([0.0, 3.0]))
        array([0., 3.])
    """
    return _piecewise.hard_silu(as_float(x))


hard_swish = hard_silu


def hard_tanh(x: Any) -> Any:
    """``x``, kept within -1 and 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.hard_tanh(np.array([-3.0, 0.5]))
        array([-1. ,  0.5])
    """
    return ops.clip(as_float(x), -1.0, 1.0)


def log_sigmoid(x: Any) -> Any:
    """``log(sigmoid(x))``, without the sigmoid's rounding to 0.

    Example:
        >>> from juanji import ops
        >>> float(ops.log_sigmoid(-1000.0))
        -1000.0
    """
    return ops.negative(ops.softplus(ops.negative(as_float(x))))


def tanh_shrink(x: Any) -> Any:
    """``x - tanh(x)``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.tanh_shrink(np.array([0.0, 1.0])).round(4)
        array([0.    , 0.2384])
    """
    x = as_float(x)
    return ops.subtract(x, ops.tanh(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x`` where its size is above the threshold, else 0.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.hard_shrink(np.array([-1.0, 0.3]))
        array([-1.,  0.])
    """
    x = as_float(x)
    return ops.where(ops.greater(ops.abs(x), threshold), x, 0.0)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """``x`` brought nearer to 0 by the threshold, 0 where it is closer than that.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.soft_shrink(np.array([-1.0, 0.3, 2.0]))
        array([-0.5,  0. ,  1.5])
    """
    x = as_float(x)
    down = ops.where(ops.greater(x, threshold), ops.subtract(x, threshold), 0.0)
    return ops.where(ops.less(x, -threshold), ops.add(x, threshold), down)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """``x`` where it is above the threshold, else ``default_value``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.threshold(np.array([0.5, 2.0]), 1.0, 0.0)
        array([0., 2.])
    """
    x = as_float(x)
    return ops.where(ops.greater(x, threshold), x, default_value)


def squareplus(x: Any, b: float = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2`` (Barron, 2021, arXiv:2112.11687).

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.squareplus(np.array([0.0]))
        array([1.])
    """
    x = as_float(x)
    return ops.multiply(ops.add(x, ops.sqrt(ops.add(ops.square(x), b))), 0.5)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, then ``x``.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sparse_plus(np.array([-2.0, 0.0, 3.0]))
        array([0.  , 0.25, 3.  ])
    """
    x = as_float(x)
    curve = ops.multiply(ops.square(ops.add(ops.clip(x, -1.0, 1.0), 1.0)), 0.25)
    return ops.where(ops.less(x, 1.0), curve, x)


def sparse_sigmoid(x: Any) -> Any:
    """``(x + 1) / 2``, kept within 0 and 1.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sparse_sigmoid(np.array([-2.0, 0.0, 3.0]))
        array([0. , 0.5, 1. ])
    """
    return ops.clip(ops.multiply(ops.add(as_float(x), 1.0), 0.5), 0.0, 1.0)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest point to ``x`` among vectors of probabilities; many of them are 0 (Martins and Astudillo, 2016,
    arXiv:1602.02068).

    Args:
        x: logits, of rank 1 or more.
        axis: the axis that holds the classes.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.sparsemax(np.array([1.0, 0.5, -1.0]))
        array([0.75, 0.25, 0.  ])
    """
    x = as_float(x)
    place = normalize_axis("sparsemax", axis, len(x.shape))
    descending = ops.flip(ops.sort(x, axis=place), place)
    counts = ops.reshape(
        ops.arange(1, x.shape[place] + 1, dtype=x.dtype), [-1 if i == place else 1 for i in range(len(x.shape))]
    )
    excess = ops.subtract(ops.cumsum(descending, axis=place), 1.0)
    support = ops.greater(ops.multiply(descending, counts), excess)
    size = ops.sum(ops.cast(support, x.dtype), axis=place, keepdims=True)
    total = ops.sum(ops.where(support, descending, 0.0), axis=place, keepdims=True)
    return ops.relu(ops.subtract(x, ops.divide(ops.subtract(total, 1.0), size)))
