"""The networks in Keras on TensorFlow."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras_like import KerasLike


class Framework(KerasLike):
    """See worker.py for what is asked of it."""

    def __init__(self, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        super().__init__(keras, {"default": {}})

    def version(self) -> str:
        return f"Keras {keras.__version__} on TensorFlow {tf.__version__}"
