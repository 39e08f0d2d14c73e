"""The benchmark harness, with juanji alone and as little work as it can do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import juanji

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
pytestmark = pytest.mark.skipif(not BENCHMARKS.exists(), reason="the benchmarks are not beside the tests")


@pytest.fixture
def harness(monkeypatch):
    """Lets tests import the modules of the harness."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A folder with the results of the shortest possible run without peers."""
    folder = tmp_path_factory.mktemp("report")
    text = "By hand.\n<!-- results: made by report.py -->\nold\n<!-- end of results -->\nThe end.\n"
    (folder / "README.md").write_text(text)
    short = ["--rounds", "1", "--seconds", "0.01", "--tasks", "3", "--last-step", "12", "--note", "A trial."]
    done = run("report.py", "--peers", "", "--threads", "1", "--output", str(folder), *short)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_a_report_without_peers_measures_juanji(report):
    results = json.loads((report / "results.json").read_text())
    (task,) = results["tasks"]
    assert (task["do"], task["network"], task["batch"]) == ("predict", "article", 1)
    assert task["results"][0]["own_rates"][0] > 0
    assert results["threads"] == 1
    assert results["versions"].keys() == {"juanji"}
    assert results["memory"]["juanji"] > 2**20
    assert results["growth"]["last"] == 12


@pytest.mark.slow
def test_a_report_replaces_what_is_between_the_markers(report):
    text = (report / "README.md").read_text()
    assert text.startswith("By hand.\n<!-- results: made by report.py -->\n")
    assert text.endswith("<!-- end of results -->\nThe end.\n")
    assert "old" not in text
    assert "A trial." in text
    assert "predict, article's network, batch 1" in text


@pytest.mark.slow
def test_the_roofline_has_every_layer_with_its_operations(report):
    results = json.loads((report / "results.json").read_text())
    predict, fit = results["roofline"]["predict"], results["roofline"]["fit"]
    arithmetic = [op for op in predict["operations"] if op["flop"]]
    assert len(arithmetic) == 5
    assert sum(op["flop"] for op in arithmetic) == 64 * 22_751_232
    assert sum(op["flop"] for op in fit["operations"]) == 64 * 66_484_224


@pytest.mark.slow
def test_a_readme_without_markers_is_refused(report, tmp_path):
    (tmp_path / "results.json").write_text((report / "results.json").read_text())
    (tmp_path / "README.md").write_text("No markers.\n")
    done = run("report.py", "--render", "--output", str(tmp_path))
    assert done.returncode != 0
    assert "has no markers" in done.stderr
    assert (tmp_path / "README.md").read_text() == "No markers.\n"


def test_a_peer_that_is_not_installed_is_left_out():
    done = run("peers.py", "--rounds", "1", "--seconds", "0.01", "--tasks", "3", "--peers", "nobody")
    assert done.returncode == 0, done.stderr
    assert "without nobody: ModuleNotFoundError" in done.stderr


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("name", "flops", "training_flops", "parameters"),
    [
        ("article", 22_751_232, 66_484_224, 1_147_466),
        ("resnet20", 81_626_368, 243_994_368, 274_042),
        ("mobilenet", 37_324_800, 110_204_928, 278_730),
        ("resnet18", 3_628_146_688, 10_648_412_160, 11_699_112),
    ],
)
def test_networks_have_the_known_sizes(name, flops, training_flops, parameters):
    from networks import keras_names, recipes

    model = recipes.build(name, keras_names.KerasBuilder(juanji))
    assert sum(w.size for w in model.get_weights()) == parameters
    assert recipes.flops(name, training=False) == flops
    assert recipes.flops(name, training=True) == training_flops
    assert model.output_shape == (None, recipes.RECIPES[name].classes)


@pytest.mark.usefixtures("harness")
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [(32, 3, 1, (1, 1)), (32, 3, 2, (0, 1)), (224, 7, 2, (2, 3)), (33, 3, 2, (1, 1)), (32, 1, 2, (0, 0))],
)
def test_padding_is_that_of_keras(size, kernel, stride, expected):
    from networks.builder import padding

    assert padding(size, kernel, stride) == expected


class Answers:
    """Stands for a worker: replies with numbers from a list."""

    def __init__(self, name, rates, modes=("only",), log=None):
        self.name = name
        self.description = {"fit": list(modes), "predict": list(modes)}
        self.log = [] if log is None else log
        self._rates = iter(rates)

    def ask(self, command):
        self.log.append((self.name, command["mode"]))
        rate = next(self._rates)
        return {"rate": rate} if isinstance(rate, float) else {"error": rate}

    def rate(self, command):
        from peer_process import PeerError

        reply = self.ask(command)
        if "error" in reply:
            raise PeerError(f"{self.name}: {reply['error']}")
        return reply["rate"]


@pytest.mark.usefixtures("harness")
class TestComparison:
    def test_ratios_compare_with_the_runs_before_and_after(self):
        from comparison import TASKS, compare

        log = []
        own = Answers("juanji", [1.0, 10.0, 20.0, 40.0], log=log)
        a, b = Answers("a", [5.0, 5.0, 10.0], log=log), Answers("b", [2.0, 3.0, 6.0], log=log)
        first, second = compare(own, [a, b], TASKS[0], rounds=2)
        np.testing.assert_allclose(first.ratios, [3.0, 3.0])
        np.testing.assert_allclose(second.ratios, [5.0, 5.0])
        assert first.own_rates == [10.0, 20.0, 40.0]
        assert "".join(name[0] for name, _ in log) == "abjjabjbaj"

    def test_a_peer_is_represented_by_its_fastest_mode(self):
        from comparison import TASKS, compare

        peer = Answers("a", [5.0, "broken", 9.0, 7.0], modes=("slow", "bad", "fast"))
        (result,) = compare(Answers("juanji", [1.0] * 3), [peer], TASKS[1], rounds=1)
        assert result.mode == "fast"
        assert result.modes == {"slow": 5.0, "bad": "broken", "fast": 9.0}
        assert peer.log[-1] == ("a", "fast")

    def test_a_peer_that_fails_does_not_end_the_others(self):
        from comparison import TASKS, compare

        peers = [Answers("a", [5.0, "gone"]), Answers("b", [2.0, 2.0, 2.0]), Answers("c", ["never"])]
        first, second, third = compare(Answers("juanji", [1.0] * 4), peers, TASKS[1], rounds=2)
        assert first.error == "a: gone"
        assert second.ratios == [0.5, 0.5]
        assert third.error == "only: never"

    def test_networks_that_differ_are_refused(self):
        from comparison import difference
        from peer_process import PeerError

        class Speaks(Answers):
            def ask(self, command):
                return self.reply

        own, peer = Speaks("juanji", []), Speaks("a", [])
        own.reply, peer.reply = {"outputs": [[0.25, 0.75]]}, {"outputs": [[0.25, 0.75 - 5e-5]]}
        assert difference(own, peer, "article") == pytest.approx(5e-5)
        for wrong in (0.7498, float("nan")):
            peer.reply = {"outputs": [[0.25, wrong]]}
            with pytest.raises(ValueError, match="a does not compute juanji's article"):
                difference(own, peer, "article")
        peer.reply = {"error": "no such layer"}
        with pytest.raises(PeerError, match="a: no such layer"):
            difference(own, peer, "article")

    def test_peers_without_the_task_are_not_asked(self):
        from comparison import TASKS, compare

        assert compare(Answers("juanji", []), [Answers("a", [], modes=())], TASKS[0], rounds=1) == []
