"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji._live import LiveNumber, derived, scalar
from juanji.autograd import Variable
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative


@registry.register()
class Adafactor(Optimizer):
    """Steps from mean squares that are kept for rows and columns only (Shazeer and Stern, 2018, arXiv:1804.04235).

    At step t = 1, 2, ... with ``share = 1 - t^beta_2_decay`` and ``s = g² + epsilon_1``, for variables of two axes and
    more ``r = share * r + (1 - share) * mean of s over the last axis``, c likewise over the axis before it, and
    ``v = r / mean(r) * c``; for others ``v = share * v + (1 - share) * s``. Then ``u = g / sqrt(v)``,
    ``w -= max(epsilon_2, rms(w)) * rho * u / max(1, rms(u) / clip_threshold)`` with
    ``rho = min(learning_rate, 1 / sqrt(t))``.

    Args:
        learning_rate: number, schedule, or function without arguments.
        beta_2_decay: see above; below 0.
        epsilon_1: keeps squares from 0.
        epsilon_2: smallest root mean square of a variable that counts.
        clip_threshold: largest root mean square of a step, before the learning rate.
        relative_step: whether a constant learning rate is limited by ``1 / sqrt(t)``.
        args, kwargs: see :class:`~juanji.optimizers.Optimizer`.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable([[2.0, 2.0]])
        >>> Adafactor(0.25).apply([np.array([[3.0, -3.0]])], [w])
        >>> w.numpy()
        array([[1.5, 2.5]], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, *args, **kwargs)
        self.beta_2_decay = float(beta_2_decay)
        self.epsilon_1 = not_negative("Adafactor", "epsilon_1", epsilon_1)
        self.epsilon_2 = not_negative("Adafactor", "epsilon_2", epsilon_2)
        self.clip_threshold = not_negative("Adafactor", "clip_threshold", clip_threshold)
        self.relative_step = relative_step
        self._rows: list[Variable] = []
        self._columns: list[Variable] = []
        self._squares: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        for variable in variables:
            shape = variable.shape
            factored = len(shape) >= 2
            # Variables of one axis get two scalars that nothing uses: Keras counts them among its own.
            kinds = (shape[:-1], shape[:-2] + shape[-1:]) if factored else ((), ())
            dtype = variable.dtype if factored else "int32"
            for slots, kind in zip((self._rows, self._columns), kinds):
                slots.append(self.add_variable(kind, dtype=dtype, name=variable.name))
            self._squares.append(self.add_variable_from_reference(variable, "velocity"))

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        step = self.next_step()
        rho = derived(lambda lr, t: min(lr, t**-0.5), learning_rate, step)
        fresh = derived(lambda t: t**self.beta_2_decay, step)
        for gradient, variable in zip(gradients, variables):
            square = self._square(variable, ops.square(gradient) + self.epsilon_1, fresh)
            direction = gradient / ops.sqrt(square)
            size = ops.maximum(_rms(variable), self.epsilon_2) * scalar(rho, variable.dtype)
            limit = ops.maximum(_rms(direction) / self.clip_threshold, 1.0)
            variable.assign_sub(direction * (size / limit))

    def _square(self, variable: Variable, latest: Any, fresh: float | LiveNumber) -> Any:
        """The running mean of squares, with those of the latest gradient in it."""
        (rows,), (columns,) = self.state_of(self._rows, [variable]), self.state_of(self._columns, [variable])
        (squares,) = self.state_of(self._squares, [variable])
        share = scalar(fresh, variable.dtype)
        if len(variable.shape) < 2:
            squares.assign_add((latest - squares) * share)
            return squares
        for slot, axis in ((rows, -1), (columns, -2)):
            slot.assign_add((ops.mean(latest, axis=axis) - slot) * share)
        relative = rows / ops.mean(rows, axis=-1, keepdims=True)
        squares.assign(ops.expand_dims(relative, -1) * ops.expand_dims(columns, -2))
        return squares

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _rms(x: Any) -> Any:
    return ops.sqrt(ops.mean(ops.square(x)))
