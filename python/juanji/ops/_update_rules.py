"""Steps of further optimizers, each one native call for all variables; see :mod:`juanji.ops._update`.

In all functions ``params`` are the variables (or arrays) to update, ``grads`` their gradients in the same order, and
each list of state has one array per variable.
"""

from __future__ import annotations

from juanji import _core
from juanji.ops._operation import InPlaceOperation
from juanji.ops._update import Arrays, Number, run_update

_adagrad = InPlaceOperation("adagrad_update", _core.AdagradUpdate)
_adadelta = InPlaceOperation("adadelta_update", _core.AdadeltaUpdate)
_adamax = InPlaceOperation("adamax_update", _core.AdamaxUpdate)
_nadam = InPlaceOperation("nadam_update", _core.NadamUpdate)
_lion = InPlaceOperation("lion_update", _core.LionUpdate)
_ftrl = InPlaceOperation("ftrl_update", _core.FtrlUpdate)
_schedule_free = InPlaceOperation("schedule_free_update", _core.ScheduleFreeUpdate)
_blend = InPlaceOperation("blend_update", _core.BlendUpdate)


def adagrad_update(
    params: Arrays, grads: Arrays, accumulators: Arrays, learning_rate: Number, epsilon: float = 1e-7
) -> None:
    """Adagrad: ``a += g²``, ``w -= learning_rate g / sqrt(a + epsilon)``.

    Example:
        >>> import numpy as np
        >>> w, a = np.ones(1), np.array([9.0])
        >>> adagrad_update([w], [np.array([4.0])], [a], 1.0, epsilon=0.0)
        >>> w.round(4)
        array([0.2])
    """
    _run_with(_adagrad, params, grads, {"accumulators": accumulators}, [learning_rate], epsilon=epsilon)


def adadelta_update(
    params: Arrays,
    grads: Arrays,
    squares: Arrays,
    steps: Arrays,
    learning_rate: Number,
    rho: float = 0.95,
    epsilon: float = 1e-7,
) -> None:
    """Adadelta: ``a = rho a + (1 - rho) g²``, ``step = g sqrt(d + epsilon) / sqrt(a + epsilon)``,

    ``d = rho d + (1 - rho) step²``, ``w -= learning_rate step``, with ``squares`` a and ``steps`` d.
    """
    states = {"squares": squares, "steps": steps}
    _run_with(_adadelta, params, grads, states, [learning_rate], rho=rho, epsilon=epsilon)


def adamax_update(
    params: Arrays,
    grads: Arrays,
    m: Arrays,
    u: Arrays,
    learning_rate: Number,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    step: Number = 1,
) -> None:
    """Adamax: ``m += (1 - beta_1)(g - m)``, ``u = max(beta_2 u, |g|)``,

    ``w -= learning_rate / (1 - beta_1^step) m / (u + epsilon)``.
    """
    attributes = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    _run_with(_adamax, params, grads, {"m": m, "u": u}, [learning_rate, step], **attributes)


def nadam_update(
    params: Arrays,
    grads: Arrays,
    m: Arrays,
    v: Arrays,
    learning_rate: Number,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    step: Number = 1,
    product: Number = 0.0,
) -> None:
    """Nadam with the momentum schedule ``mu_t = beta_1 (1 - 0.96^t / 2)``.

    ``m += (1 - beta_1)(g - m)``, ``v += (1 - beta_2)(g² - v)``,
    ``w -= learning_rate (mu_(t+1) m / (1 - p mu_(t+1)) + (1 - mu_t) g / (1 - p)) / (sqrt(v / (1 - beta_2^t)) +
    epsilon)`` where p is ``product``, that of mu_1 to mu_t.
    """
    attributes = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    _run_with(_nadam, params, grads, {"m": m, "v": v}, [learning_rate, step, product], **attributes)


def lion_update(
    params: Arrays, grads: Arrays, m: Arrays, learning_rate: Number, beta_1: float = 0.9, beta_2: float = 0.99
) -> None:
    """Lion: ``w -= learning_rate sign(beta_1 m + (1 - beta_1) g)``, ``m = beta_2 m + (1 - beta_2) g``."""
    _run_with(_lion, params, grads, {"m": m}, [learning_rate], beta_1=beta_1, beta_2=beta_2)


def ftrl_update(
    params: Arrays,
    grads: Arrays,
    accumulators: Arrays,
    linears: Arrays,
    learning_rate: Number,
    learning_rate_power: float = -0.5,
    l1: float = 0.0,
    l2: float = 0.0,
    l2_shrinkage: float = 0.0,
    beta: float = 0.0,
) -> None:
    """FTRL-Proximal, with ``p = -learning_rate_power``, ``accumulators`` a and ``linears`` z:

    ``z += g + 2 l2_shrinkage w - ((a + g²)^p - a^p) / learning_rate w``, ``a += g²``,
    ``w = (clip(z, -l1, l1) - z) / (a^p / learning_rate + 2 l2 + beta / learning_rate)``.
    """
    attributes = {"l1": l1, "l2": l2, "l2_shrinkage": l2_shrinkage, "beta": beta}
    states = {"accumulators": accumulators, "linears": linears}
    _run_with(_ftrl, params, grads, states, [learning_rate], learning_rate_power=learning_rate_power, **attributes)


def schedule_free_update(
    params: Arrays,
    grads: Arrays,
    z: Arrays,
    v: Arrays,
    learning_rate: Number,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    step: Number = 1,
) -> None:
    """Schedule-free AdamW: ``v += (1 - beta_2)(g² - v)``, ``x = (w - (1 - beta_1) z) / beta_1``,

    ``z -= learning_rate g / (sqrt(v / (1 - beta_2^step)) + epsilon)``, ``x += (z - x) / step``,
    ``w = (1 - beta_1) z + beta_1 x``. At first z is w.
    """
    attributes = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    _run_with(_schedule_free, params, grads, {"z": z, "v": v}, [learning_rate, step], **attributes)


def blend_update(params: Arrays, others: Arrays, keep: Number, add: Number) -> None:
    """``w = keep w + add x``; a factor of 0 takes no part, not even NaN.

    Example:
        >>> import numpy as np
        >>> average = np.array([1.0, np.nan])
        >>> blend_update([average], [np.array([3.0, 4.0])], 0.0, 0.5)
        >>> average
        array([1.5, 2. ])
    """
    run_update(_blend, params, others, [], [keep, add])


def _run_with(
    operation: InPlaceOperation,
    params: Arrays,
    grads: Arrays,
    states: dict[str, Arrays],
    scalars: list[Number],
    **attributes: float,
) -> None:
    numbers = {name: float(value) for name, value in attributes.items()}
    run_update(operation, params, grads, list(states.items()), scalars, **numbers)
