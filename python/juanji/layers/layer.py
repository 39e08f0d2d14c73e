"""The base class of all layers."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from juanji import config, regularizers, stateless
from juanji._masks import masks_of
from juanji._outside import exempted
from juanji.autograd import Tensor, open_trace
from juanji.dtype_policies import dtype_of
from juanji.layers._arguments import Shape, batch_shape, positive_int
from juanji.layers._call_arguments import CallArguments
from juanji.layers._properties import LayerProperties
from juanji.layers._stored import Stored
from juanji.layers._symbolic import SymbolicCalls
from juanji.ops._convert import array_from, as_array
from juanji.symbolic.structure import flatten, map_structure, shape_leaves
from juanji.symbolic.tensor import KerasTensor, Node, any_symbolic
from juanji.utils.naming import auto_name


class _CallContext(threading.local):
    """The layer call going on in this thread.

    Attributes:
        training: its `training` argument, which layers called inside inherit.
        depth: how many layers deep.
        count: outermost calls so far, so that a layer can tell whether it is called again in the same one.
        names: of the layers that are being called or built, outermost first.
        building: the layer that is being built innermost.
    """

    training: bool | None = None
    depth: int = 0
    count: int = 0
    building: Any = None

    def __init__(self) -> None:
        self.names: list[str] = []


_context = _CallContext()
_MISSING: Any = object()


class Layer(SymbolicCalls, CallArguments, Stored, LayerProperties):
    """Turns an input into an output, with weights it may create for the input's shape.

    Write a layer by overriding :meth:`call`, :meth:`build` when it has weights, and :meth:`compute_output_shape` when
    the shape changes. Layers keep nothing between calls but their weights.

    The input is an array or a nested list, tuple or dictionary of arrays; shapes are then nested in the same way.
    Called with symbolic tensors (``juanji.Input``), a layer gives symbolic tensors.

    Args:
        trainable: whether training changes the weights.
        dtype: 'float32' or 'float64'; ``config.floatx()`` by default. Inputs are converted to it.
        name: unique in a model; made from the class name by default.
        activity_regularizer: its value for the output, per sample, is added to the loss.
        input_shape, input_dim, batch_size: the shape of one input without the batch axis (or its only size), for the
            first layer of a Sequential.

    Raises:
        TypeError: for any other keyword argument.

    Example:
        >>> import numpy as np
        >>> from juanji import layers
        >>> class Double(layers.Layer):
        ...     def call(self, inputs):
        ...         return inputs * 2
        >>> Double()(np.ones(2, "float32"))
        array([2., 2.], dtype=float32)
    """

    _takes_training: ClassVar[bool] = False
    _training_by_default: ClassVar[bool | None] = None  # in an outermost call
    _argument_names: ClassVar[tuple[str, ...]] = ("inputs",)  # of call
    _takes_one_array: ClassVar[bool] = False  # whether a list of arrays is a mistake
    _keeps_integers: ClassVar[bool] = False  # whether inputs that are no floats stay as they are

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        parameters = inspect.signature(cls.call).parameters
        cls._argument_names = tuple(parameters)[1:]
        cls._takes_training = "training" in cls._argument_names
        default = parameters["training"].default if cls._takes_training else None
        cls._training_by_default = default if isinstance(default, bool) else None
        cls._look_at_methods(cls.build)
        if "build" in vars(cls):
            cls.build = _marking_built(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, _float_type(type(self).__name__, dtype))
        self.name = _checked_name(type(self).__name__, name) or auto_name(type(self).__name__)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = False
        self._call_losses: list[Any] = []
        self._call_counted = 0  # the outermost call that these losses belong to
        self._inbound_nodes: list[Node] = []
        self._input_batch_shape = _first_layer_shape(type(self).__name__, kwargs)
        if kwargs:
            raise TypeError(
                f"{type(self).__name__}: unknown argument; got {', '.join(f'{k}={v!r}' for k, v in kwargs.items())}. "
                "Check the spelling, or leave it out."
            )

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What is missing: everything, in a class whose constructor does not call that of Layer."""
            if name.startswith("__") or "built" in vars(self):
                return object.__getattribute__(self, name)  # raises the error that led here once more
            raise AttributeError(
                f"{type(self).__name__}: the layer is not set up; expected super().__init__() as the first line of its "
                f"__init__, got none before {name!r} was needed. Call it first."
            )

    def build(self, input_shape: Shape) -> None:
        """Creates the weights for inputs of this shape (batch axis included)."""
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The output for an input; to be overridden. It may take ``training``."""
        return inputs

    def check_input(self, shape: Any) -> None:
        """Raises ValueError when inputs of this shape cannot be processed: by default, when ``input_spec`` says so."""
        if self._input_spec is None:
            return
        specs, shapes = flatten(self._input_spec), shape_leaves(shape)
        for spec, one in zip(specs, shapes):
            expected = None if spec is None else spec.misfit(one)
            if expected is not None:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r}: wrong shape of the input; expected {expected}, got "
                    f"shape={tuple(one)}. Reshape the data."
                )

    def __call__(self, inputs: Any = _MISSING, *args: Any, **kwargs: Any) -> Any:
        """Builds the layer if need be and calls it.

        Args:
            inputs: array or tensor with a batch axis, or a nested list, tuple or dictionary of them; symbolic ones
                give symbolic results.
            args, kwargs: passed on to :meth:`call`; ``training`` (whether the model is being trained) is that of the
                surrounding call by default, and may be given to any layer.
        """
        if args or inputs is _MISSING:
            inputs, kwargs = self._named(inputs, args, kwargs)
        alone = isinstance(inputs, (np.ndarray, Tensor)) and not kwargs
        if not alone and any_symbolic((inputs, kwargs)):
            return self._call_symbolically(inputs, kwargs)
        outer = _context.training
        training = kwargs.pop("training", None)
        if training is None:
            training = self._training_by_default if outer is None else outer
        masks = masks_of(inputs)
        x = self._convert(inputs)
        if kwargs:
            kwargs = self._converted_arguments(kwargs)
        shape = x.shape if isinstance(x, (Tensor, np.ndarray)) else map_structure(lambda one: one.shape, x)
        self.check_input(shape)
        if not self.built:
            self.build(shape, **self._other_shapes(kwargs))
        if masks is not None or kwargs:
            masks = self._fill_masks(x, masks, kwargs)
        _context.training = training
        _context.count += not _context.depth
        _context.depth += 1
        entered = _context.building is not self  # a model may call itself to build its layers
        if entered:
            _context.names.append(self.name)
        if self._takes_training:
            kwargs["training"] = training
        try:
            y = self.call(x, **kwargs)
        finally:
            _context.training = outer
            _context.depth -= 1
            if entered:
                _context.names.pop()
        if masks is not None or self._makes_masks:
            y = self._masked(x, y, masks)
        if self.activity_regularizer is not None:
            self.add_loss([self.activity_regularizer(one) * (1.0 / max(1, len(one))) for one in flatten(y)])
        return y

    @property
    def losses(self) -> list[Any]:
        """Penalties to be added to the loss: of weights, and of the outputs of the latest call."""
        return [penalty for layer in self.walk() for penalty in layer.own_penalties()]

    def own_penalties(self) -> list[Any]:
        return [*super().own_penalties(), *self._call_losses]

    def add_loss(self, loss: Any) -> None:
        """Adds something computed in :meth:`call` to what training makes small.

        It counts for this call of the model; a layer that is called several times in it adds up.

        Args:
            loss: tensor, or a list of them; other than scalars are summed.

        Example:
            >>> import numpy as np
            >>> from juanji import layers, ops
            >>> class Small(layers.Layer):
            ...     def call(self, inputs):
            ...         self.add_loss(ops.mean(ops.square(inputs)) * 0.1)
            ...         return inputs
            >>> layer = Small()
            >>> _ = layer(np.full((1, 2), 2.0))
            >>> [round(float(loss), 6) for loss in layer.losses]
            [0.4]
        """
        from juanji import ops

        if self._call_counted != _context.count:
            self._call_losses = []
            self._call_counted = _context.count
        parts = loss if isinstance(loss, (list, tuple)) else [loss]
        numbers = [part if part.ndim == 0 else ops.sum(part) for part in map(as_array, parts)]
        self._call_losses += numbers
        scope = stateless.current_scope()
        if scope is not None and scope.collect_losses:
            scope.losses += numbers
        trace = open_trace()
        if trace is not None:
            trace.defer(self._keep_losses, list(self._call_losses))

    def _keep_losses(self, losses: list[Any]) -> None:
        self._call_losses = losses

    def _named(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The input, and positional arguments behind it by the names they have in `call`."""
        first, *names = self._argument_names or ("inputs",)
        names = names or ["training"]
        if inputs is _MISSING and first in kwargs:
            inputs = kwargs.pop(first)
        if inputs is _MISSING or len(args) > len(names) or any(name in kwargs for name in names[: len(args)]):
            given = len(args) + (inputs is not _MISSING)
            raise TypeError(
                f"{type(self).__name__} {self.name!r}: the arguments do not fit; expected ({first}, "
                f"{', '.join(names)}), got {given} positional arguments and {', '.join(kwargs) or 'no'} others. "
                "Put several arrays into one list."
            )
        return inputs, {**kwargs, **dict(zip(names, args))}

    def _convert(self, inputs: Any) -> Any:
        if is_nested(inputs):
            if self._takes_one_array:
                raise ValueError(
                    f"{type(self).__name__} {self.name!r}: too many inputs; expected one array, got a "
                    f"{type(inputs).__name__} of {len(inputs)}. Pass one array, or merge them with Concatenate or Add."
                )
            return map_structure(self._convert_one, inputs)
        return self._convert_one(inputs)

    def _convert_one(self, x: Any) -> Any:
        if not isinstance(x, Tensor):
            x = array_from(x)
        if x.dtype == self.dtype or (self._keeps_integers and x.dtype.kind in "iub"):
            return x
        if x.dtype.kind not in "fiub":
            raise TypeError(
                f"{type(self).__name__} {self.name!r}: unsupported dtype of the input; expected numbers, "
                f"got dtype={x.dtype}. Convert the data first, for example with astype('float32')."
            )
        if isinstance(x, Tensor):
            from juanji import ops

            return ops.cast(x, self.dtype)
        return x.astype(self.dtype)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


