"""What the scripts share: data and weights that are the same in both libraries."""

from __future__ import annotations

import numpy as np


def images(*shape, seed=0):
    """Pixels from 0 to 1."""
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def labels(n, classes, seed=1):
    return np.random.default_rng(seed).integers(0, classes, n)


def set_weights(model, seed=0):
    """Gives all weights of a model or layer numbers of their own."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        drawn = rng.standard_normal(tuple(weight.shape)).astype("float32")
        if weight.name.endswith("variance"):
            drawn = 0.5 + np.abs(drawn)
        elif weight.name.endswith("gamma"):
            drawn = 1 + 0.1 * drawn
        elif drawn.ndim > 1:
            drawn /= np.sqrt(np.prod(drawn.shape[:-1]))
        else:
            drawn *= 0.1
        weight.assign(drawn)
    return model


def trained(model, x, y, **options):
    """Losses and metrics of two epochs without shuffling, the predictions and the weights after them."""
    options = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0, **options}
    found = {f"history/{key}": value for key, value in model.fit(x, y, **options).history.items()}
    predictions = model.predict(x, verbose=0)
    for i, one in enumerate(predictions if isinstance(predictions, list) else [predictions]):
        found[f"prediction {i}"] = one
    return {**found, **{f"weight {i}": w for i, w in enumerate(model.get_weights())}}
