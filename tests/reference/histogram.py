"""Histogram equalization, pixel by pixel in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def equalize(x: Array, bins: int = 256) -> Array:
    """Tones from 0 to 255 of (..., channels), each channel spread by its share of darker pixels."""
    y = np.array(x, np.float64)
    for c in range(x.shape[-1]):
        channel = x[..., c].reshape(-1)
        bin_of = np.clip((channel * (bins - 1) / 255).astype(int), 0, bins - 1)
        if len(set(bin_of.tolist())) == 1:
            continue
        darkest = np.count_nonzero(bin_of == bin_of.min())
        tones = {
            b: np.round((np.count_nonzero(bin_of <= b) - darkest) * 255 / (bin_of.size - darkest))
            for b in set(bin_of.tolist())
        }
        y[..., c] = np.array([tones[b] for b in bin_of.tolist()]).reshape(x.shape[:-1])
    return y


def clahe(x: Array, clip_limit: float, grid: tuple[int, int]) -> Array:
    """Tones from 0 to 255 of (batch, height, width, channels), spread by the tiles around each pixel."""
    count, height, width, channels = x.shape
    tile_h, tile_w = -(-height // grid[0]), -(-width // grid[1])
    padded = np.pad(x, ((0, 0), (0, tile_h * grid[0] - height), (0, tile_w * grid[1] - width), (0, 0)), "symmetric")
    tone = np.clip(padded.astype(int), 0, 255)
    y = np.zeros(x.shape)
    for n in range(count):
        for c in range(channels):
            table = np.zeros((*grid, 256))
            for r in range(grid[0]):
                for s in range(grid[1]):
                    tile = tone[n, r * tile_h : (r + 1) * tile_h, s * tile_w : (s + 1) * tile_w, c]
                    table[r, s] = _curve(np.bincount(tile.reshape(-1), minlength=256), tile.size, clip_limit)
            for i in range(height):
                for j in range(width):
                    y[n, i, j, c] = _between(table[:, :, tone[n, i, j, c]], i / tile_h - 0.5, j / tile_w - 0.5)
    return y


def _curve(counts: Array, pixels: int, clip_limit: float) -> Array:
    held = counts.astype(np.float64)
    if clip_limit > 0:
        held = np.minimum(held, clip_limit * pixels / 256)
        held += (counts.sum() - held.sum()) / 256
    sums = np.cumsum(held)
    rest = pixels - sums[0]
    return np.clip((sums - sums[0]) * 255 / (rest if rest else 1), 0, 255)


def _between(values: Array, row: float, col: float) -> float:
    rows = np.clip([np.floor(row), np.floor(row) + 1], 0, values.shape[0] - 1).astype(int)
    cols = np.clip([np.floor(col), np.floor(col) + 1], 0, values.shape[1] - 1).astype(int)
    down, across = row - np.floor(row), col - np.floor(col)
    weights = np.outer([1 - down, down], [1 - across, across])
    return float((values[np.ix_(rows, cols)] * weights).sum())
