"""The networks in juanji, and what only juanji is asked: memory over many steps, and a profile."""

from __future__ import annotations

from typing import Any

from keras_like import KerasLike
from worker_tools import images, memory

import juanji
from juanji import _core
from juanji.callbacks import Callback


class Framework(KerasLike):
    """See worker.py for what is asked of it."""

    def __init__(self, threads: int) -> None:
        super().__init__(juanji, {"default": {}})
        juanji.set_num_threads(threads)

    def version(self) -> str:
        return f"juanji {juanji.__version__} ({_core.active_isa()}, {_core.num_threads()} threads)"

    def machine(self) -> dict[str, Any]:
        """Instruction sets, and what the processor can do: operations and bytes a second."""
        return {
            "isa": _core.active_isa(),
            "supported": _core.supported_isas(),
            "flops": _core.measure_flops("float32"),
            "bytes": _core.measure_memory_bandwidth(),
        }

    def profile(self, network: str, batch: int, training: bool, repeats: int) -> dict[str, Any]:
        """Time, operations and bytes of every operation of a recorded step."""
        x, y = images(network, batch)
        result = juanji.profile(self.model(network, "default"), x, y if training else None, repeats)
        rows = []
        for op in result.operations:
            shape = op.outputs[0][1] if op.outputs else ()  # updates in place have no output
            row = {"name": op.name, "output": shape, "seconds": op.seconds, "flop": op.flop, "bytes": op.bytes}
            rows.append({**row, "effective": op.effective})
        return {"flops": result.peak_flops, "bytes": result.peak_bytes, "operations": rows}

    def growth(self, network: str, batch: int, first: int, last: int) -> dict[str, float]:
        """Resident bytes that training adds between two of its steps."""
        per_epoch = min(50, last)
        x, y = images(network, batch * per_epoch)
        watch = _MemoryWatch((first, last))
        self.model(network, "default").fit(
            x, y, batch_size=batch, epochs=-(-last // per_epoch), verbose=0, callbacks=[watch]
        )
        return {"bytes": watch.seen[last] - watch.seen[first]}


class _MemoryWatch(Callback):
    """Notes the resident bytes after some steps."""

    def __init__(self, steps: tuple[int, ...]) -> None:
        super().__init__()
        self._steps = steps
        self._done = 0
        self.seen: dict[int, int] = {}

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._done += 1
        if self._done in self._steps:
            self.seen[self._done] = memory()["now"]
