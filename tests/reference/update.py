"""Optimizer steps on one variable, float64, straight from the papers and Keras' documented formulas."""

from __future__ import annotations

import numpy as np


class Sgd:
    def __init__(self, learning_rate, momentum=0.0, nesterov=False):
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self.m = 0.0

    def step(self, w, g):
        if self.momentum == 0:
            return w - self.learning_rate * g
        self.m = self.momentum * self.m - self.learning_rate * g
        if self.nesterov:
            return w + self.momentum * self.m - self.learning_rate * g
        return w + self.m


class RMSprop:
    def __init__(self, learning_rate, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
        self.learning_rate, self.rho, self.momentum = learning_rate, rho, momentum
        self.epsilon, self.centered = epsilon, centered
        self.v = self.mean = self.m = 0.0

    def step(self, w, g):
        self.v = self.rho * self.v + (1 - self.rho) * g**2
        variance = self.v
        if self.centered:
            self.mean = self.rho * self.mean + (1 - self.rho) * g
            variance = variance - self.mean**2
        increment = self.learning_rate * g / np.sqrt(variance + self.epsilon)
        if self.momentum > 0:
            self.m = self.momentum * self.m + increment
            increment = self.m
        return w - increment


class Adam:
    """Kingma and Ba (2014), algorithm 1, bias corrections gathered in the step size (end of section 2)."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.epsilon, self.amsgrad = epsilon, amsgrad
        self.m = self.v = self.vhat = 0.0
        self.t = 0

    def step(self, w, g):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g**2
        v = self.v
        if self.amsgrad:
            v = self.vhat = np.maximum(self.vhat, v)
        alpha = self.learning_rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        return w - alpha * self.m / (np.sqrt(v) + self.epsilon)
