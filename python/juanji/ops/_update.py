"""One optimizer step of all variables in one native call; formulas and defaults of Keras' optimizers.

Variables and state arrays are overwritten in place and never copied; they must be C-contiguous. What changes
between steps (learning rate, step number) travels in a small array, so that one native operation serves the
whole training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from juanji import _core
from juanji._live import LiveNumber, live_array
from juanji.autograd import Tensor
from juanji.ops._convert import cast
from juanji.ops._operation import InPlaceOperation

Arrays = Sequence[Any]
Number = float | LiveNumber

_sgd = InPlaceOperation("sgd_update", _core.SgdUpdate)
_rmsprop = InPlaceOperation("rmsprop_update", _core.RmspropUpdate)
_adam = InPlaceOperation("adam_update", _core.AdamUpdate)


def sgd_update(
    params: Arrays,
    grads: Arrays,
    velocities: Arrays | None,
    learning_rate: Number,
    momentum: float = 0.0,
    nesterov: bool = False,
) -> None:
    """Stochastic gradient descent: ``w -= learning_rate g``; with momentum (Polyak, 1964; Nesterov, 1983)

    ``m = momentum m - learning_rate g``, then ``w += m`` or, with Nesterov,
    ``w += momentum m - learning_rate g``.

    Args:
        params: variables (or arrays) to update.
        grads: their gradients, in the same order.
        velocities: one state array per variable, zero at first; None when momentum is 0.
        learning_rate: step size.
        momentum: share of the velocity that is kept, 0 to 1.
        nesterov: whether to look ahead.

    Example:
        >>> w, m = np.ones(2), np.zeros(2)
        >>> sgd_update([w], [np.array([1.0, 2.0])], [m], 0.1, momentum=0.9)
        >>> w
        array([0.9, 0.8])
    """
    states = [("velocities", velocities)] if momentum else []
    run_update(_sgd, params, grads, states, [learning_rate], momentum=float(momentum), nesterov=bool(nesterov))


def rmsprop_update(
    params: Arrays,
    grads: Arrays,
    velocities: Arrays,
    momentums: Arrays | None,
    average_gradients: Arrays | None,
    learning_rate: Number,
    rho: float = 0.9,
    momentum: float = 0.0,
    epsilon: float = 1e-7,
    centered: bool = False,
) -> None:
    """RMSprop (Hinton, lecture 6e, 2012).

    ``v = rho v + (1 - rho) g²``, ``w -= learning_rate g / sqrt(v + epsilon)``.

    Args:
        params: variables (or arrays) to update.
        grads: their gradients, in the same order.
        velocities: running means of the squared gradients, one per variable, zero at first.
        momentums: one state array per variable, zero at first; None when momentum is 0.
        average_gradients: running means of the gradients, zero at first; None when not centered.
        learning_rate: step size.
        rho: share of the running means that is kept, 0 to 1.
        momentum: share of the last step that is added to this one, 0 to 1.
        epsilon: added to the variance under the root.
        centered: whether the squared mean of the gradients is taken off.
    """
    states: list[tuple[str, Arrays | None]] = [("velocities", velocities)]
    if momentum > 0:
        states.append(("momentums", momentums))
    if centered:
        states.append(("average_gradients", average_gradients))
    attributes = {"rho": float(rho), "momentum": float(momentum), "epsilon": float(epsilon)}
    run_update(_rmsprop, params, grads, states, [learning_rate], **attributes, centered=bool(centered))


def adam_update(
    params: Arrays,
    grads: Arrays,
    m: Arrays,
    v: Arrays,
    vhat: Arrays | None,
    learning_rate: Number,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-7,
    step: Number = 1,
) -> None:
    """Adam (Kingma and Ba, 2014); with ``vhat`` AMSGrad (Reddi et al., 2018).

    ``m += (1 - beta_1)(g - m)``, ``v += (1 - beta_2)(g² - v)``, ``w -= alpha m / (sqrt(v) + epsilon)`` with
    ``alpha = learning_rate sqrt(1 - beta_2^step) / (1 - beta_1^step)``.

    Args:
        params: variables (or arrays) to update.
        grads: their gradients, in the same order.
        m: running means of the gradients, one per variable, zero at first.
        v: running means of the squared gradients, zero at first.
        vhat: largest ``v`` so far, zero at first; None for plain Adam.
        learning_rate: step size.
        beta_1: share of ``m`` that is kept, at least 0 and below 1.
        beta_2: share of ``v`` that is kept, at least 0 and below 1.
        epsilon: added to the root of ``v``.
        step: number of this step, from 1.

    Raises:
        ValueError: for lists of different lengths, shapes that do not match, or a step below 1.

    Example:
        >>> w, m, v = np.ones(2), np.zeros(2), np.zeros(2)
        >>> adam_update([w], [np.array([1.0, -2.0])], [m], [v], None, 0.1)
        >>> w.round(5)
        array([0.9, 1.1])
    """
    if not isinstance(step, LiveNumber) and step < 1:
        raise ValueError(f"adam_update: steps count from 1; expected step >= 1, got step={step}.")
    states: list[tuple[str, Arrays | None]] = [("m", m), ("v", v)]
    if vhat is not None:
        states.append(("vhat", vhat))
    attributes = {"beta_1": float(beta_1), "beta_2": float(beta_2), "epsilon": float(epsilon)}
    run_update(_adam, params, grads, states, [learning_rate, step], **attributes, amsgrad=vhat is not None)


def run_update(
    operation: InPlaceOperation,
    params: Arrays,
    grads: Arrays,
    states: Sequence[tuple[str, Arrays | None]],
    scalars: Sequence[Number],
    **attributes: Any,
) -> None:
    """Runs an update of all variables, once the lists are found to have one array for each of them."""
    for name, arrays in [("grads", grads), *states]:
        if arrays is None or len(arrays) != len(params):
            got = "None" if arrays is None else f"a list of {len(arrays)}"
            raise ValueError(
                f"{operation.name}: wrong number of {name}; expected one per variable ({len(params)}), "
                f"got {name}={got}."
            )
    inputs = [_array(p) for p in params]
    inputs += [cast(_array(g), p.dtype) if g.dtype != p.dtype else g for g, p in zip(map(_array, grads), inputs)]
    for _, arrays in states:
        inputs += map(_array, arrays or ())
    operation([*inputs, live_array(scalars)], **attributes)


def _array(x: Any) -> Any:
    return x if isinstance(x, (Tensor, np.ndarray)) else np.asarray(x)
