"""What an operation leaves behind in its process: floating-point modes and memory."""

from __future__ import annotations

import numpy as np
import pytest

import child
import juanji
from juanji import ops


# The second size is enough work to go to all threads.
@pytest.mark.parametrize("size", [1, 512])
def test_denormals_are_flushed_inside_only(size: int) -> None:
    left = np.full((size, size), 1e-30, "float32")
    right = np.full((size, size), 1e-12, "float32")
    assert not ops.matmul(left, right).any()
    assert (left * right).all()  # NumPy, outside, still has them


def test_a_failing_operation_restores_the_mode_too() -> None:
    with pytest.raises(ValueError, match=r"^matmul: "):
        ops.matmul(np.ones((2, 3), "float32"), np.ones((4, 2), "float32"))
    assert np.finfo("float32").tiny / np.float32(2) > 0


def test_resident_memory_is_flat() -> None:
    code = """
        import numpy as np
        from juanji import ops
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * 4096
        x = np.ones((64, 32, 32, 32), "float32")
        w = np.ones((3, 3, 32, 64), "float32")
        def step():
            y = ops.relu(ops.conv(x, w, padding="same"))
            return ops.max_pool(y, 2)
        for _ in range(3):
            step()
        before = resident()
        for _ in range(20):
            step()
        growth = resident() - before
        assert growth < 2**20, growth
    """
    child.run(code)


def test_an_array_too_large_for_memory_names_its_size():
    with pytest.raises(MemoryError, match=r"out of memory: expected \d{14,} free bytes for one array"):
        juanji.random.normal((1 << 23, 1 << 23))
