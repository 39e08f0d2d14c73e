"""What normalisation layers with a learned scale and shift have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from juanji import constraints, initializers, regularizers
from juanji.layers._kernel_layer import kernel_config
from juanji.layers.layer import ElementwiseLayer


class CenteredLayer(ElementwiseLayer):
    """Keeps gamma (with ``scale``) and beta (with ``center``), their initializers, regularizers and constraints."""

    def __init__(
        self,
        *,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = float(epsilon)
        self.center = bool(center)
        self.scale = bool(scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def _add_gamma_and_beta(self, shape: Sequence[int]) -> None:
        if self.scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if self.center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def _shared_config(self) -> dict[str, Any]:
        return {
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **kernel_config("beta", self.beta_initializer, self.beta_regularizer, self.beta_constraint),
            **kernel_config("gamma", self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint),
        }
