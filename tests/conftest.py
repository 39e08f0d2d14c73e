"""Fixtures of the whole suite."""

from __future__ import annotations

import pytest

from juanji import _core


@pytest.fixture
def threads():
    """A function that sets the number of threads; the old number comes back after the test."""
    before = _core.num_threads()
    yield _core.set_num_threads
    _core.set_num_threads(before)
