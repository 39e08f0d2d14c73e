"""ops.ctc_loss and ops.ctc_decode give Keras' numbers. Skipped without Keras."""

from __future__ import annotations

import numpy as np
import pytest

from juanji import ops

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(3, 6, 5)).astype("float32")
LABELS, LENGTHS, STEPS = np.array([[1, 2, 2], [3, 1, 0], [4, 4, 0]]), np.array([3, 2, 2]), np.array([6, 4, 5])


@pytest.mark.parametrize("blank", [0, 4])
def test_loss(blank):
    labels = np.where(blank == LABELS, 3, LABELS)
    expected = keras.ops.ctc_loss(labels, LOGITS, LENGTHS, STEPS, mask_index=blank)
    got = ops.ctc_loss(labels, LOGITS, LENGTHS, STEPS, mask_index=blank)
    np.testing.assert_allclose(got, np.asarray(expected), rtol=1e-5)


@pytest.mark.parametrize("arguments", [{}, {"merge_repeated": False}, {"strategy": "beam_search", "top_paths": 3}])
@pytest.mark.parametrize("blank", [0, 4])
def test_decode(arguments, blank):
    labels, scores = ops.ctc_decode(LOGITS, STEPS, mask_index=blank, **arguments)
    expected, their_scores = keras.ops.ctc_decode(LOGITS, STEPS, mask_index=blank, **arguments)
    np.testing.assert_array_equal(labels, np.asarray(expected))
    np.testing.assert_allclose(scores, np.asarray(their_scores), rtol=1e-5)
