"""juanji and its peers at one task, in turns."""

from __future__ import annotations

import statistics
import sys
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from networks.recipes import RECIPES
from peer_process import PeerError, PeerProcess

LARGEST_DIFFERENCE = 1e-4  # between the probabilities of two frameworks


@dataclass(frozen=True)
class Task:
    """What is measured: 'fit' or 'predict', a network, and images at once."""

    do: str
    network: str
    batch: int

    @property
    def title(self) -> str:
        return f"{self.do}, {RECIPES[self.network].title}, batch {self.batch}"


TASKS = (
    Task("fit", "article", 64),
    Task("predict", "article", 64),
    Task("predict", "article", 256),
    Task("predict", "article", 1),
    Task("fit", "resnet20", 128),
    Task("fit", "mobilenet", 64),
    Task("predict", "mobilenet", 64),
    Task("predict", "resnet18", 1),
    Task("predict", "resnet18", 16),
)


@dataclass
class Result:
    """One peer at one task."""

    task: str
    peer: str
    mode: str = ""  # the fastest
    modes: dict[str, float | str] = field(default_factory=dict)  # images a second, or why there are none
    peer_rates: list[float] = field(default_factory=list)  # images a second
    own_rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # juanji / peer
    error: str = ""


def modes_of(peer: PeerProcess, task: Task) -> list[str]:
    return list(peer.description[task.do])


def choose_mode(peer: PeerProcess, task: Task) -> Result:
    """A result to be filled, with the peer's fastest mode. A single mode is warmed up, which is all it needs."""
    result = Result(task.title, peer.name)
    for mode in modes_of(peer, task):
        reply = peer.ask({**asdict(task), "mode": mode})
        result.modes[mode] = reply.get("rate") or reply.get("error", "no answer")
    rates = {mode: rate for mode, rate in result.modes.items() if isinstance(rate, float)}
    if rates:
        result.mode = max(rates, key=lambda mode: rates[mode])
    else:
        result.error = "; ".join(f"{mode}: {error}" for mode, error in result.modes.items())
    if len(result.modes) > 1:
        shown = (f"{mode} {rate:.0f}/s" if mode in rates else f"{mode} {rate}" for mode, rate in result.modes.items())
        print(f"  {peer.name}: {', '.join(shown)}", file=sys.stderr)
    return result


def compare(own: PeerProcess | None, peers: list[PeerProcess], task: Task, rounds: int) -> list[Result]:
    """Alternating rounds: juanji, every peer, juanji, the peers the other way round, ..., juanji.

    A ratio compares a peer with the juanji runs before and after it, so that a machine whose speed drifts does not
    favour anybody.
    """
    able = [peer for peer in peers if modes_of(peer, task)]
    results = [choose_mode(peer, task) for peer in able]
    running = [(peer, result) for peer, result in zip(able, results) if result.mode]
    own_task = {**asdict(task), "mode": modes_of(own, task)[0]} if own else {}
    own_rates: list[float] = []
    if own and running:
        own.rate(own_task)
        own_rates.append(own.rate(own_task))
    for number in range(rounds if running else 0):
        for peer, result in running if number % 2 == 0 else reversed(running):
            _run(peer, result, {**asdict(task), "mode": result.mode})
        if own:
            own_rates.append(own.rate(own_task))
            for _, result in running:
                if not result.error:
                    result.ratios.append(statistics.fmean(own_rates[-2:]) / result.peer_rates[-1])
    for result in results:
        result.own_rates = own_rates
    return results


def _run(peer: PeerProcess, result: Result, command: dict[str, Any]) -> None:
    if not result.error:
        try:
            result.peer_rates.append(peer.rate(command))
        except PeerError as death:
            result.error = str(death)


def difference(own: PeerProcess, peer: PeerProcess, network: str) -> float:
    """The largest difference between the probabilities of two frameworks.

    Raises:
        PeerError: when one of them fails.
        ValueError: when they do not compute the same.
    """
    answers = []
    for process in (own, peer):
        reply = process.ask({"do": "outputs", "network": network})
        if "error" in reply:
            raise PeerError(f"{process.name}: {reply['error']}")
        answers.append(np.array(reply["outputs"]))
    largest = float(np.abs(answers[0] - answers[1]).max())
    if not largest < LARGEST_DIFFERENCE:
        raise ValueError(f"{peer.name} does not compute juanji's {network}: probabilities differ by {largest:.2g}")
    return largest
