"""Measures everything that README.md shows, and writes it there: one command.

    python benchmarks/report.py --python torch=/path/to/bin/python --python keras=/other/bin/python

It takes about ten minutes and needs a machine that does nothing else. Results go to results.json, from which the tables
between the markers in README.md and the two pictures are made; --render makes them again without measuring. The
pictures need matplotlib. Options are those of peers.py.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from alone import IMPORTS, LAST_STEP, MEMORY_TASK, asked, import_seconds, memory_growth, peak_memory, rooflines
from comparison import TASKS, Result, Task, compare, difference
from machine import machine
from peer_process import PeerError, PeerProcess
from render import render

from peers import add_arguments, line, start_peers, start_process

HERE = Path(__file__).resolve().parent


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def check_peers(own: PeerProcess, peers: list[PeerProcess], tasks: list[Task]) -> dict[str, float]:
    """The largest difference of each peer's probabilities from juanji's; peers that cannot tell are missing."""
    networks = dict.fromkeys(task.network for task in tasks)
    differences = {}
    for peer in peers:
        try:
            differences[peer.name] = max(difference(own, peer, network) for network in networks)
        except PeerError as death:
            say(f"without {peer.name}: {death}")
    return differences


def idle_share(processes: list[PeerProcess], seconds: float = 1.0) -> float:
    """Processors that workers use between two commands; should be 0."""
    before = sum(process.processor_seconds() for process in processes)
    time.sleep(seconds)
    return (sum(process.processor_seconds() for process in processes) - before) / seconds


def measure_tasks(own: PeerProcess, peers: list[PeerProcess], tasks: list[Task], rounds: int) -> list[dict[str, Any]]:
    """All tasks, each with all peers that can do it."""
    rows = []
    for task in tasks:
        say(task.title)
        results = compare(own, peers, task, rounds)
        if not results:  # there is no peer, so juanji alone
            rate = own.rate({**asdict(task), "mode": own.description[task.do][0]})
            results = [Result(task.title, "", own_rates=[rate])]
        for result in results:
            if result.peer:
                print(line(result), flush=True)
        rows.append({**asdict(task), "title": task.title, "results": [asdict(result) for result in results]})
    return rows


def measure_together(arguments: argparse.Namespace, tasks: list[Task]) -> dict[str, Any]:
    """The part of the report in which processes take turns."""
    own = start_process("juanji", arguments)
    if own.error:
        sys.exit("juanji does not start.")
    processes = [own]
    try:
        peak = asked(own, {"do": "machine"})
        say(f"peak {peak['flops'] * 1e-9:.0f} GFLOP/s, {peak['bytes'] * 1e-9:.0f} GB/s")
        peers = start_peers(arguments)
        processes += peers
        report: dict[str, Any] = {"peak": peak, "versions": {p.name: p.description["version"] for p in processes}}
        say("comparing what the networks compute")
        report["differences"] = check_peers(own, peers, tasks)
        peers = [peer for peer in peers if peer.name in report["differences"]]
        report["tasks"] = measure_tasks(own, peers, tasks, arguments.rounds)
        report["idle_share"] = idle_share(processes)
        say("roofline")
        report["roofline"] = rooflines(own, 64, max(5, round(20 * arguments.seconds)))
        report["peak_after"] = asked(own, {"do": "machine"})
    finally:
        for process in processes:
            process.close()
    warn(report)
    return report


def warn(report: dict[str, Any]) -> None:
    """Says what makes a run doubtful."""
    drift = report["peak_after"]["flops"] / report["peak"]["flops"] - 1
    if abs(drift) > 0.05:
        say(f"the peak changed by {drift:+.0%} during the run: the machine did something else too; repeat it")
    if report["idle_share"] > 0.05:
        say(f"waiting workers used {report['idle_share']:.2f} processors, which slows down the one that works")


def measure_forced(arguments: argparse.Namespace, supported: list[str]) -> dict[str, Any] | None:
    """Training with AVX2 alone, where the processor has more; otherwise that is measured already."""
    if "avx512" not in supported or "keras" not in arguments.peers:
        return None
    say("AVX2 forced")
    processes = [start_process(name, arguments, "avx2") for name in ("juanji", "keras")]
    try:
        if any(process.error for process in processes):
            return None
        return measure_tasks(processes[0], processes[1:], [MEMORY_TASK], arguments.rounds)[0]
    finally:
        for process in processes:
            process.close()


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    facts = {**machine(), "python": platform.python_version(), "numpy": np.__version__, "threads": arguments.threads}
    say(", ".join(f"{key} {value}" for key, value in facts.items()))
    tasks = [TASKS[int(i)] for i in arguments.tasks.split(",") if i]
    started = time.monotonic()
    report = {**facts, "rounds": arguments.rounds, "seconds": arguments.seconds, **measure_together(arguments, tasks)}
    report["forced"] = measure_forced(arguments, report["peak"]["supported"])
    say("memory")
    report["memory"] = {name: peak_memory(name, arguments) for name in ("juanji", *arguments.peers.split(",")) if name}
    report["growth"] = {"last": arguments.last_step, "bytes": memory_growth(arguments, arguments.last_step)}
    interpreter = dict(item.split("=", 1) for item in arguments.python).get("juanji", sys.executable)
    say("imports")
    repeats = max(1, min(9, round(7 * arguments.seconds)))
    report["imports"] = {name: import_seconds(statement, repeats, interpreter) for name, statement in IMPORTS.items()}
    report["minutes"] = (time.monotonic() - started) / 60
    return report


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures what benchmarks/README.md shows, and writes it there.")
    add_arguments(parser, seconds=1.0)
    parser.add_argument("--output", type=Path, default=HERE, metavar="DIR", help="where results go (default: here)")
    parser.add_argument("--render", action="store_true", help="make tables and pictures of the results that are there")
    parser.add_argument("--last-step", type=int, default=LAST_STEP, help=f"of the memory test (default {LAST_STEP})")
    parser.add_argument("--note", default="", help="printed above the tables, for example what else the machine did")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    results = arguments.output / "results.json"
    if not arguments.render:
        try:
            report = {"note": arguments.note, **measure(arguments)}
        except (PeerError, ValueError) as problem:
            sys.exit(f"report: {problem}")
        results.write_text(json.dumps(report, indent=1) + "\n")
    render(json.loads(results.read_text()), arguments.output)


if __name__ == "__main__":
    main()
