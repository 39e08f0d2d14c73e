"""Thread counts, forks and several Python threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import child
import juanji
from juanji import _core, ops

LARGE = 1 << 21  # elements: enough work to go to all threads
OPENMP = _core.openmp_enabled()
needs_openmp = pytest.mark.skipif(not OPENMP, reason="built without OpenMP")

THREADS = "from juanji import _core; print(_core.num_threads(), _core.num_threads_reason(), sep=': ')"


@pytest.fixture
def thread_count():
    before = _core.num_threads()
    yield
    _core.set_num_threads(before)


@needs_openmp
def test_set_num_threads(thread_count: None) -> None:
    for n in (1, 3, 1024):
        juanji.set_num_threads(n)
        assert _core.num_threads() == juanji.config.num_threads() == n
        assert _core.num_threads_reason() == f"set by set_num_threads({n})"


@pytest.mark.parametrize("n", [0, -1, 1025, -(2**31)])
def test_unusable_thread_counts(n: int) -> None:
    before = _core.num_threads()
    with pytest.raises(ValueError, match=rf"^set_num_threads: .*expected 1 to 1024, got n={n}\. Pass the number"):
        juanji.set_num_threads(n)
    assert _core.num_threads() == before


@pytest.mark.parametrize("n", [1.5, "2", None, 2**40])
def test_thread_counts_that_are_no_numbers(n: object) -> None:
    with pytest.raises(TypeError):
        juanji.set_num_threads(n)  # type: ignore[arg-type]


@needs_openmp
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"JUANJI_NUM_THREADS": "3"}, "3: JUANJI_NUM_THREADS"),
        ({"JUANJI_NUM_THREADS": "3", "OMP_NUM_THREADS": "1"}, "3: JUANJI_NUM_THREADS"),
    ],
)
def test_environment(settings: dict[str, str], expected: str) -> None:
    assert child.run(THREADS, **settings).stdout.strip() == expected


@needs_openmp
def test_omp_num_threads_lowers() -> None:
    assert child.run(THREADS, OMP_NUM_THREADS="1").stdout.startswith("1: ")


@needs_openmp
def test_affinity_mask_counts() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + THREADS
    assert child.run(code).stdout.startswith("1: ")


@pytest.mark.skipif(OPENMP, reason="built with OpenMP")
def test_without_openmp_everything_is_serial() -> None:
    printed = child.run("import juanji; juanji.set_num_threads(4); juanji.show_config()").stdout
    assert "OpenMP           no" in printed
    assert "threads          1 (built without OpenMP: serial)" in printed


FORK = f"""
    import os, warnings
    import numpy as np
    from juanji import _core, ops
    warnings.simplefilter("ignore")  # Python warns of forks in processes with threads, which is the point here
    x = np.linspace(-1, 1, {LARGE}, dtype="float32")
    y = ops.relu(x)
    pid = os.fork()
    if pid == 0:
        same = np.array_equal(ops.relu(x), y) and _core.num_threads() == 1
        os._exit(0 if same else 7)
    status = os.waitpid(pid, 0)[1]
    assert status == 0, status
    assert np.array_equal(ops.relu(x), y)  # the parent still has its threads
    print(_core.num_threads())
"""


@pytest.mark.parametrize("threads", ["1", "4"])
def test_a_forked_child_computes(threads: str) -> None:
    printed = child.run(FORK, timeout=60, JUANJI_NUM_THREADS=threads).stdout.strip()
    assert printed == (threads if OPENMP else "1")


def test_multiprocessing_with_fork() -> None:
    code = f"""
        import multiprocessing, warnings
        import numpy as np
        from juanji import ops
        warnings.simplefilter("ignore")
        x = np.linspace(-1, 1, {LARGE}, dtype="float32")
        expected = float(ops.relu(x).sum())
        def work(_):
            return float(ops.relu(x).sum())
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(work, range(4)) == [expected] * 4
    """
    child.run(code, timeout=60, JUANJI_NUM_THREADS="4")


FORK_BESIDE_A_THREAD = """
    import os, threading, time, warnings
    import numpy as np, juanji
    warnings.simplefilter("ignore")
    model = juanji.Sequential([juanji.layers.Input((64,)), juanji.layers.Dropout(0.5), juanji.layers.Dense(64)])
    model.compile("sgd", "mse")
    x = np.ones((512, 64), "float32")
    for _ in range(3):
        model.train_on_batch(x, x)
        model.predict_on_batch(x)
    stop = threading.Event()
    def work():
        while not stop.is_set():
            model.predict_on_batch(x)
            model.predict(x, verbose=0)
    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(60):
        pid = os.fork()
        if pid == 0:
            model.predict_on_batch(x)
            model.train_on_batch(x, x)
            juanji._core.pool_trim()
            model.predict_on_batch(x)
            os._exit(0)
        for _ in range(5000):
            if os.waitpid(pid, os.WNOHANG)[0]:
                break
            time.sleep(0.002)
        else:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            print("hangs")
            break
    stop.set()
    thread.join()
"""


def test_children_forked_while_a_thread_predicts_do_not_hang() -> None:
    assert child.run(FORK_BESIDE_A_THREAD, timeout=120).stdout.strip() == ""


def test_several_python_threads_at_once() -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(LARGE // 4).astype("float32") for _ in range(6)]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(10):
            if not np.array_equal(ops.relu(inputs[i]), np.maximum(inputs[i], 0)):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert wrong == []


@needs_openmp
@pytest.mark.parametrize("value", ["abc", "0", "-1", "2.5", "99999", "2 "])
def test_a_wrong_number_of_threads_is_refused_at_import(value: str) -> None:
    done = child.run("import juanji", check=False, JUANJI_NUM_THREADS=value)
    assert done.returncode == 1
    assert f"expected a whole number from 1 to 1024, got JUANJI_NUM_THREADS={value}." in done.stderr
