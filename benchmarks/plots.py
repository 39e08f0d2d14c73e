"""The two pictures of README.md, as SVG without a background: text is grey so that it can be read on light and dark."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, NullFormatter
from render import TITLES

GREY = "#808080"
COLOURS = {"torch": "#e4572e", "keras": "#e09f1f", "onnxruntime": "#3d8bd4", "openvino": "#8e6bc9"}
STEP_COLOURS = {"predict": "#2a9d8f", "fit": "#e4572e"}
STEPS = {"predict": "predict", "fit": "training step"}
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "juanji",  # the same file for the same figures
    "font.family": "sans-serif",
    "font.size": 9,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), GREY),
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def save(figure: Any, path: Path) -> None:
    figure.savefig(path, transparent=True, metadata={"Date": None})
    pyplot.close(figure)


def ratios(report: dict[str, Any], path: Path) -> None:
    """A bar for each task and peer: how many times as fast juanji is."""
    tasks = [task for task in report["tasks"] if any(result["ratios"] for result in task["results"])]
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(figsize=(7.5, 0.9 + 0.62 * len(tasks)), layout="constrained")
        labelled: set[str] = set()
        for row, task in enumerate(tasks):
            results = [result for result in task["results"] if result["ratios"]]
            height = 0.8 / max(4, len(results))
            for place, result in enumerate(results):
                peer, y = result["peer"], row + (place - (len(results) - 1) / 2) * height
                label = None if peer in labelled else TITLES[peer]
                labelled.add(peer)
                value = statistics.median(result["ratios"])
                axes.barh(y, value, height * 0.9, color=COLOURS[peer], label=label)
                axes.text(value, y, f" {value:.2f}", va="center", fontsize=7)
        axes.axvline(1, color=GREY, linewidth=1, linestyle="--")
        axes.set_yticks(range(len(tasks)), [task["title"].replace(", batch", "\nbatch") for task in tasks])
        axes.set_ylim(len(tasks) - 0.4, -0.6)
        axes.set_xlabel("times as fast as")
        if tasks:
            figure.legend(frameon=False, ncols=4, loc="outside upper center")
        save(figure, path)


def roofline(report: dict[str, Any], peak: float, path: Path) -> None:
    """GFLOP/s over FLOP/byte of every operation that does arithmetic, below what the machine can do.

    Operations have the numbers of their rows in the tables; each step has a picture of its own.
    """
    bandwidth = max(report[step]["bytes"] for step in STEPS)
    points = {step: arithmetic(report[step]) for step in STEPS}
    everything = [point for step in STEPS for point in points[step]]
    left, right = min(x for x, _ in everything) / 4, max(x for x, _ in everything) * 2
    knee = min(max(peak / bandwidth, left), right)
    with pyplot.rc_context(STYLE):
        figure, both = pyplot.subplots(1, 2, figsize=(7.5, 3.4), layout="constrained", sharey=True)
        for axes, (step, title) in zip(both, STEPS.items()):
            roof = [min(x * bandwidth, peak) * 1e-9 for x in (left, knee, right)]
            axes.plot([left, knee, right], roof, color=GREY, linewidth=1.2)
            axes.text(right, peak * 1.05e-9, f"{peak * 1e-9:.0f} GFLOP/s", ha="right", va="bottom", fontsize=7)
            slope = (left * knee) ** 0.5
            speed = f"{bandwidth * 1e-9:.0f} GB/s"
            place = (slope, slope * bandwidth * 1e-9)
            axes.annotate(speed, place, (-6, 6), textcoords="offset points", ha="right", va="bottom", fontsize=7)
            axes.scatter(*zip(*points[step]), 20, color=STEP_COLOURS[step], zorder=3)
            for number, (x, y) in enumerate(points[step], 1):
                place = [(5, 2), (-5, 2), (5, -7), (-5, -7)][number % 4]
                side = "left" if place[0] > 0 else "right"
                axes.annotate(str(number), (x, y), place, textcoords="offset points", fontsize=7, ha=side)
            axes.set(xscale="log", yscale="log", xlabel="FLOP per byte", title=f"{title}, batch {report['batch']}")
            axes.set_ylim(min(y for _, y in everything) / 2, peak * 1.6e-9)
            for axis in (axes.xaxis, axes.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
                axis.set_minor_formatter(NullFormatter())
        both[0].set_ylabel("GFLOP/s")
        save(figure, path)


def arithmetic(step: dict[str, Any]) -> list[tuple[float, float]]:
    """FLOP/byte and GFLOP/s of the operations that have any."""
    return [(op["flop"] / op["bytes"], op["flop"] / op["seconds"] * 1e-9) for op in step["operations"] if op["flop"]]
