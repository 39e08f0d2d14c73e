"""What happens in one batch."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from juanji import optimizers
from juanji.autograd import GradientTape, Tensor, Variable, open_trace
from juanji.layers._properties import own_metrics
from juanji.layers.layer import Layer
from juanji.models.compiled import Compiled, CompileMetrics, as_number
from juanji.models.data import gathered, unpack
from juanji.models.recording import Recorder
from juanji.program import Recorded
from juanji.stateless import StatelessScope, new_values, require_values
from juanji.symbolic.structure import flatten, map_structure

StepFunction = Callable[[Iterator[Any]], Any]


class _StepOnNext:
    """Runs a step of a model on the next batch of an iterator; a class, so that models stay picklable."""

    def __init__(self, model: Steps, step: str) -> None:
        self._model, self._step = model, step

    def __call__(self, iterator: Iterator[Any]) -> Any:
        return self._model.run_step(self._step, next(iterator))


class Steps(Layer):
    """The steps of training, evaluation and prediction; override :meth:`train_step` to train in another way."""

    _compiled: Compiled | None = None
    _recorder: Recorder | None = None
    _eager: bool = False
    train_function: StepFunction | None = None
    test_function: StepFunction | None = None
    predict_function: StepFunction | None = None

    @property
    def run_eagerly(self) -> bool:
        """Whether every step runs operation by operation in Python, and never as a recorded program."""
        return self._eager

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._eager = bool(value)

    def run_step(self, name: str, data: Any) -> Any:
        """Runs the method ``train_step``, ``test_step`` or ``predict_step``, as a recorded program where possible."""
        if self._eager or open_trace() is not None:  # within a step of another model that is being recorded
            return getattr(self, name)(gathered(data))
        if self._recorder is None:
            self._recorder = Recorder()
        return self._recorder.run(self, name, data)

    def make_train_function(self, force: bool = False) -> StepFunction:
        """The function of an iterator that trains on its next batch; also kept as ``train_function``."""
        self.train_function = self._function_of("train_step")
        return self.train_function

    def make_test_function(self, force: bool = False) -> StepFunction:
        """The function of an iterator that evaluates its next batch; also kept as ``test_function``."""
        self.test_function = self._function_of("test_step")
        return self.test_function

    def make_predict_function(self, force: bool = False) -> StepFunction:
        """The function of an iterator that gives the output for its next batch; also kept as ``predict_function``."""
        self.predict_function = self._function_of("predict_step")
        return self.predict_function

    def _function_of(self, step: str) -> StepFunction:
        return _StepOnNext(self, step)

    def recorded_step(self, name: str, data: Any) -> Recorded | None:
        """The program of a step for data of this form, which it runs twice; None where the step runs in Python."""
        if self._eager:
            return None
        if self._recorder is None:
            self._recorder = Recorder()
        return self._recorder.find(self, name, data)

    @property
    def compiled(self) -> bool:
        """Whether :meth:`compile` was called."""
        return self._compiled is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer, None before :meth:`compile`."""
        return None if self._compiled is None else self._compiled.optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._require_compiled("optimizer").optimizer = optimizers.get(value)

    @property
    def loss(self) -> Any:
        """The loss as passed to :meth:`compile`."""
        return None if self._compiled is None else self._compiled.loss_identifier

    @property
    def metrics(self) -> list[Any]:
        """The running loss, the metrics of :meth:`compile` in one, and those that model and layers have."""
        compiled = [] if self._compiled is None else self._compiled.metrics
        layers = [layer for layer in self.walk() if layer is self or not isinstance(layer, Steps)]
        own = [metric for layer in layers for metric in own_metrics(layer)]
        known = {id(metric) for metric in (*compiled, *_one_by_one(compiled))}
        return [*compiled, *{id(metric): metric for metric in own if id(metric) not in known}.values()]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of all :attr:`metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def metrics_names(self) -> list[str]:
        """The names that belong to the numbers of :meth:`evaluate`."""
        return [metric.name for metric in self._single_metrics()]

    def reset_metrics(self) -> None:
        """Starts all running averages again."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, float]:
        """Name and value of each of the :attr:`metrics`; one that gives a dictionary adds its entries."""
        results: dict[str, float] = {}
        for metric in self._single_metrics():
            value = metric.result()
            results |= value if isinstance(value, dict) else {metric.name: as_number(value)}
        return results

    def _single_metrics(self) -> list[Any]:
        """The :attr:`metrics`, with those of :meth:`compile` one by one."""
        return _one_by_one(self.metrics)

    def train_step(self, data: Any) -> dict[str, float]:
        """Trains on one batch: forward, loss, gradients, update, metrics.

        Args:
            data: (x, y, sample_weight) of the batch; y and sample_weight may be None.

        Returns:
            Loss and metrics, averaged since :meth:`reset_metrics`.
        """
        x, y, sample_weight = unpack(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
        # Metrics come first: when they refuse the labels, no weight has been changed.
        logs = self._record(loss, x, y, y_pred, sample_weight)
        variables = self.trainable_variables
        if variables:
            self.optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables))
        else:
            warnings.warn("fit: the model has no trainable weights, so training changes nothing.", stacklevel=2)
        return logs

    def test_step(self, data: Any) -> dict[str, float]:
        """Evaluates one batch. Arguments and result are those of :meth:`train_step`."""
        x, y, sample_weight = unpack(data)
        # A Tensor remembers its logits, from which the loss is computed as in training.
        y_pred = self(map_structure(lambda one: one if isinstance(one, Tensor) else Tensor(one), x), training=False)
        loss = self._loss_of(x, y, y_pred, sample_weight, training=False)
        return self._record(loss, x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The output for one batch."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The number that training makes small: the compiled loss plus the penalties of the layers."""
        total = self._require_compiled("compute_loss").compute_loss(y, y_pred, sample_weight)
        for penalty in self.losses:
            total = penalty if total is None else total + penalty
        if total is None:
            raise ValueError(
                "fit: there is nothing to make small; expected compile(loss=...), got loss=None. "
                "Pass a loss such as 'categorical_crossentropy'."
            )
        return total

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[Any, Any, Any]]:
        """:meth:`compute_loss` with other values in the place of all variables, which stay as they are.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: a value for each variable of these lists.
            x, y, y_pred, sample_weight, training: those of :meth:`compute_loss`.

        Returns:
            The loss, and the values of the three lists after it.
        """
        given = (trainable_variables, non_trainable_variables, metrics_variables)
        lists = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        for name, values, variables in zip(("trainable", "non_trainable", "metrics"), given, lists):
            require_values(f"{type(self).__name__}.stateless_compute_loss", f"{name}_variables", values, variables)
        with StatelessScope(zip(chain(*lists), chain(*given))) as scope:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        return loss, (trainable_variables, new_values(scope, lists[1]), new_values(scope, lists[2]))

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, float]:
        """Adds one batch to the metrics and returns all averages."""
        compiled = self._require_compiled("compute_metrics")
        compiled.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """:meth:`compute_loss`, which in subclasses need not take ``training``."""
        method = self.compute_loss
        if type(self).compute_loss is not Steps.compute_loss and "training" not in inspect.signature(method).parameters:
            return method(x, y, y_pred, sample_weight)
        return method(x, y, y_pred, sample_weight, training=training)

    def _record(self, loss: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> dict[str, float]:
        tracker = self._require_compiled("fit").loss_tracker
        tracker.update_state(loss, sample_weight=len(flatten(x)[0]))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _require_compiled(self, method: str) -> Compiled:
        if self._compiled is None:
            raise ValueError(
                f"{method}: the model is not compiled; expected compile(optimizer, loss, ...) before, got none. "
                "Call model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])."
            )
        return self._compiled


def _one_by_one(metrics: list[Any]) -> list[Any]:
    """Metrics, with those of `compile` one by one."""
    found = [metric.metrics if isinstance(metric, CompileMetrics) else [metric] for metric in metrics]
    return [metric for part in found for metric in part]
