"""When a learner's value counts as the expected one."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.feedback.compare import brief, same

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain)
def test_every_value_is_the_same_as_itself(value):
    assert same(value, value)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (5, 5.0),
        (0.1 + 0.2, 0.3),
        (np.float64(2), 2),
        (np.int64(3), 3),
        (math.nan, math.nan),
        ([1, (2.0, "a")], [1, (2, "a")]),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
        (np.array([1.0, math.nan]), np.array([1.0, math.nan])),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [1.0]})),
        (np.array(["a"]), np.array(["a"])),
    ],
)
def test_counts_as_the_same(got, want):
    assert same(got, want)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (True, 1),
        (1, True),
        (0, False),
        ("5", 5),
        ([1, 2], (1, 2)),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
        ({"a": 1}, {"a": 1, "b": 2}),
        (None, 0),
        (1.0001, 1),
        (pd.Series([1, 2]), pd.Series([2, 1])),
        (pd.Series([1, 2]), [1, 2]),
        (np.array([1, 2]), np.array([[1, 2]])),
        (b"a", "a"),
    ],
)
def test_does_not(got, want):
    assert not same(got, want)


def test_brief_cuts_in_the_middle_and_survives_a_broken_repr():
    class Broken:
        def __repr__(self):
            raise ValueError

    assert len(brief("x" * 10_000)) < 300
    assert "repr raises ValueError" in brief(Broken())
    assert brief(np.float64(1.5)) == "1.5"
