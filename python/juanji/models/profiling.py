"""Where a model's time goes, and what training it will cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from juanji import random
from juanji.models.data import gathered
from juanji.program.profile import Profile, profile_recorded
from juanji.symbolic.structure import pack


def profile(model: Any, x: Any, y: Any = None, repeats: int = 10) -> Profile:
    """Times every operation of a model's step on a batch and prints them as a table.

    Without labels it is the prediction that is timed; with labels, a training step of a compiled model, on a copy, so
    that the model stays as it is. What is printed: time, share of the step, GFLOP/s and the share of what
    multiply-adds in registers reach on this machine at this moment, and the bytes of inputs and outputs.

    Args:
        model: made of juanji's own layers.
        x: samples of one batch.
        y: labels of the batch.
        repeats: runs of which the median is taken.

    Returns:
        The figures as a :class:`~juanji.program.profile.Profile`, whose ``operations`` are in the order of the run.

    Raises:
        ValueError: for a model whose steps cannot be recorded.

    Example:
        >>> import numpy as np, juanji
        >>> model = juanji.Sequential([juanji.layers.Input((8,)), juanji.layers.Dense(4, activation="relu")])
        >>> found = juanji.profile(model, np.ones((16, 8)))  # doctest: +ELLIPSIS
        operation ...
        >>> [op.name for op in found.operations]
        ['dense_packed']
    """
    data = model._data("profile", x, y)
    model._build_for(data)
    batch = gathered(next(data.batches(len(data))))
    with random.preserved_state():
        if y is None:
            program = model.recorded_step("predict_step", batch)
        else:
            program = _training_copy("profile", model).recorded_step("train_step", batch)
    if program is None:
        raise ValueError(
            f"profile: the steps of {model.name!r} run in Python; expected a model of juanji's own layers, loss and "
            "optimizer, compiled without run_eagerly, got one with code of its own. Compile it with jit_compile=True."
        )
    found = profile_recorded(program, [part for part in batch if part is not None], repeats)
    print(found)
    return found


@dataclass(frozen=True)
class Estimate:
    """What training will cost; printing it gives a sentence.

    Attributes:
        batch_size: samples of a step.
        weight_bytes: weights and the optimizer's state.
        step_bytes: scratch memory of a step.
        samples_per_second: while training.
        samples: of an epoch.
    """

    batch_size: int
    weight_bytes: int
    step_bytes: int
    samples_per_second: float
    samples: int | None

    @property
    def bytes(self) -> int:
        """Memory for weights, optimizer and a step; data and the interpreter come on top."""
        return self.weight_bytes + self.step_bytes

    @property
    def seconds_per_epoch(self) -> float | None:
        """Time of an epoch without validation; None when the number of samples is not known."""
        return None if self.samples is None else self.samples / self.samples_per_second

    def __str__(self) -> str:
        text = (
            f"batch size {self.batch_size}: {self.bytes / 1e6:.1f} MB ({self.weight_bytes / 1e6:.1f} for weights and "
            f"optimizer, {self.step_bytes / 1e6:.1f} for a step), {self.samples_per_second:.0f} samples/s"
        )
        epoch = self.seconds_per_epoch
        return text if epoch is None else f"{text}, {epoch:.1f} s for an epoch of {self.samples} samples"


def estimate(model: Any, batch_size: int, samples: int | None, seconds: float) -> Estimate:
    """Trains a copy of a compiled model on zeros for a moment; see ``Model.estimate``."""
    shape = model.input_shape
    shapes = shape if isinstance(shape, list) else [shape]
    if any(one is None or None in one[1:] for one in shapes):
        raise ValueError(
            "estimate: the size of the input is not known; expected a model whose inputs have fixed shapes, got "
            f"input_shape={shape}. Give the model an Input with all sizes."
        )
    with random.preserved_state():
        copy = _training_copy("estimate", model)
        x = pack(model.input, [np.zeros((batch_size, *one[1:]), model.dtype) for one in shapes])
        y = copy._compiled.example_labels(batch_size, model.output_shape)
        for _ in range(3):
            copy.train_on_batch(x, y)
        steps, start = 0, time.perf_counter()
        while steps < 3 or time.perf_counter() - start < seconds:
            copy.train_on_batch(x, y)
            steps += 1
        rate = steps * batch_size / (time.perf_counter() - start)
        program = copy.recorded_step("train_step", (x, y, None))
    weights = sum(v._value.nbytes for v in [*copy.weights, *copy.optimizer.variables])
    return Estimate(batch_size, weights, 0 if program is None else program.bytes, rate, samples)


def _training_copy(owner: str, model: Any) -> Any:
    """A model of the same form and weights, compiled alike, that can be trained instead of it."""
    compiled = model._require_compiled(owner)
    compiled.require_optimizer(owner)
    copy = type(model).from_config(model.get_config())
    if not copy.built:
        copy.build(model.input_shape)
    copy.set_weights(model.get_weights())
    optimizer = type(compiled.optimizer).from_config(compiled.optimizer.get_config())
    copy.compile(optimizer, compiled.loss_identifier, jit_compile=True)
    return copy
