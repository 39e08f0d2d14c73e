"""Scripts for Keras run in Keras and here: the same weights and data give the same trainings."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

import juanji  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent.parent))
import scripts_vision as vision  # noqa: E402
from scripts_generative import autoencoder  # noqa: E402

pytestmark = [
    pytest.mark.usefixtures("double", "eager"),
    pytest.mark.filterwarnings("ignore:Even though"),  # tf.data makes graphs even then
]

RNG = np.random.default_rng(0)
SMALL = RNG.random((24, 8, 8, 1), dtype="float32")
COLOUR = RNG.random((24, 8, 8, 3), dtype="float32")
LABELS = RNG.integers(0, 3, 24)
VECTORS = RNG.standard_normal((24, 8)).astype("float32")
TARGETS = RNG.standard_normal((24, 2)).astype("float32")
PAIRS = RNG.integers(0, 2, 24).astype("float32")
MIXED = ({"picture": COLOUR * 255, "row": RNG.random((24, 5), dtype="float32")},
         {"price": RNG.random((24, 1), dtype="float32"), "kind": LABELS})  # fmt: skip
SCRIPTS = {
    "autoencoder": (autoencoder, SMALL, SMALL),
    "siamese": (vision.siamese, [SMALL, SMALL[::-1].copy()], PAIRS),
    "mixed inputs": (vision.mixed_inputs, *MIXED),
    "unet": (vision.unet, np.repeat(np.repeat(COLOUR, 2, 1), 2, 2), RNG.integers(0, 3, (24, 16, 16, 1))),
    "distiller": (vision.distiller, SMALL, LABELS),
    "contrastive": (vision.contrastive, COLOUR, LABELS),
    "transfer": (vision.transfer, COLOUR * 255, PAIRS),
    "own parts": (vision.own_parts, VECTORS, TARGETS),
    "generic steps": (vision.generic_steps, VECTORS, TARGETS),
    "perceiver": (vision.perceiver, COLOUR, LABELS),
    "super resolution": (vision.super_resolution, SMALL, RNG.random((24, 16, 16, 1), dtype="float32")),
}
TOLERANCE = 1e-5  # of numbers, and of the way that weights have moved, in two epochs of three steps


@pytest.mark.parametrize("name", SCRIPTS)
def test_trainings_agree(name):
    make, x, y = SCRIPTS[name]
    keras.utils.set_random_seed(0)
    theirs, ours = make(keras, tf.GradientTape), make(juanji, juanji.GradientTape)
    for model in (theirs, ours):
        model.evaluate(x, y, batch_size=8, verbose=0)
    start = theirs.get_weights()
    ours.set_weights(start)
    results = []
    for model in (theirs, ours):
        history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history
        found = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
        results.append((history, found))
    for expected, got in zip(*results):
        assert set(expected) == set(got)
        for key in expected:
            np.testing.assert_allclose(got[key], expected[key], rtol=TOLERANCE, atol=1e-6, err_msg=key)
    # Of all weights together: Adam moves single ones, whose gradient is a rounding error, as far as any other.
    moved = error = 0.0
    for before, expected, got in zip(start, theirs.get_weights(), ours.get_weights()):
        moved += float(np.square(expected - before).sum())
        error += float(np.square(got - expected).sum())
    assert error <= TOLERANCE**2 * moved
