"""Names that code outside juanji may use in a step that is recorded, and some that it may not."""

from __future__ import annotations

# Instructions that store what outlives a call, or whose names are looked up where nothing can be watched.
STORES = frozenset((
    "DELETE_ATTR", "DELETE_GLOBAL", "DELETE_NAME", "IMPORT_NAME", "IMPORT_STAR", "LOAD_BUILD_CLASS",
    "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF", "LOAD_FROM_DICT_OR_GLOBALS", "LOAD_NAME", "STORE_ATTR",
    "STORE_GLOBAL", "STORE_NAME",
))  # fmt: skip

# Methods and attributes of juanji's objects that do or tell more than operations.
REFUSED_NAMES = frozenset((
    "__class__", "__closure__", "__defaults__", "__dict__", "__globals__", "__setattr__", "add_metric",
    "add_variable", "add_weight", "build", "build_from_config", "compile", "evaluate", "f_globals", "f_locals",
    "fit", "history", "iterations", "learning_rate", "load_own_variables", "load_weights", "next", "predict",
    "predict_on_batch", "reset_metrics", "save", "save_weights", "set_weights", "state", "stop_training", "summary",
    "test_on_batch", "train_on_batch", "write", "writelines",
))  # fmt: skip

# Functions of Python that compute from their arguments alone.
BUILTINS = frozenset((
    "Ellipsis", "False", "None", "NotImplemented", "True", "__debug__", "abs", "all", "any", "bool", "bytes",
    "complex", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int", "isinstance", "issubclass",
    "len", "list", "map", "max", "min", "object", "pow", "range", "reversed", "round", "set", "slice", "sorted",
    "staticmethod", "sum", "super", "tuple", "zip",
))  # fmt: skip

# Functions of NumPy that do.
NUMPY = frozenset((
    "abs", "all", "any", "arange", "arccos", "arcsin", "arctan", "arctan2", "array", "asarray", "ceil", "clip",
    "concatenate", "cos", "cosh", "cumprod", "cumsum", "diag", "diff", "dot", "exp", "expand_dims", "expm1", "eye",
    "flip", "float32", "float64", "floor", "full", "hypot", "identity", "int32", "int64", "isfinite", "isnan",
    "linspace", "log", "log10", "log1p", "log2", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum",
    "mod", "ones", "ones_like", "outer", "power", "prod", "repeat", "reshape", "rint", "round", "sign", "sin",
    "sinh", "split", "sqrt", "square", "squeeze", "stack", "std", "sum", "swapaxes", "tan", "tanh", "tile",
    "transpose", "tri", "tril", "triu", "uint8", "var", "where", "zeros", "zeros_like",
))  # fmt: skip

# Modules of juanji whose functions are operations or made of them.
MODULES = frozenset((
    "activations", "losses", "metrics", "ops", "random", "regularizers", "symbolic", "tree",
))  # fmt: skip
