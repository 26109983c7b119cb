"""Compares a learner's value with the expected one, and shows both in few characters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def same(got: Any, want: Any, *, tolerance: float = 1e-9) -> bool:
    """Tell whether a learner's value counts as the expected one.

    Numbers match within a relative (and absolute) ``tolerance``, whatever their numeric type,
    except that ``True`` is not ``1``. Containers match element by element and keep their kind: a
    list is not a tuple. NaN matches NaN. Arrays, series and data frames match by shape, labels and
    values.

    Parameters
    ----------
    got, want : object
        The learner's value and the expected one.
    tolerance : float
        Relative and absolute bound for numbers.
    """
    got, want = plain(got), plain(want)
    if isinstance(want, bool) or isinstance(got, bool):
        return isinstance(got, bool) and isinstance(want, bool) and got == want
    if isinstance(want, (int, float)) and isinstance(got, (int, float)):
        return _same_number(got, want, tolerance)
    if is_table(want):
        return _same_table(got, want, tolerance)
    if isinstance(want, Mapping):
        return (
            isinstance(got, Mapping)
            and got.keys() == want.keys()
            and all(same(got[key], want[key], tolerance=tolerance) for key in want)
        )
    if isinstance(want, (list, tuple)):
        return (
            isinstance(got, tuple if isinstance(want, tuple) else list)
            and len(got) == len(want)
            and all(same(a, b, tolerance=tolerance) for a, b in zip(got, want, strict=True))
        )
    return type(got) is type(want) and bool(got == want)


def brief(value: Any, limit: int = 240) -> str:
    """Return ``repr(value)`` cut to ``limit`` characters, in the middle, or its text if a table."""
    try:
        text = str(value) if is_table(value) else repr(plain(value))
    except Exception as error:  # a learner's __repr__ may be broken, and that is worth knowing
        text = f"<a {type(value).__name__} whose repr raises {type(error).__name__}>"
    if len(text) <= limit:
        return text
    return f"{text[: limit // 2]} … {text[-(limit // 2) :]}"


def exact(value: Any) -> str:
    """Return what `brief` does, with the kind of the value and all of its digits."""
    kind = getattr(value, "dtypes" if hasattr(value, "columns") else "dtype", "")
    kind = f"{type(value).__name__} {' '.join(map(str, kind)) if hasattr(kind, 'index') else kind}"
    if type(value).__module__.partition(".")[0] == "pandas":
        import pandas as pd

        with pd.option_context("display.precision", 17):
            return f"{brief(value)} ({kind.strip()})"
    import numpy as np

    with np.printoptions(precision=17):
        return f"{brief(value)} ({kind.strip()})"


def plain(value: Any) -> Any:
    """Turn a NumPy scalar into the Python number it stands for."""
    if (
        type(value).__module__ == "numpy"
        and hasattr(value, "item")
        and not hasattr(value, "__len__")
    ):
        return value.item()
    return value


def _same_number(got: float, want: float, tolerance: float) -> bool:
    if isinstance(got, float) and isinstance(want, float) and math.isnan(got) and math.isnan(want):
        return True
    return math.isclose(got, want, rel_tol=tolerance, abs_tol=tolerance)


def is_table(value: Any) -> bool:
    """Tell whether a value is an array of NumPy, or a table, column or index of pandas."""
    root = type(value).__module__.partition(".")[0]
    return (
        root in ("pandas", "numpy")
        and hasattr(value, "shape")
        and hasattr(value, "dtypes" if root == "pandas" else "dtype")
    )


def _same_table(got: Any, want: Any, tolerance: float) -> bool:
    if type(got) is not type(want) or got.shape != want.shape:
        return False
    if type(want).__module__.startswith("pandas"):
        import pandas.testing as testing

        compare = {
            "DataFrame": testing.assert_frame_equal,
            "Series": testing.assert_series_equal,
        }.get(type(want).__name__, testing.assert_index_equal)
        extra = {} if compare is testing.assert_index_equal else {"check_dtype": False}
        try:
            compare(got, want, rtol=tolerance, atol=tolerance, **extra)
        except AssertionError:
            return False
        return True
    import numpy as np

    if want.dtype.kind in "fc":
        return np.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)
    return bool(np.array_equal(got, want))
