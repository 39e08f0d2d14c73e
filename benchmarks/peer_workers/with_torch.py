"""The article's network in PyTorch: a plain training loop with the fused Adam, in several modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn


class Framework:
    """See worker.py for what is asked of it."""

    fit_modes = ("channels_last", "contiguous", "compile")
    predict_modes = ("channels_last", "contiguous", "compile")

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self.networks: dict[str, Any] = {}

    def version(self) -> str:
        return f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})"

    def network(self, mode: str) -> tuple[Any, Any]:
        """The network, and the layout that its inputs have to have."""
        layout = torch.contiguous_format if mode == "contiguous" else torch.channels_last
        if mode not in self.networks:
            layers: list[nn.Module] = []
            for channels, filters in ((3, 32), (32, 64), (64, 128)):
                layers += [nn.Conv2d(channels, filters, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)]
            layers += [nn.Flatten(), nn.Linear(2048, 512), nn.ReLU(), nn.Linear(512, 10)]
            network = nn.Sequential(*layers).to(memory_format=layout)
            self.networks[mode] = torch.compile(network) if mode == "compile" else network
        return self.networks[mode], layout

    def fitter(self, mode: str, x: np.ndarray, y: np.ndarray) -> Callable[[], int]:
        network, layout = self.network(mode)
        pictures = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        labels = torch.from_numpy(y.argmax(1))
        optimizer = torch.optim.Adam(network.parameters(), eps=1e-7, fused=True)
        loss_of = nn.CrossEntropyLoss()

        def fit() -> int:
            network.train()
            for rows in torch.randperm(len(x)).split(64):
                batch = pictures[rows].contiguous(memory_format=layout)
                optimizer.zero_grad()
                loss = loss_of(network(batch), labels[rows])
                loss.backward()
                optimizer.step()
            loss.item()
            return len(x)

        return fit

    def predictor(self, mode: str, x: np.ndarray, batch: int) -> Callable[[], int]:
        network, layout = self.network(mode)
        network.eval()
        pictures = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)
        batches = [part.contiguous(memory_format=layout) for part in pictures.split(batch)]

        def predict() -> int:
            with torch.inference_mode():
                for part in batches:
                    torch.softmax(network(part), 1).numpy()
            return len(x)

        return predict
