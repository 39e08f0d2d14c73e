"""juanji (卷积): convolutional networks on ordinary CPUs, with Keras' names and a C++ core."""

from juanji import _core, config, ops, random
from juanji.autograd import GradientTape, Tensor, Variable
from juanji.config import set_num_threads, show_config

__version__ = "0.1.0"

__all__ = ["GradientTape", "Tensor", "Variable", "config", "ops", "random", "set_num_threads", "show_config"]
