"""ops.ctc_loss and ops.ctc_decode against every path of classes through a few steps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from juanji import GradientTape, Tensor, ops
from reference import losses as naive

RNG = np.random.default_rng(3)
LOGITS = RNG.normal(size=(4, 5, 3))
LABELS = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 2], [1, 0, 1]])
LENGTHS, STEPS = np.array([2, 2, 2, 3]), np.array([5, 4, 3, 2])


def brute(logits, labels, blank):
    """The loss with any class as the blank: classes are renamed so that it is 0."""
    order = [blank, *(k for k in range(logits.shape[-1]) if k != blank)]
    return naive.ctc([order.index(k) for k in labels], logits[:, order].tolist())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("blank", [2, -1])
def test_lengths_and_blank(blank, dtype):
    labels = np.where(LABELS == 2, 1, LABELS)
    expected = [brute(LOGITS[n, : STEPS[n]], labels[n, : LENGTHS[n]].tolist(), 2) for n in range(4)]
    got = ops.ctc_loss(labels, LOGITS.astype(dtype), LENGTHS, STEPS, mask_index=blank)
    assert got.dtype == dtype
    assert np.isinf(got).tolist() == np.isinf(expected).tolist() == [False, False, False, True]
    np.testing.assert_allclose(got[:3], expected[:3], rtol=64 * np.finfo(dtype).eps)


def test_gradient():
    x = Tensor(LOGITS[:2])
    with GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(ops.ctc_loss(LABELS[:2], x, LENGTHS[:2], STEPS[:2], mask_index=2))
    gradient = tape.gradient(loss, x).numpy()
    assert not gradient[1, 4].any()  # a step that does not count
    for _ in range(3):
        direction, h = RNG.normal(size=x.shape), 1e-6
        ends = [
            sum(brute(z[n, : STEPS[n]], LABELS[n, : LENGTHS[n]].tolist(), 2) for n in range(2))
            for z in (LOGITS[:2] + h * direction, LOGITS[:2] - h * direction)
        ]
        assert (gradient * direction).sum() == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-7)


def test_greedy():
    best = [[1, 1, 0, 1, 2], [0, 0, 0, 0, 0], [2, 2, 2, 1, 1]]
    logits = np.where(np.arange(3) == np.array(best)[..., None], 2.0, RNG.uniform(size=(3, 5, 3)))
    labels, scores = ops.ctc_decode(logits, [5, 5, 2])
    assert labels.tolist() == [[[1, 1, 2, -1, -1], [-1] * 5, [2, -1, -1, -1, -1]]]
    assert scores.tolist() == [[-10.0], [-10.0], [-4.0]]
    labels, _ = ops.ctc_decode(logits, [5, 5, 2], merge_repeated=False)
    assert labels[0, 0].tolist() == [1, 1, 1, 2, -1]
    labels, _ = ops.ctc_decode(logits, [5, 5, 5], mask_index=None)
    assert labels[0].tolist() == [[1, 0, 1, -1, -1], [0, -1, -1, -1, -1], [1, -1, -1, -1, -1]]


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_beam_search_finds_the_best_labels(blank):
    logits = RNG.normal(size=(2, 4, 3))
    labels, scores = ops.ctc_decode(logits, [4, 3], "beam_search", top_paths=3, mask_index=blank)
    for n, steps in enumerate((4, 3)):
        candidates = [
            said
            for length in range(steps + 1)
            for said in itertools.product([k for k in range(3) if k != blank], repeat=length)
        ]
        ranked = sorted((brute(logits[n, :steps], said, blank), said) for said in candidates)
        for path in range(3):
            assert [k for k in labels[path, n].tolist() if k >= 0] == list(ranked[path][1])
            assert scores[n, path] == pytest.approx(-ranked[path][0], rel=1e-12)


def test_a_narrow_beam():
    labels, scores = ops.ctc_decode(LOGITS.astype("float32"), STEPS, "beam_search", beam_width=2, top_paths=2)
    assert labels.shape == (2, 4, 5)
    assert scores.dtype == np.float32
    assert (scores[:, 0] >= scores[:, 1]).all()
    assert all(math.isfinite(s) and s < 0 for s in scores.ravel())


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: ops.ctc_loss([1], LOGITS, [1], [5]), r"ctc_loss: .*got target.shape=\(1,\)"),
        (lambda: ops.ctc_loss([[1]], LOGITS[0], [1], [5]), r"ctc_loss: .*\(N, steps, classes\), got \(5, 3\)"),
        (lambda: ops.ctc_loss([[1]], LOGITS[:1], [1], [5], mask_index=3), r"below 3, got mask_index=3"),
        (lambda: ops.ctc_decode(LOGITS, STEPS, "best"), r"'greedy' or 'beam_search', got strategy='best'"),
        (lambda: ops.ctc_decode(LOGITS, STEPS, "beam_search", 3, 4), r"1 to beam_width=3, got top_paths=4"),
    ],
)
def test_messages(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()
