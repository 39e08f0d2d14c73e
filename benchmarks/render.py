"""Tables and pictures from results.json."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

from networks.recipes import flops

BEGIN, END = "<!-- results: made by report.py -->", "<!-- end of results -->"
TITLES = {"torch": "PyTorch", "keras": "Keras/TensorFlow", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
MB = 2.0**20


def peak_flops(report: dict[str, Any]) -> float:
    """The fastest moment of the machine: slower ones say nothing about it."""
    parts = (report["peak"], report["peak_after"], report["roofline"]["predict"], report["roofline"]["fit"])
    return float(max(part["flops"] for part in parts))


def speed(rate: float, batch: int) -> str:
    """Images a second, or for single images the time of one."""
    return f"{1e3 / rate:.3g} ms" if batch == 1 else f"{rate:,.0f}/s"


def cell(result: dict[str, Any] | None, batch: int) -> str:
    if result is None:
        return ""
    if result["error"]:
        return "failed"
    mode = f", {result['mode'].replace('_', ' ')}" if len(result["modes"]) > 1 else ""
    low, high = min(result["ratios"]), max(result["ratios"])
    ratio = statistics.median(result["ratios"])
    rate = speed(statistics.median(result["peer_rates"]), batch)
    return f"**{ratio:.2f} ×** ({low:.2f}–{high:.2f})<br>{rate}{mode}"


def task_row(task: dict[str, Any], peers: list[str], peak: float) -> list[str]:
    own = statistics.median(task["results"][0]["own_rates"])
    share = own * flops(task["network"], task["do"] == "fit") / peak
    results = {result["peer"]: result for result in task["results"]}
    cells = [cell(results.get(peer), task["batch"]) for peer in peers]
    return [task["title"], speed(own, task["batch"]), f"{share:.0%}", *cells]


def table_row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table with numbers to the right."""
    line = "|" + "|".join(["---", *["---:"] * (len(header) - 1)]) + "|"
    return "\n".join([table_row(header), line, *map(table_row, rows)])


def facts(report: dict[str, Any]) -> str:
    peak, after = report["peak"], report["peak_after"]
    versions = "; ".join(report["versions"].values())
    note = f"\n\n{report['note']}" if report["note"] else ""
    return (
        f"Measured on {report['cpu']}, {report['cores']} cores, {report['threads']} threads for every framework, "
        f"commit {report['commit']}, Python {report['python']}, NumPy {report['numpy']}; {versions}. "
        f"Peak: {peak_flops(report) * 1e-9:.0f} GFLOP/s in multiply-adds ({peak['isa']}; "
        f"{peak['flops'] * 1e-9:.0f} before, {after['flops'] * 1e-9:.0f} afterwards), "
        f"{max(peak['bytes'], after['bytes']) * 1e-9:.1f} GB/s to and from memory. "
        f"{report['rounds']} rounds of at least {report['seconds']:g} s; load {report['load']} before.{note}"
    )


def tasks_table(report: dict[str, Any]) -> str:
    found = {result["peer"] for task in report["tasks"] for result in task["results"]}
    peers = [peer for peer in TITLES if peer in found]
    tasks = report["tasks"]
    if report.get("forced"):
        tasks = [*tasks, {**report["forced"], "title": report["forced"]["title"] + ", AVX2 forced"}]
    rows = [task_row(task, peers, peak_flops(report)) for task in tasks]
    return table(["task", "juanji", "of the FMA bound", *(TITLES[peer] for peer in peers)], rows)


def rest_table(report: dict[str, Any]) -> str:
    memory = report["memory"]
    own = memory["juanji"]
    rows = [["peak resident memory in fit, juanji", f"{own / MB:.0f} MB" if own else "failed"]]
    for name in TITLES:
        if own and memory.get(name):
            figure = f"{memory[name] / MB:.0f} MB; juanji needs {own / memory[name]:.0%} of it"
            rows.append([f"the same, {TITLES[name]}", figure])
    growth = report["growth"]
    rows.append([f"resident memory from step 10 to {growth['last']:,}", f"{growth['bytes'] / MB:+.2f} MB"])
    rows += [[f"import of {name}, over NumPy", f"{s * 1e3:.0f} ms"] for name, s in report["imports"].items()]
    return table(["what", "juanji"], rows)


def roofline_table(step: dict[str, Any], peak: float) -> str:
    """Operations that do arithmetic, the rest, and all of them."""
    whole = sum(op["seconds"] for op in step["operations"])
    rows: list[list[str]] = []
    for op in step["operations"]:
        if op["flop"]:
            rate, intensity = op["flop"] / op["seconds"], op["flop"] / op["bytes"]
            bound = min(peak, intensity * step["bytes"])
            name = f"{len(rows) + 1} {op['name']} → {'×'.join(map(str, op['output']))}"
            time = [f"{op['seconds'] * 1e6:,.0f}", f"{op['seconds'] / whole:.1%}"]
            shares = ["effective", ""] if op["effective"] else [f"{rate / peak:.0%}", f"{rate / bound:.0%}"]
            shares.insert(0, f"{rate * 1e-9:.1f}")
            rows.append([name, *time, f"{intensity:.1f}", *shares])
    rest = sorted((op for op in step["operations"] if not op["flop"]), key=lambda op: -op["seconds"])
    if rest:
        seconds = sum(op["seconds"] for op in rest)
        names = list(dict.fromkeys(op["name"] for op in rest))
        longest = ", ".join([*names[:3], "…"] if len(names) > 3 else names)
        rows.append(
            [f"{len(rest)} without arithmetic: {longest}", f"{seconds * 1e6:,.0f}", f"{seconds / whole:.1%}", *[""] * 4]
        )
    rate = sum(op["flop"] for op in step["operations"]) / whole
    share = "effective" if any(op["effective"] for op in step["operations"]) else f"{rate / peak:.0%}"
    rows.append(["**all**", f"{whole * 1e6:,.0f}", "100%", "", f"{rate * 1e-9:.1f}", share, ""])
    return table(["operation", "µs", "of the step", "FLOP/byte", "GFLOP/s", "of peak", "of its bound"], rows)


def results_text(report: dict[str, Any]) -> str:
    roofline = report["roofline"]
    parts = [
        facts(report),
        tasks_table(report),
        "![Speed of juanji relative to each framework](ratios.svg)",
        rest_table(report),
        f"### Roofline: predicting a batch of {roofline['batch']}",
        roofline_table(roofline["predict"], peak_flops(report)),
        f"### Roofline: a training step with a batch of {roofline['batch']}",
        roofline_table(roofline["fit"], peak_flops(report)),
        "![GFLOP/s of the operations above, below what the machine can do](roofline.svg)",
    ]
    return "\n\n".join(parts)


def render(report: dict[str, Any], folder: Path) -> None:
    """Writes the part of README.md between the markers, and the pictures."""
    readme = folder / "README.md"
    text = readme.read_text() if readme.exists() else f"{BEGIN}\n{END}\n"
    if BEGIN not in text or END not in text:
        sys.exit(f"report: {readme} has no markers; expected a line '{BEGIN}' and a line '{END}'.")
    before, behind = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{results_text(report)}\n\n{END}{behind}")
    try:
        import plots
    except ImportError:
        print("report: the pictures are as before; they need matplotlib: pip install matplotlib", file=sys.stderr)
        return
    plots.ratios(report, folder / "ratios.svg")
    plots.roofline(report["roofline"], peak_flops(report), folder / "roofline.svg")
