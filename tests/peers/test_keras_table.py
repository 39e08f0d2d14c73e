"""Every public name of Keras for vision is here, with Keras' signature, or there is a reason why not."""

from __future__ import annotations

import inspect

import keras_table
import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("family", keras_table.FAMILIES)
def test_names_and_signatures(family):
    rows = keras_table.compare(family)
    assert [str(row) for row in rows if not row.accepted] == []
    assert len(rows) > 2


def test_reasons_are_needed():
    """A reason for what is there, or is equal, would hide a later loss."""
    rows = keras_table.table()
    used = {row.reason for row in rows}
    assert used >= {*keras_table.ABSENT_NAMES.values(), *keras_table.DIFFERENT_SIGNATURES.values()}
    names = {f"{row.family}.{row.name}": row.present for row in rows}
    assert [name for name in keras_table.ABSENT_NAMES if names[name]] == []


def test_differences_are_found():
    def keras_like(x, axis=-1, *, scale=(1, 1)): ...

    def differences(ours):
        theirs, found = (inspect.signature(f).parameters for f in (keras_like, ours))
        return list(keras_table.differences("ops.example", dict(found), dict(theirs)))

    assert differences(lambda x, axis=-1, scale=1: None) == []
    assert differences(lambda x, axis=-1, scale=(1, 1), further=None: None) == []
    assert differences(lambda x, scale=1: None) == ["no `axis`"]
    assert differences(lambda x, axis=0, scale=1: None) == ["`axis=0` for `-1`"]
    assert differences(lambda x, axis, scale=1: None) == ["`axis` is required"]
    assert differences(lambda axis=-1, x=0, scale=1: None) == ["order `axis, x, scale`"]
    assert differences(lambda x, other=0, axis=-1, scale=1: None) == ["order `x, other, axis, scale`"]
    assert "`more` is required" in differences(lambda x, more, axis=-1, scale=1: None)
