"""Tables as numbers: categories become codes, numbers stay."""

from __future__ import annotations

from typing import Any

import numpy as np


class Columns:
    """What each column of a table holds, learned from the table that a tree is grown on.

    Parameters
    ----------
    X : pandas.DataFrame or ndarray
        In a DataFrame, columns of objects, text, categories and booleans are categorical; all
        else is numbers.

    Attributes
    ----------
    categories : list
        Per column: its categories (a pandas Index), or None for numbers.
    """

    def __init__(self, X: Any) -> None:
        import pandas as pd

        if not isinstance(X, pd.DataFrame):
            self.categories: list[Any] = [None] * X.shape[1]
            return
        self.categories = [
            None if _is_number(X.iloc[:, i]) else pd.Categorical(X.iloc[:, i]).categories
            for i in range(X.shape[1])
        ]

    @property
    def categorical(self) -> np.ndarray:
        """Which columns are categorical, shape (n_features,), bool."""
        return np.array([categories is not None for categories in self.categories])

    def numbers(self, X: Any) -> np.ndarray:
        """Return a table as numbers: codes for categories, -1 for one that was not learned.

        Raises
        ------
        ValueError
            A category is missing (NaN, None).
        """
        import pandas as pd

        X = pd.DataFrame(X)
        found = np.empty(X.shape, dtype=object)
        for i, categories in enumerate(self.categories):
            column = X.iloc[:, i]
            if categories is None:
                found[:, i] = column
                continue
            if column.isna().any():
                raise ValueError(
                    f"Input X contains NaN: column {X.columns[i]!r} has missing values."
                )
            found[:, i] = pd.Categorical(column, categories=categories).codes
        return found


def has_categories(X: Any) -> bool:
    """Tell whether X is a DataFrame with a column that is not numbers."""
    import pandas as pd

    return isinstance(X, pd.DataFrame) and bool(Columns(X).categorical.any())


def _is_number(column: Any) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(column) and not is_bool_dtype(column)
