"""The global dtype policy, under keras.mixed_precision names: float32 and float64, mixed ones meaning float32."""

from __future__ import annotations

from juanji.config import dtype_policy, set_dtype_policy
from juanji.dtype_policies import DTypePolicy

__all__ = ["DTypePolicy", "Policy", "dtype_policy", "global_policy", "set_dtype_policy", "set_global_policy"]

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy


def __dir__() -> list[str]:
    return __all__
