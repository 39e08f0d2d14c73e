"""Trains and runs the article's network in juanji and in other frameworks, in turns, and prints ratios.

    python benchmarks/peers.py --rounds 5
    python benchmarks/peers.py --python torch=/path/to/bin/python --python keras=/other/bin/python

Every framework has a process of its own, started once and idle (waiting for input) while another one works. Rounds
go juanji, peer, juanji, peer, ..., juanji; a ratio compares a peer with the juanji runs just before and after it, so
that a machine whose speed drifts does not favour anybody. A peer that has several modes is represented by its fastest
one per task. Frameworks that are not installed are left out; --python tells of an interpreter that has one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from peer_process import PeerProcess

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("torch", "keras", "onnxruntime", "openvino")
TASKS: tuple[dict[str, Any], ...] = (
    {"do": "fit"},
    {"do": "predict", "batch": 64},
    {"do": "predict", "batch": 256},
    {"do": "predict", "batch": 1},
)
# The same instruction set for everybody who can be told.
ISA_SETTINGS = {
    "baseline": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
}


HEADER = f"{'task':<20}{'peer':<13}{'fastest mode':<18}{'peer/s':>10}{'juanji/s':>10}{'ratio':>9}  (lowest to highest)"


HEADER = f"{'task':<20}{'peer':<13}{'fastest mode':<18}{'peer/s':>10}{'juanji/s':>10}{'ratio':>9}  (lowest to highest)"


@dataclass
class Result:
    """One peer at one task."""

    task: str
    peer: str
    mode: str
    peer_rates: list[float] = field(default_factory=list)  # images a second
    own_rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # juanji / peer
    error: str = ""


def task_name(task: dict[str, Any]) -> str:
    return "fit, batch 64" if task["do"] == "fit" else f"predict, batch {task['batch']}"


def modes_of(peer: PeerProcess, task: dict[str, Any]) -> list[str]:
    return list(peer.description[task["do"]])


def best_mode(peer: PeerProcess, task: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The peer's fastest mode, and what every mode reached (for the report)."""
    rates: dict[str, float] = {}
    seen: dict[str, str] = {}
    for mode in modes_of(peer, task):
        reply = peer.ask({**task, "mode": mode})
        seen[mode] = reply.get("error") or f"{reply['rate']:.0f}/s"
        if "rate" in reply:
            rates[mode] = reply["rate"]
    return (max(rates, key=lambda mode: rates[mode]) if rates else ""), seen


def compare(own: PeerProcess | None, peer: PeerProcess, task: dict[str, Any], rounds: int) -> Result:
    """Alternating rounds of one task."""
    mode, seen = best_mode(peer, task)
    result = Result(task_name(task), peer.name, mode)
    if len(seen) > 1:
        print(f"  {peer.name}: {', '.join(f'{m} {r}' for m, r in seen.items())}", file=sys.stderr)
    if not mode:
        result.error = "; ".join(f"{m}: {r}" for m, r in seen.items())
        return result
    own_task = {**task, "mode": modes_of(own, task)[0]} if own else {}
    if own:
        result.own_rates.append(own.rate(own_task))
    for _ in range(rounds):
        rate = peer.rate({**task, "mode": mode})
        result.peer_rates.append(rate)
        if own:
            result.own_rates.append(own.rate(own_task))
            around = statistics.fmean(result.own_rates[-2:])
            result.ratios.append(around / rate)
    return result


def line(result: Result) -> str:
    head = f"{result.task:<20}{result.peer:<13}{result.mode:<18}"
    if result.error:
        return head + result.error
    text = head + f"{statistics.median(result.peer_rates):>10.0f}"
    if result.ratios:
        low, middle, high = min(result.ratios), statistics.median(result.ratios), max(result.ratios)
        text += f"{statistics.median(result.own_rates):>10.0f}{middle:>9.2f}  ({low:.2f} to {high:.2f})"
    return text


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpu = platform.processor() or "unknown"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        fields = dict(
            (part.strip() for part in row.split(":", 1)) for row in cpuinfo.read_text().split("\n\n")[0].splitlines()
        )
        cpu = f"{fields.get('model name')} family {fields.get('cpu family')} model {fields.get('model')}"
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=9"]
    commit = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "cpu": cpu,
        "cores": len(os.sched_getaffinity(0)),
        "commit": commit or "unknown",
        "load": os.getloadavg()[0],
    }


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compares juanji with other frameworks on the article's network.")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated; default: all")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH", help="interpreter of a peer")
    parser.add_argument("--rounds", type=int, default=5, help="rounds per task and peer (default 5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="least duration of one measurement (default 2)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every framework (default 2)")
    parser.add_argument("--tasks", default="0,1,2,3", help="0 fit, 1-3 predict with batch 64, 256, 1 (default all)")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds until a worker counts as dead")
    parser.add_argument("--forced-isa", choices=sorted(ISA_SETTINGS), help="instruction set, where it can be forced")
    parser.add_argument("--peers-only", action="store_true", help="leave juanji out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    return parser.parse_args()


def start(arguments: argparse.Namespace) -> list[PeerProcess]:
    """The processes that answer; juanji first, unless it is left out."""
    settings: dict[str, str] = {}
    if arguments.forced_isa:
        settings = {"JUANJI_ISA": arguments.forced_isa, **ISA_SETTINGS[arguments.forced_isa]}
    interpreters = dict(item.split("=", 1) for item in arguments.python)
    names = ([] if arguments.peers_only else ["juanji"]) + arguments.peers.split(",")
    started = []
    for name in names:
        interpreter = interpreters.get(name, sys.executable)
        process = PeerProcess(name, interpreter, arguments.threads, arguments.seconds, arguments.timeout, settings)
        if process.error:
            print(f"without {name}: {process.error}", file=sys.stderr)
            process.close()
            if name == "juanji":
                sys.exit("juanji does not start; use --peers-only to measure the others alone.")
        else:
            started.append(process)
    return started


def main() -> None:
    arguments = parse_arguments()
    processes = start(arguments)
    results: list[Result] = []
    try:
        own = processes[0] if not arguments.peers_only else None
        peers = processes[1:] if own else processes
        facts = machine()
        print(", ".join(f"{key} {value}" for key, value in facts.items()) + f", {arguments.threads} threads each")
        print("; ".join(p.description["version"] for p in processes))
        print(HEADER)
        for task in (TASKS[int(i)] for i in arguments.tasks.split(",")):
            for peer in peers:
                if modes_of(peer, task):
                    results.append(compare(own, peer, task, arguments.rounds))
                    print(line(results[-1]), flush=True)
        if arguments.json:
            versions = [p.description["version"] for p in processes]
            report = {**facts, "versions": versions, "results": [asdict(r) for r in results]}
            arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    finally:
        for process in processes:
            process.close()


if __name__ == "__main__":
    main()
