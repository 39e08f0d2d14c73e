"""juanji.constraints against norms counted one vector at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from juanji import constraints

W = np.random.default_rng(0).normal(size=(3, 2, 4, 5))


def lengthened(w, axes, length):
    """Every vector along the axes with its length changed by a function of it."""
    result = w.copy()
    others = [range(1) if a in axes else range(n) for a, n in enumerate(w.shape)]
    for index in np.ndindex(*[len(r) for r in others]):
        place = tuple(slice(None) if a in axes else index[a] for a in range(w.ndim))
        norm = math.sqrt(math.fsum((w[place] ** 2).ravel().tolist()))
        result[place] = w[place] * length(norm) / (norm + 1e-7)
    return result


CASES = [
    (constraints.NonNeg(), lambda w, axes: np.where(w > 0, w, 0), ()),
    (constraints.MaxNorm(1.5, axis=2), lambda w, axes: lengthened(w, axes, lambda n: min(n, 1.5)), (2,)),
    (constraints.MaxNorm(axis=[0, 1, 2]), lambda w, axes: lengthened(w, axes, lambda n: min(n, 2.0)), (0, 1, 2)),
    (constraints.UnitNorm(axis=(0, 1, 2)), lambda w, axes: lengthened(w, axes, lambda n: 1.0), (0, 1, 2)),
    (
        constraints.MinMaxNorm(1.0, 1.2, rate=0.7, axis=3),
        lambda w, axes: lengthened(w, axes, lambda n: 0.7 * min(max(n, 1.0), 1.2) + 0.3 * n),
        (3,),
    ),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("constraint", "formula", "axes"), CASES)
def test_values(constraint, formula, axes, dtype):
    w = W.astype(dtype)
    got = constraint(w)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, formula(w.astype(float), axes), rtol=4 * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("constraint", [case[0] for case in CASES])
def test_can_be_made_again(constraint):
    again = constraints.get(constraints.serialize(constraint))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()


def test_names():
    assert constraints.get(None) is None
    assert constraints.max_norm is constraints.MaxNorm
    for name in ("max_norm", "MinMaxNorm", "non_neg", "unit_norm"):
        assert isinstance(constraints.get(name), getattr(constraints, name))
    assert "Any" not in dir(constraints)
    with pytest.raises(ValueError, match=r"Did you mean 'max_norm'\\?"):
        constraints.get("mx_norm")
