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


class Adagrad:
    """Duchi, Hazan and Singer (2011)."""

    def __init__(self, learning_rate, initial_accumulator_value=0.1, epsilon=1e-7):
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.a = initial_accumulator_value

    def step(self, w, g):
        self.a = self.a + g**2
        return w - self.learning_rate * g / np.sqrt(self.a + self.epsilon)


class Adadelta:
    """Zeiler (2012), algorithm 1, with a learning rate."""

    def __init__(self, learning_rate, rho=0.95, epsilon=1e-7):
        self.learning_rate, self.rho, self.epsilon = learning_rate, rho, epsilon
        self.g2 = self.d2 = 0.0

    def step(self, w, g):
        self.g2 = self.rho * self.g2 + (1 - self.rho) * g**2
        d = -np.sqrt(self.d2 + self.epsilon) / np.sqrt(self.g2 + self.epsilon) * g
        self.d2 = self.rho * self.d2 + (1 - self.rho) * d**2
        return w + self.learning_rate * d


class Adamax:
    """Kingma and Ba (2014), algorithm 2, with an epsilon."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.m = self.u = 0.0
        self.t = 0

    def step(self, w, g):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.u = np.maximum(self.beta_2 * self.u, np.abs(g))
        return w - self.learning_rate / (1 - self.beta_1**self.t) * self.m / (self.u + self.epsilon)


class Nadam:
    """Dozat (2015), algorithm 8, with the warming momentum of its section 3."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.m = self.v = 0.0
        self.t = 0

    def mu(self, t):
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def step(self, w, g):
        self.t += 1
        product = np.prod([self.mu(t) for t in range(1, self.t + 1)])
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g**2
        ahead = self.mu(self.t + 1)
        mean = ahead * self.m / (1 - product * ahead) + (1 - self.mu(self.t)) * g / (1 - product)
        return w - self.learning_rate * mean / (np.sqrt(self.v / (1 - self.beta_2**self.t)) + self.epsilon)


class Lion:
    """Chen et al. (2023), algorithm 2."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.99):
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.m = 0.0

    def step(self, w, g):
        c = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.m = self.beta_2 * self.m + (1 - self.beta_2) * g
        return w - self.learning_rate * np.sign(c)


class Ftrl:
    """McMahan et al. (2013), with the shrinkage and powers of Keras' documentation."""

    def __init__(
        self, learning_rate, learning_rate_power=-0.5, initial=0.1, l1=0.0, l2=0.0, l2_shrinkage=0.0, beta=0.0
    ):
        self.learning_rate, self.power, self.a = learning_rate, -learning_rate_power, initial
        self.l1, self.l2, self.shrinkage, self.beta = l1, l2, l2_shrinkage, beta
        self.z = 0.0

    def step(self, w, g):
        new = self.a + g**2
        sigma = (new**self.power - self.a**self.power) / self.learning_rate
        self.z = self.z + g + 2 * self.shrinkage * w - sigma * w
        self.a = new
        divisor = (self.beta + new**self.power) / self.learning_rate + 2 * self.l2
        return np.where(np.abs(self.z) <= self.l1, 0.0, (np.sign(self.z) * self.l1 - self.z) / divisor)


class ScheduleFree:
    """Defazio et al. (2024), algorithm 1, with the average x kept instead of recovered."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.x = self.z = None
        self.v, self.t = 0.0, 0

    def step(self, w, g):
        if self.x is None:
            self.x = self.z = w
        self.t += 1
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g**2
        size = np.sqrt(self.v / (1 - self.beta_2**self.t)) + self.epsilon
        self.z = self.z - self.learning_rate * g / size
        self.x = (1 - 1 / self.t) * self.x + self.z / self.t
        return (1 - self.beta_1) * self.z + self.beta_1 * self.x


class Lamb:
    """You et al. (2020), algorithm 2, without weight decay; |.| as the scaling function."""

    def __init__(self, learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.m = self.v = 0.0
        self.t = 0

    def step(self, w, g):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * g
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * g**2
        r = self.m / (1 - self.beta_1**self.t) / (np.sqrt(self.v / (1 - self.beta_2**self.t)) + self.epsilon)
        sizes = np.sqrt(np.sum(w**2)), np.sqrt(np.sum(r**2))
        ratio = sizes[0] / sizes[1] if min(sizes) > 0 else 1.0
        return w - self.learning_rate * ratio * r


class Adafactor:
    """Shazeer and Stern (2018), algorithms 4 and 5; rho is the smaller of the learning rate and 1 / sqrt(t)."""

    def __init__(self, learning_rate, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0):
        self.learning_rate, self.decay = learning_rate, beta_2_decay
        self.epsilon_1, self.epsilon_2, self.threshold = epsilon_1, epsilon_2, clip_threshold
        self.r = self.c = self.v = 0.0
        self.t = 0

    def step(self, w, g):
        self.t += 1
        beta = 1 - self.t**self.decay
        square = g**2 + self.epsilon_1
        if np.ndim(w) >= 2:
            self.r = beta * self.r + (1 - beta) * square.mean(-1)
            self.c = beta * self.c + (1 - beta) * square.mean(-2)
            self.v = (self.r / self.r.mean(-1, keepdims=True))[..., None] * self.c[..., None, :]
        else:
            self.v = beta * self.v + (1 - beta) * square
        u = g / np.sqrt(self.v)
        u = u / max(1.0, np.sqrt(np.mean(u**2)) / self.threshold)
        rho = min(self.learning_rate, 1 / np.sqrt(self.t))
        return w - max(self.epsilon_2, np.sqrt(np.mean(w**2))) * rho * u


class Muon:
    """Jordan (2024) with the step size of Liu et al. (2025); Adam for what is no matrix."""

    def __init__(self, learning_rate, momentum=0.95, nesterov=True, steps=5, rms_rate=0.2):
        self.learning_rate, self.momentum, self.nesterov = learning_rate, momentum, nesterov
        self.steps, self.rms_rate = steps, rms_rate
        self.m = 0.0
        self.adam = Adam(learning_rate)
        self.t = 0

    def step(self, w, g):
        self.adam.t = self.t
        self.t += 1
        if np.ndim(w) != 2:
            return self.adam.step(w, g)
        self.m = self.momentum * self.m + g
        u = g + self.momentum * self.m if self.nesterov else self.m
        # the polynomial acts on the singular values alone
        left, values, right = np.linalg.svd(u, full_matrices=False)
        values = values / (np.sqrt(np.sum(values**2)) + 1e-7)
        for _ in range(self.steps):
            values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
        return w - self.learning_rate * self.rms_rate * np.sqrt(max(w.shape)) * (left * values) @ right
