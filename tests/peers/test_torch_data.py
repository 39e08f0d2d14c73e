"""DataLoaders of PyTorch train a model, with the bits of the arrays behind them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from juanji import Sequential, layers  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 4)).astype("float32")
Y = RNG.standard_normal((20, 1)).astype("float32")


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.filterwarnings("ignore")
def test_data_loaders(workers):
    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=False, num_workers=workers)
    results = []
    start = None
    for source in ((X, Y), (loader,)):
        model = Sequential([layers.Input((4,)), layers.Dense(1)])
        start = start or model.get_weights()
        model.set_weights(start)
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(*source, batch_size=8, epochs=2, shuffle=False, validation_data=loader, verbose=0).history
        results.append((history, [w.tobytes() for w in model.get_weights()]))
        assert model.predict(source[0], verbose=0).shape == (20, 1)
    assert results[0] == results[1]
