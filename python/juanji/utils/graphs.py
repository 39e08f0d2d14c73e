"""Where symbolic tensors come from, and pictures of models."""

from __future__ import annotations

import os
from typing import Any

from juanji.symbolic.structure import flatten, is_shape
from juanji.symbolic.tensor import node_of
from juanji.utils.extras import needed


def get_source_inputs(tensor: Any) -> list[Any]:
    """The symbolic inputs that a symbolic tensor follows from.

    Example:
        >>> from juanji import Input, layers
        >>> x = Input((4,), name="x")
        >>> [source.name for source in get_source_inputs(layers.Dense(2)(x))]
        ['x']
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    todo = [tensor]
    while todo:
        x = todo.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        node = node_of(x)
        if node.is_input:
            found.setdefault(id(x), x)
        todo.extend(reversed(node.input_tensors))
    return list(found.values())


def dot_text(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> str:
    """The graph of a model in the language of Graphviz; arguments are those of :func:`model_to_dot`.

    Example:
        >>> from juanji import Sequential, layers
        >>> text = dot_text(Sequential([layers.Input((4,)), layers.Dense(2, name="out")]), show_shapes=True)
        >>> "Dense" in text and "(None, 2)" in text
        True
    """
    graph = getattr(model, "_graph", None)
    if graph is None:
        raise ValueError(
            f"model_to_dot: there is no graph; expected a functional model or a built Sequential, got {model!r}. Call "
            "or build it first."
        )
    lines = [f'digraph "{model.name}" {{', f"rankdir={rankdir}; dpi={dpi}; splines={splines};", "node [shape=record];"]

    def label(operation: Any) -> str:
        parts = [type(operation).__name__]
        if show_layer_names:
            parts.insert(0, operation.name)
        if show_layer_activations and getattr(operation, "activation", None) is not None:
            parts.append(f"activation: {getattr(operation.activation, '__name__', operation.activation)}")
        if show_shapes:
            shape = graph_of[id(operation)].shape_of(operation)
            parts.append(f"output: {shape if is_shape(shape) else flatten(shape)}")
        if show_dtype:
            parts.append(f"dtype: {getattr(operation, 'dtype', '')}")
        if show_trainable and getattr(operation, "weights", None):
            parts.append("trainable" if operation.trainable else "frozen")
        return " | ".join(part.replace("{", "").replace("}", "") for part in parts)

    graph_of: dict[int, Any] = {}

    def draw(part: Any, prefix: str) -> None:
        for operation in part.operations:
            graph_of[id(operation)] = part
            inner = getattr(operation, "_graph", None)
            lines.append(f'"{prefix}{operation.name}" [label="{{{label(operation)}}}"];')
            if expand_nested and inner is not None:
                inside = f"{prefix}{operation.name}/"
                lines.append(f'subgraph "cluster_{inside}" {{ label="{operation.name}";')
                draw(inner, inside)
                lines.append("}")
            for source in dict.fromkeys(s.operation.name for s in part.sources_of(operation)):
                lines.append(f'"{prefix}{source}" -> "{prefix}{operation.name}";')

    draw(graph, "")
    return "\n".join([*lines, "}"])


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """The graph of a model as an object of pydot.

    Args:
        model: functional, or a built Sequential.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what each box tells.
        rankdir: 'TB' for top to bottom, 'LR' for left to right.
        expand_nested: whether models inside are drawn with what is in them.
        dpi: dots per inch.
        subgraph: accepted for Keras scripts; without effect.
        splines: how lines are drawn.
        kwargs: accepted for older scripts; without effect.

    Raises:
        ValueError: for a model without a graph.
        ImportError: without pydot.
    """
    pydot = needed("model_to_dot", "pydot", "pydot")
    text = dot_text(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations,
        show_trainable, splines,
    )  # fmt: skip
    return pydot.graph_from_dot_data(text)[0]


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> None:
    """Draws a model into a file; needs pydot and the program ``dot`` of Graphviz.

    Args:
        model: functional, or a built Sequential.
        to_file: name of the file; its ending says the format. '.dot' is text, for which nothing is needed.
        show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations, show_trainable,
            splines, kwargs: as for :func:`model_to_dot`.

    Raises:
        ValueError: for a model without a graph.
        ImportError: without pydot.
        OSError: when the file cannot be written.
    """
    options: dict[str, Any] = {
        "show_shapes": show_shapes, "show_dtype": show_dtype, "show_layer_names": show_layer_names,
        "rankdir": rankdir, "expand_nested": expand_nested, "dpi": dpi,
        "show_layer_activations": show_layer_activations, "show_trainable": show_trainable, "splines": splines,
    }  # fmt: skip
    name = os.fspath(to_file)
    ending = os.path.splitext(name)[1][1:] or "png"
    if ending == "dot":
        with open(name, "w", encoding="utf-8") as file:
            file.write(dot_text(model, **options))
    else:
        model_to_dot(model, **options).write(name, format=ending)