class ElementwiseLayer(Layer):
    """A layer whose output has the shape of its input."""

    _takes_one_array = True
    supports_masking = True

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


def is_nested(inputs: Any) -> bool:
    """Whether this is a list, tuple or dictionary of arrays, rather than the rows of one array."""
    if isinstance(inputs, dict):
        return True
    if not isinstance(inputs, (list, tuple)):
        return False
    # The rows of one array are alike, so looking into the first is enough.
    return any(isinstance(x, (Tensor, np.ndarray, KerasTensor, dict)) for x in inputs) or is_nested(
        next(iter(inputs), None)
    )


def _marking_built(build: Callable[..., None]) -> Callable[..., None]:
    """``built`` is set by the call of `build`, so that overriding methods need not think of it."""

    @wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        with exempted(), _scope(self):  # it happens once, in no recorded step
            build(self, *args, **kwargs)
        self._build_shape = args[0] if len(args) == 1 and not kwargs else kwargs.get("input_shape")
        self.built = True

    return wrapper


@contextmanager
def _scope(layer: Layer) -> Iterator[None]:
    """Weights and layers that are built inside have the layer's name in their paths; its base classes' builds too."""
    outer = _context.building
    if outer is layer:
        yield
        return
    layer._path = "/".join((*_context.names, layer.name))
    _context.building = layer
    _context.names.append(layer.name)
    try:
        yield
    finally:
        _context.names.pop()
        _context.building = outer


def _checked_name(owner: str, name: Any) -> str | None:
    if name is None or (isinstance(name, str) and "/" not in name):
        return name
    raise ValueError(
        f"{owner}: not a name; expected a string without '/', got name={name!r}. Leave it out for a usual one."
    )


def _float_type(owner: str, dtype: Any) -> str:
    try:
        return config.floatx() if dtype is None else dtype_of(dtype)
    except ValueError:
        raise ValueError(
            f"{owner}: unsupported dtype; expected 'float32' or 'float64', got dtype={dtype!r}. Leave it out for "
            "the default."
        ) from None


def _first_layer_shape(owner: str, kwargs: dict[str, Any]) -> Shape | None:
    """Takes the shape arguments of a first layer out of `kwargs`."""
    size = kwargs.pop("batch_size", None)
    size = None if size is None else positive_int(owner, "batch_size", size)
    if "input_dim" in kwargs:
        return (size, positive_int(owner, "input_dim", kwargs.pop("input_dim")))
    if "input_shape" in kwargs:
        return (size, *batch_shape(owner, "input_shape", kwargs.pop("input_shape")))
    return None
