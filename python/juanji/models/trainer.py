"""compile, fit, evaluate, predict and their siblings for single batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np

from juanji import config
from juanji.callbacks import make_callbacks
from juanji.callbacks.base import Callback
from juanji.callbacks.history import History
from juanji.models.arguments import RandomOrder, at_most, count, frequency, natural, one_pass
from juanji.models.compiled import Compiled
from juanji.models.data import ArrayData, Batch, array_data, packed, unpack
from juanji.models.loops import TrainingPlan, Validation, run_evaluate, run_fit, run_logged, run_predict
from juanji.models.progress import Progress
from juanji.models.recording import Recorder
from juanji.models.sources import ArraySource, DatasetSource, IterableSource, Source, makes_batches
from juanji.models.steps import Steps
from juanji.symbolic.structure import map_structure
from juanji.utils.py_dataset import PyDataset

Array = np.ndarray[Any, Any]

_STEPS = {"fit": "train_step", "evaluate": "test_step", "test": "test_step", "predict": "predict_step"}


class Trainer(Steps):
    """The part of a model that goes through the data, batch by batch and epoch by epoch."""

    stop_training: bool = False
    history: History | None = None
    _progress: Progress | None = None  # while fit runs
    jit_compile: bool | str = "auto"
    steps_per_execution: int = 1

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Chooses how the model is trained.

        Args:
            optimizer: name ('adam', 'sgd', 'rmsprop', ...) or object.
            loss: name ('categorical_crossentropy', 'mse', ...), function ``(y_true, y_pred)`` or object. For several
                outputs one for all, a list, or a dictionary by the names of the outputs (those of the layers that give
                them, or the keys when the model gives a dictionary); what is trained is their sum.
            loss_weights: factor of the loss, or of each.
            metrics: list of names ('accuracy', ...), functions or objects, without sample weights. For several outputs
                a list or dictionary of such lists.
            weighted_metrics: the same, with sample weights.
            run_eagerly: whether steps run operation by operation in Python. Otherwise models made of juanji's own
                parts run each step as one recorded native call, with the same results.
            jit_compile: what happens to steps with code of your own (layers, losses, `train_step`). 'auto' records them
                when that changes nothing: their functions store nothing in attributes, globals or outer variables,
                call no other libraries but `math` and simple functions of NumPy, and ask for no values. What they read
                besides tensors (numbers, lists, settings) may change; the step is then recorded again. False never
                records such code; True always does, as Keras: what it does besides operations on tensors happens
                once, while it is recorded.
            steps_per_execution, auto_scale_loss: accepted for Keras scripts; without effect.

        Raises:
            ValueError: for a name that is not known.

        Example:
            >>> import juanji
            >>> model = juanji.Sequential([juanji.layers.Dense(10, activation="softmax")])
            >>> model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        """
        self._compile_arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "auto_scale_loss": auto_scale_loss,
        }
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile
        self.steps_per_execution = steps_per_execution
        self._recorder = Recorder(jit_compile is True, jit_compile == "auto")
        self._compiled = Compiled(optimizer, loss, loss_weights, metrics, weighted_metrics, self._objective_names())

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Trains the model for a number of epochs.

        Args:
            x: samples, an array of numbers of any type; converted to the model's type batch by batch. For several
                inputs a list, or a dictionary by the names of the inputs. Or what gives batches ``(x, y)`` or ``(x, y,
                sample_weight)``: a generator, a :class:`juanji.utils.PyDataset`, or any other iterable object.
            y: labels, one row per sample; for several outputs a list, or a dictionary as for the losses.
            batch_size: samples per update; 32 by default. The last batch may be smaller.
            epochs: the epoch to stop at, counted from ``initial_epoch``.
            verbose: 0 for silence, 1 for a progress bar (a line per epoch where there is no terminal), 2 for a line
                per epoch; 'auto' means 1.
            callbacks: objects of :mod:`juanji.callbacks`.
            validation_split: this last part of the samples is not trained on but validated with.
            validation_data: (x, y) or (x, y, sample_weight) to validate with after each epoch, or what gives batches.
            shuffle: put the samples into a random order, anew in each epoch; the batches of a PyDataset likewise.
            class_weight: weight of each class number in the loss; 1 for those left out.
            sample_weight: weight of each sample in the loss; for several outputs also a list or dictionary.
            initial_epoch: number of the first epoch, to go on with a training.
            steps_per_epoch: batches that make an epoch, of which the next goes on where it stopped; all by default.
            validation_steps: batches to validate with; all by default.
            validation_batch_size: ``batch_size`` by default.
            validation_freq: validate every so many epochs, or after the epochs (from 1) in this list.

        Returns:
            A :class:`~juanji.callbacks.History`; ``history.history['loss']`` has one number per epoch.

        Raises:
            ValueError: when the model is not compiled, or sizes, shapes or values do not fit.
            TypeError: when something is not an array of numbers.

        Example:
            >>> import numpy as np, juanji
            >>> model = juanji.Sequential([juanji.layers.Dense(1)])
            >>> model.compile(optimizer="sgd", loss="mse")
            >>> history = model.fit(np.ones((32, 2)), np.ones((32, 1)), epochs=3, verbose=0)
            >>> len(history.history["loss"])
            3
        """
        compiled = self._require_compiled("fit")
        compiled.require_optimizer("fit")
        size = count("fit", "batch_size", batch_size, 32)
        validation_size = count("fit", "validation_batch_size", validation_batch_size, size)
        order = RandomOrder() if shuffle else None
        validation_source: Source | None = None
        if validation_data is None and validation_split:
            source, validation_source = self._split_sources(
                x, y, sample_weight, class_weight, size, validation_size, validation_split, order
            )
        else:
            source = self._source("fit", x, y, sample_weight, class_weight, size, order)
            if validation_data is not None:
                given = unpack(validation_data)
                validation_source = self._source("fit (validation_data)", *given, None, validation_size)
        limit = None if validation_steps is None else count("fit", "validation_steps", validation_steps, 1)
        limit = at_most(config.max_steps_per_epoch(), limit, getattr(validation_source, "steps", None))
        due = frequency("fit", validation_freq)
        plan = TrainingPlan(
            source,
            None if validation_source is None else Validation(validation_source, limit, due),
            at_most(
                config.max_steps_per_epoch(),
                None if steps_per_epoch is None else count("fit", "steps_per_epoch", steps_per_epoch, 1),
                source.steps,
            ),
            range(natural("fit", "initial_epoch", initial_epoch), natural("fit", "epochs", epochs))[
                : config.max_epochs()
            ],
        )
        history = History()
        held_out = nullcontext() if validation_source is None else validation_source
        with make_callbacks(self, verbose, plan.params, callbacks, history) as active, source, held_out:
            run_fit(self, plan, active)
        return history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on data, without training.

        Args:
            x, y, sample_weight: as for :meth:`fit`.
            batch_size: samples at once; 32 by default.
            verbose: as for :meth:`fit`.
            steps: batches to use; all by default.
            callbacks: their ``on_test_...`` methods are called.
            return_dict: return names and values instead of values.

        Returns:
            The loss, or a list of the loss and the metrics in the order of ``metrics_names``.
        """
        self._require_compiled("evaluate")
        source = self._source("evaluate", x, y, sample_weight, None, count("evaluate", "batch_size", batch_size, 32))
        steps, known = one_pass("evaluate", source, steps)
        with make_callbacks(self, verbose, known, callbacks) as active, source:
            logs = run_evaluate(self, source, steps, active)
        return _returned(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """Outputs for samples.

        Args:
            x: samples, as for :meth:`fit`.
            batch_size: samples at once; 32 by default.
            verbose: as for :meth:`fit`.
            steps: batches to use; all by default.
            callbacks: their ``on_predict_...`` methods are called.

        Returns:
            An array with one row per sample, or arrays nested as the model's outputs are.

        Example:
            >>> import numpy as np, juanji
            >>> juanji.Sequential([juanji.layers.Dense(3)]).predict(np.ones((5, 2)), verbose=0).shape
            (5, 3)
        """
        source = self._source("predict", x, None, None, None, count("predict", "batch_size", batch_size, 32))
        steps, known = one_pass("predict", source, steps)
        with make_callbacks(self, verbose, known, callbacks) as active, source:
            return run_predict(self, source, steps, active)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update with one batch. Returns loss and metrics of this batch."""
        self._require_compiled("train_on_batch").require_optimizer("train_on_batch")
        batch = self._batch("train_on_batch", x, y, sample_weight, class_weight)
        self.reset_metrics()
        return _returned(run_logged(self, "train_step", batch), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluates one batch. Returns loss and metrics of this batch."""
        self._require_compiled("test_on_batch")
        batch = self._batch("test_on_batch", x, y, sample_weight)
        self.reset_metrics()
        return _returned(run_logged(self, "test_step", batch), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch; the way to predict with the least delay."""
        known = None if self._recorder is None or self.run_eagerly else self._recorder.prediction(x)
        if known is not None:
            return known(x)
        batch = packed(self._batch("predict_on_batch", x))
        return map_structure(np.asarray, self.run_step("predict_step", batch))

    def _source(
        self,
        method: str,
        x: Any,
        y: Any,
        sample_weight: Any,
        class_weight: Mapping[int, float] | None,
        batch_size: int,
        draw_order: RandomOrder | None = None,
    ) -> Source:
        """Where the batches of a method come from, checked as far as that is possible before the first."""
        if not makes_batches(x):
            data = self._checked(method, x, y, sample_weight, class_weight)
            return ArraySource(data, batch_size, draw_order)
        for name, given in (("y", y), ("sample_weight", sample_weight)):
            if given is not None:
                raise ValueError(
                    f"{method}: {name} is given twice; expected it in each batch of x, which is a "
                    f"{type(x).__name__}, got {name} too. Let x give (x, y) or (x, y, sample_weight)."
                )

        def prepare(batch: Any) -> Batch:
            return self._batch(method, *unpack(batch), class_weight)

        return DatasetSource(x, prepare, draw_order) if isinstance(x, PyDataset) else IterableSource(x, prepare)

    def _split_sources(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        class_weight: Mapping[int, float] | None,
        batch_size: int,
        validation_size: int,
        fraction: float,
        draw_order: RandomOrder | None,
    ) -> tuple[Source, Source]:
        """The first rows to train on, the others to validate with."""
        if makes_batches(x):
            raise ValueError(
                f"fit: validation_split needs arrays; expected arrays x and y, got x of type {type(x).__name__}. Pass "
                "validation_data."
            )
        data, held_out = self._checked("fit", x, y, sample_weight, class_weight).split(fraction)
        return ArraySource(data, batch_size, draw_order), ArraySource(held_out, validation_size)

    def _batch(self, method: str, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Batch:
        """One batch, checked and converted."""
        data = self._checked(method, x, y, sample_weight, class_weight)
        return next(data.batches(len(data)))

    def _checked(self, method: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> ArrayData:
        """The arguments of a method, checked against the model, which is built for them."""
        compiled = self._compiled
        if self._has_own_step(method):  # what becomes of the data is nobody else's business
            data = self._data(method, x, y, sample_weight, class_weight, strictly=False)
            with suppress(ValueError):
                self._build_for(data)
            return data
        data = self._data(method, x, y, sample_weight, class_weight)
        if compiled is not None and not method.startswith("predict") and self._computes_usual_loss():
            compiled.require_labels(method, y)
        self._build_for(data)
        if compiled is not None and method.startswith("fit"):
            compiled.check_class_numbers(method, data.y, getattr(self, "output_shape", None))
        return data

    def _has_own_step(self, method: str) -> bool:
        """Whether the step that a method goes through was overridden."""
        name = next((step for begin, step in _STEPS.items() if method.startswith(begin)), "train_step")
        return getattr(type(self), name) is not getattr(Steps, name)

    def _computes_usual_loss(self) -> bool:
        """Whether labels go where ``compile`` said: losses of users may do without."""
        return type(self).compute_loss is Steps.compute_loss

    def _build_for(self, data: ArrayData) -> None:
        """Builds the model when it is not, and refuses data of another shape before anything is done."""
        self.check_input(data.input_shapes)
        if not self.built:
            self._build_before_call(data.input_shapes)

    def _build_before_call(self, input_shape: Any) -> None:
        """Builds the model before its first batch."""
        self.build(input_shape)

    def _data(
        self,
        method: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        strictly: bool = True,
    ) -> ArrayData:
        """The arguments of a method, checked; in the nesting of the inputs, or, unless ``strictly``, as they are."""
        names = self._objective_names()
        dtypes: tuple[str, ...] = ()
        with nullcontext() if strictly else suppress(ValueError):
            x, dtypes = self._arranged(x)
        outputs = None if names is None else len(names)
        return array_data(method, x, y, sample_weight, class_weight, self.dtype, dtypes, outputs)

    def _arranged(self, x: Any) -> tuple[Any, tuple[str, ...]]:
        """Samples in the nesting of the model's inputs, and the types of the arrays where they are not the model's."""
        return x, ()

    def _objective_names(self) -> list[str] | None:
        """Names of the outputs, '' for a model's only one; None when they are not known before the first batch."""
        return None


def _returned(logs: dict[str, float], as_dict: bool) -> Any:
    if as_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
