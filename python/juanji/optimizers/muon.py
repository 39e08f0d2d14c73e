"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from juanji import ops
from juanji._live import LiveNumber, derived, scalar
from juanji.autograd import Variable
from juanji.ops._update import adam_update
from juanji.ops._update_rules import blend_update
from juanji.optimizers.optimizer import Optimizer, registry
from juanji.optimizers.rate import LearningRate
from juanji.utils.arguments import not_negative, share


@registry.register()
class Muon(Optimizer):
    """Momentum made orthogonal, for the matrices inside a network (Jordan, 2024; Liu et al., 2025, arXiv:2502.16982).

    ``m = momentum * m + g; u = g + momentum * m`` (or m without Nesterov). ``ns_steps`` times
    ``u = a * u + (b * u·uᵀ + c * (u·uᵀ)²)·u``, from ``u / |u|``, brings the singular values of u near 1
    (Newton and Schulz); then ``w -= learning_rate * rms_rate * sqrt(max(rows, columns)) * u``.

    Variables that have not two axes, embeddings, and those of ``exclude_layers`` take steps of AdamW. The last layer
    of a network is better excluded.

    Args:
        learning_rate: number, schedule, or function without arguments.
        adam_beta_1, adam_beta_2, epsilon: see :class:`Adam`.
        adam_weight_decay: weight decay of the variables that AdamW trains.
        weight_decay: that of the others.
        clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name: see :class:`~juanji.optimizers.Optimizer`.
        exclude_layers: patterns (regular expressions) of names of variables that AdamW is to train.
        exclude_embeddings: whether AdamW trains variables with 'embedding' in their name.
        muon_a, muon_b, muon_c: a, b and c above.
        adam_lr_ratio: factor of the learning rate for AdamW.
        momentum: share of ``m`` that is kept.
        ns_steps: iterations of Newton and Schulz.
        nesterov: see above.
        rms_rate: see above; None for steps of ``learning_rate * u``.

    Example:
        >>> import numpy as np, juanji
        >>> w = juanji.Variable(np.eye(2))
        >>> Muon(0.1, weight_decay=None).apply([np.array([[3.0, 0.0], [0.0, 3.0]])], [w])
        >>> w.numpy().round(2)
        array([[0.97, 0.  ],
               [0.  , 0.97]])
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
        )
        self.adam_beta_1 = share("Muon", "adam_beta_1", adam_beta_1, below_one=True)
        self.adam_beta_2 = share("Muon", "adam_beta_2", adam_beta_2, below_one=True)
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = not_negative("Muon", "epsilon", epsilon)
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = share("Muon", "momentum", momentum)
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        self._momentums: list[Variable] = []
        self._velocities: list[Variable | None] = []  # None for the variables that AdamW does not train

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        for variable in variables:
            self._momentums.append(self.add_variable_from_reference(variable, "momentum"))
            with_adam = self._uses_adam(variable)
            self._velocities.append(self.add_variable_from_reference(variable, "velocity") if with_adam else None)

    def _uses_adam(self, variable: Variable) -> bool:
        path = str(getattr(variable, "path", variable.name))
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def _apply_weight_decay(self, variables: list[Variable], learning_rate: float | LiveNumber) -> None:
        for with_adam, rate in ((True, self.adam_weight_decay), (False, self.weight_decay)):
            self._decay([v for v in variables if self._uses_adam(v) is with_adam], learning_rate, rate)

    def update(self, gradients: list[Any], variables: list[Variable], learning_rate: Any) -> None:
        velocities = self.state_of(self._velocities, variables)
        momentums = self.state_of(self._momentums, variables)
        rows = list(zip(gradients, variables, momentums, velocities))
        adam = [row for row in rows if row[3] is not None]
        if adam:
            g, w, m, v = (list(column) for column in zip(*adam))
            rate = derived(lambda lr: lr * self.adam_lr_ratio, learning_rate)
            betas = (self.adam_beta_1, self.adam_beta_2)
            adam_update(w, g, m, v, None, rate, *betas, self.epsilon, self.next_step())
        for gradient, variable, moment, velocity in rows:
            if velocity is None:
                blend_update([moment], [gradient], self.momentum, 1.0)
                mixed = gradient + moment * self.momentum if self.nesterov else moment
                rms = 1.0 if self.rms_rate is None else self.rms_rate * max(variable.shape) ** 0.5
                size = derived(lambda lr, rms=rms: lr * rms, learning_rate)
                variable.assign_sub(self._orthogonal(mixed) * scalar(size, variable.dtype))

    def _orthogonal(self, x: Any) -> Any:
        """The matrix with singular values near 1 instead of its own."""
        tall = x.shape[0] > x.shape[1]
        if tall:
            x = ops.transpose(x)
        x = x / (ops.sqrt(ops.sum(ops.square(x))) + 1e-7)
        for _ in range(self.ns_steps):
            product = ops.matmul(x, ops.transpose(x))
            inner = product * self.muon_b + ops.matmul(product, product) * self.muon_c
            x = x * self.muon_a + ops.matmul(inner, x)
        return ops.transpose(x) if tall else x

    def get_config(self) -> dict[str, Any]:
        names = (
            "adam_beta_1 adam_beta_2 adam_weight_decay epsilon exclude_layers exclude_embeddings muon_a muon_b muon_c "
            "adam_lr_ratio momentum ns_steps nesterov rms_rate"
        )
        return {**super().get_config(), **{name: getattr(self, name) for name in names.split()}}
