"""Functions with a gradient of their own, derivatives along a direction, and functions applied element by element."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import product
from typing import Any

import numpy as np

from juanji import ops
from juanji.autograd import GradientTape, Tensor
from juanji.ops._convert import as_array
from juanji.ops._operation import Call, NumpyFunction, Operation
from juanji.symbolic.structure import flatten, map_structure, pack


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator that gives a function a gradient of its own.

    Args:
        f: takes arrays or tensors, gives its result and a function. That takes the gradient of each result and gives
            the gradient of each argument.

    Example:
        >>> import juanji
        >>> @juanji.ops.custom_gradient
        ... def clipped(x):
        ...     return x, lambda upstream: juanji.ops.clip(upstream, -1, 1)
        >>> x = juanji.Variable(3.0)
        >>> with juanji.GradientTape() as tape:
        ...     y = clipped(x) * 7
        >>> float(tape.gradient(y, x))
        1.0
    """

    @wraps(f)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        inputs = [as_array(x) for x in args]
        results, rule = f(*(ops.stop_gradient(x) for x in inputs), **kwargs)
        outputs = [as_array(y) for y in flatten(results)]
        count = len(inputs)
        operation = Operation(
            getattr(f, "__name__", "custom_gradient"),
            lambda: NumpyFunction(lambda *arrays: tuple(arrays[count:])),
            visible_outputs=len(outputs),
        )

        @operation.gradient
        def _(call: Call, *arriving: Any) -> Sequence[Any]:
            given = [np.zeros(y.shape, y.dtype) if dy is None else dy for y, dy in zip(call.outputs, arriving)]
            gradients = rule(*given)
            gradients = tuple(gradients) if isinstance(gradients, (tuple, list)) else (gradients,)
            if len(gradients) != count:
                raise ValueError(
                    f"custom_gradient: not one gradient for each argument; expected {count}, got {len(gradients)}."
                )
            return gradients + (None,) * len(outputs)

        values = operation(*inputs, *outputs)
        return pack(results, [values] if len(outputs) == 1 else list(values))

    return wrapper


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """A function's results, and their derivatives along a direction.

    The gradient by the results is linear in what arrives there; its own derivative is the one wanted.

    Args:
        fun: takes as many arguments as there are ``primals``, nested as they are.
        primals: where it is evaluated; floats.
        tangents: the direction, nested in the same way.
        has_aux: whether ``fun`` gives a pair whose second part is not differentiated.

    Returns:
        Results and derivatives, nested as ``fun`` gives them; then what was not differentiated, if anything.

    Raises:
        ValueError: when primals and tangents differ in number or shape.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> y, dy = ops.jvp(ops.square, (np.array(3.0),), (np.array(1.0),))
        >>> float(y), float(dy)
        (9.0, 6.0)
    """
    xs = [Tensor(np.asarray(as_array(x))) for x in flatten(list(primals))]
    direction = [as_array(t) for t in flatten(list(tangents))]
    if [x.shape for x in xs] != [tuple(t.shape) for t in direction]:
        raise ValueError(
            f"jvp: the direction does not fit; expected the shapes {[x.shape for x in xs]}, got "
            f"{[tuple(t.shape) for t in direction]}."
        )
    with GradientTape() as outer:
        with GradientTape() as inner:
            inner.watch(xs)
            results = fun(*pack(list(primals), list(xs)))
        results, aux = results if has_aux else (results, None)
        ys = [y if isinstance(y, Tensor) else Tensor(as_array(y)) for y in flatten(results)]
        arriving = [Tensor(np.zeros(y.shape, y.dtype)) for y in ys]
        outer.watch(arriving)
        gradients = inner.gradient(ys, xs, output_gradients=list(arriving))
        parts = [
            ops.sum(ops.multiply(dx, ops.cast(t, dx.dtype))) for dx, t in zip(gradients, direction) if dx is not None
        ]
        total = sum(parts[1:], parts[0]) if parts else None
    slopes = [None] * len(ys) if total is None else outer.gradient(total, arriving)
    found = [np.zeros(y.shape, y.dtype) if dy is None else dy.numpy() for y, dy in zip(ys, slopes)]
    plain = map_structure(lambda y: y.numpy() if isinstance(y, Tensor) else np.asarray(y), results)
    derivatives = pack(results, found)
    return (plain, derivatives, aux) if has_aux else (plain, derivatives)


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Sequence[int] | None = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of single numbers (or of small arrays) as one of whole arrays that broadcast.

    Args:
        pyfunc: takes and gives scalars, or arrays with the axes that ``signature`` says.
        excluded: places of arguments that are handed on as they are.
        signature: axes of one call, such as ``"(m,n),(n)->(m)"``.

    Raises:
        ValueError: when ``pyfunc`` cannot be called, or the signature does not fit the arguments.

    Example:
        >>> import numpy as np
        >>> from juanji import ops
        >>> ops.vectorize(lambda a, b: a + b)(np.array([1, 2]), 10)
        array([11, 12])
    """
    if not callable(pyfunc):
        raise ValueError(f"vectorize: pyfunc is no function; expected a callable, got pyfunc={pyfunc!r}.")
    handed_on = frozenset(excluded or ())
    groups = None if signature is None else re.findall(r"\(([^)]*)\)", signature.partition("->")[0])
    cores = None if groups is None else [len([c for c in group.split(",") if c.strip()]) for group in groups]

    @wraps(pyfunc)
    def wrapper(*args: Any) -> Any:
        places = [i for i in range(len(args)) if i not in handed_on]
        ranks = [0] * len(places) if cores is None else cores
        if len(ranks) != len(places):
            raise ValueError(
                f"vectorize: expected {len(ranks)} arguments for signature={signature!r}, got {len(places)}."
            )
        arrays = [as_array(args[i]) for i in places]
        leading = [tuple(x.shape[: len(x.shape) - rank]) for x, rank in zip(arrays, ranks)]
        shape = np.broadcast_shapes(*leading)
        arrays = [ops.broadcast_to(x, (*shape, *x.shape[len(x.shape) - rank :])) for x, rank in zip(arrays, ranks)]
        results = []
        for index in product(*(range(size) for size in shape)):
            own = dict(zip(places, (x[index] for x in arrays)))
            results.append(pyfunc(*(own.get(i, argument) for i, argument in enumerate(args))))
        if not results:
            raise ValueError(f"vectorize: nothing to apply the function to; expected elements, got the shape {shape}.")
        columns = [ops.stack(column) for column in zip(*(flatten(result) for result in results))]
        return pack(results[0], [ops.reshape(y, (*shape, *y.shape[1:])) for y in columns])

    return wrapper
