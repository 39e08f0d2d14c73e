"""The networks in PyTorch: a plain training loop with the fused Adam, in several modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from networks.recipes import build
from networks.torch_modules import TorchBuilder
from torch import nn


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ("channels_last", "contiguous", "compile")
    predict_modes = ("channels_last", "contiguous", "compile")

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        torch._inductor.config.freezing = True  # compiled inference may fold and reorder the weights

    def version(self) -> str:
        return f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})"

    def outputs(self, network: str, x: np.ndarray) -> np.ndarray:
        module = build(network, TorchBuilder(exact=True)).eval()
        with torch.inference_mode():
            return torch.softmax(module(torch.from_numpy(x).permute(0, 3, 1, 2)), 1).numpy()

    def network(self, name: str, mode: str, training: bool) -> tuple[Any, Any]:
        """The network, and the layout that its inputs have to have."""
        layout = torch.contiguous_format if mode == "contiguous" else torch.channels_last
        module = build(name, TorchBuilder()).to(memory_format=layout).train(training)
        return (torch.compile(module) if mode == "compile" else module), layout

    def fitter(self, network: str, mode: str, x: np.ndarray, y: np.ndarray, batch: int) -> Callable[[], int]:
        module, layout = self.network(network, mode, training=True)
        pictures = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        labels = torch.from_numpy(y.argmax(1))
        optimizer = torch.optim.Adam(module.parameters(), eps=1e-7, fused=True)
        loss_of = nn.CrossEntropyLoss()

        def fit() -> int:
            for rows in torch.randperm(len(x)).split(batch):
                part = pictures[rows].contiguous(memory_format=layout)
                optimizer.zero_grad()
                loss = loss_of(module(part), labels[rows])
                loss.backward()
                optimizer.step()
            loss.item()
            return len(x)

        return fit

    def predictor(self, network: str, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        module, layout = self.network(network, mode, training=False)
        pictures = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        batches = [part.contiguous(memory_format=layout) for part in pictures.split(batch)]

        guard = torch.no_grad if mode == "compile" else torch.inference_mode  # freezing asks for no_grad

        def predict() -> int:
            with guard():
                for part in batches:
                    torch.softmax(module(part), 1).numpy()
            return len(x)

        return predict
