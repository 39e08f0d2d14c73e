"""Nested structures under keras.tree names."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from juanji import tree

Point = namedtuple("Point", "x y")
NESTED = {"b": [1, (2, None)], "a": Point(3, deque([4], maxlen=2)), "c": OrderedDict([("z", 5), ("y", 6)])}


def test_leaves_come_in_the_order_of_sorted_keys_but_ordered_dictionaries_in_their_own():
    assert tree.flatten(NESTED) == [3, 4, 1, 2, None, 5, 6]
    paths = [path for path, _ in tree.flatten_with_path(NESTED)]
    assert paths == [("a", 0), ("a", 1, 0), ("b", 0), ("b", 1, 0), ("b", 1, 1), ("c", "z"), ("c", "y")]
    assert tree.flatten(7) == [7]
    assert tree.flatten([]) == []
    assert tree.flatten({1: "a", "x": "b"}) == ["a", "b"]


def test_mapping_keeps_every_kind_of_nesting():
    mapped = tree.map_structure(lambda x: 0 if x is None else x * 10, NESTED)
    assert list(mapped) == ["b", "a", "c"]
    assert mapped["b"] == [10, (20, 0)]
    assert type(mapped["a"]) is Point
    assert mapped["a"] == Point(30, deque([40]))
    assert mapped["a"].y.maxlen == 2
    assert type(mapped["c"]) is OrderedDict
    assert list(mapped["c"].items()) == [("z", 50), ("y", 60)]
    found = tree.map_structure(lambda x: x + 1, defaultdict(list, a=1))
    assert found == {"a": 2}
    assert found.default_factory is list
    assert tree.map_structure(lambda x: 1, [None, 2], none_is_leaf=False) == [None, 1]
    assert tree.pack_sequence_as(NESTED, tree.flatten(NESTED)) == NESTED


def test_traversal_goes_down_or_up():
    seen = []
    tree.traverse(lambda x: seen.append(x), [1, (2,)])
    assert seen == [[1, (2,)], 1, (2,), 2]
    seen.clear()
    tree.traverse(lambda x: seen.append(x), [1, (2,)], top_down=False)
    assert seen == [1, 2, (2,), [1, (2,)]]
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 2 else None, [1, 2]) == [1, None]
    assert tree.traverse(lambda x: "all" if isinstance(x, list) else None, [1, 2]) == "all"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tree.map_structure(max, [1], (1,)), ValueError, "expected a list of 1, got a tuple of 1"),
        (lambda: tree.map_structure(max, {"a": 1}, {"b": 1}), ValueError, "a dictionary of 'a', got a dictionary of"),
        (lambda: tree.map_structure(max, [1], [[1]]), ValueError, "expected a leaf, got a list of 1"),
        (lambda: tree.map_structure(3, [1]), TypeError, "func is not callable"),
        (lambda: tree.map_structure(max), ValueError, "no structure"),
        (lambda: tree.map_structure_up_to([0, [0]], str, [1, 2]), ValueError, "the structures differ"),
        (lambda: tree.map_structure_up_to([0], max), ValueError, "no structure"),
        (lambda: tree.pack_sequence_as([1, 2], [1]), ValueError, "expected 2, got 1"),
        (lambda: tree.pack_sequence_as([1, 2], 3), TypeError, "not a list"),
        (lambda: tree.assert_same_structure([1, [2]], [1, 2]), ValueError, "expected a list of 1, got a leaf"),
        (lambda: tree.assert_same_paths({"a": 1}, [1]), ValueError, "the places of leaves differ"),
    ],
)
def test_mistakes(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_lists_and_tuples_have_the_same_paths_but_not_the_same_structure():
    tree.assert_same_paths([1, (2,)], (1, [2]))
    with pytest.raises(ValueError, match="differ"):
        tree.assert_same_structure([1], (1,))
