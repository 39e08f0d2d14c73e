"""Trains and runs networks in juanji and in other frameworks, in turns, and prints ratios.

    python benchmarks/peers.py --rounds 5
    python benchmarks/peers.py --tasks 0,1 --python torch=/path/to/bin/python --python keras=/other/bin/python

Every framework has a process of its own, started once and idle (waiting for input) while another one works. A peer
that has several modes is represented by its fastest one per task. Frameworks that are not installed are left out;
--python tells of an interpreter that has one. `report.py` runs this and all the rest, and writes it down.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path

from comparison import TASKS, Result, compare
from machine import machine
from peer_process import PeerProcess

PEERS = ("torch", "keras", "onnxruntime", "openvino")
# The same instruction set for everybody who can be told.
ISA_SETTINGS = {
    "baseline": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
}
HEADER = f"{'task':<44}{'peer':<13}{'fastest mode':<18}{'peer/s':>10}{'juanji/s':>10}{'ratio':>9}  (lowest to highest)"


def line(result: Result) -> str:
    head = f"{result.task:<44}{result.peer:<13}{result.mode:<18}"
    if result.error:
        return head + result.error
    text = head + f"{statistics.median(result.peer_rates):>10.0f}"
    if result.ratios:
        low, middle, high = min(result.ratios), statistics.median(result.ratios), max(result.ratios)
        text += f"{statistics.median(result.own_rates):>10.0f}{middle:>9.2f}  ({low:.2f} to {high:.2f})"
    return text


def add_arguments(parser: argparse.ArgumentParser, seconds: float) -> None:
    """The options that peers.py and report.py share."""
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated; default: all")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH", help="interpreter of a peer")
    parser.add_argument("--rounds", type=int, default=5, help="rounds per task (default 5)")
    parser.add_argument(
        "--seconds", type=float, default=seconds, help=f"least duration of one measurement (default {seconds:g})"
    )
    parser.add_argument("--threads", type=int, default=2, help="threads of every framework (default 2)")
    numbers = "; ".join(f"{i} {task.title}" for i, task in enumerate(TASKS))
    parser.add_argument("--tasks", default=",".join(map(str, range(len(TASKS)))), help=f"{numbers} (default all)")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds until a worker counts as dead")


def start_process(
    name: str, arguments: argparse.Namespace, forced_isa: str | None = None, seconds: float | None = None
) -> PeerProcess:
    """The worker of a framework; look at its ``error`` first."""
    interpreters = dict(item.split("=", 1) for item in arguments.python)
    settings = {"JUANJI_ISA": forced_isa, **ISA_SETTINGS[forced_isa]} if forced_isa else {}
    process = PeerProcess(
        name,
        interpreters.get(name, sys.executable),
        arguments.threads,
        arguments.seconds if seconds is None else seconds,
        arguments.timeout,
        settings,
    )
    if process.error:
        print(f"without {name}: {process.error}", file=sys.stderr)
        process.close()
    return process


def start_peers(arguments: argparse.Namespace, forced_isa: str | None = None) -> list[PeerProcess]:
    """The peers that answer."""
    started = [start_process(name, arguments, forced_isa) for name in arguments.peers.split(",") if name]
    return [process for process in started if not process.error]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares juanji with other frameworks.")
    add_arguments(parser, seconds=2.0)
    parser.add_argument("--forced-isa", choices=sorted(ISA_SETTINGS), help="instruction set, where it can be forced")
    parser.add_argument("--peers-only", action="store_true", help="leave juanji out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    own = None if arguments.peers_only else start_process("juanji", arguments, arguments.forced_isa)
    if own and own.error:
        sys.exit("juanji does not start; use --peers-only to measure the others alone.")
    peers = start_peers(arguments, arguments.forced_isa)
    processes = [own, *peers] if own else peers
    results: list[Result] = []
    try:
        facts = machine()
        versions = [p.description["version"] for p in processes]
        print(", ".join(f"{key} {value}" for key, value in facts.items()) + f", {arguments.threads} threads each")
        print("; ".join(versions))
        print(HEADER)
        for task in (TASKS[int(i)] for i in arguments.tasks.split(",")):
            for result in compare(own, peers, task, arguments.rounds):
                print(line(result), flush=True)
                results.append(result)
        if arguments.json:
            report = {**facts, "versions": versions, "results": [asdict(r) for r in results]}
            arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    finally:
        for process in processes:
            process.close()


if __name__ == "__main__":
    main()
