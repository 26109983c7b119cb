"""Decision trees: the grown-up version of what chapter 10 works out by hand.

>>> from coursekit.trees import TreeClassifier, information_gain
>>> import pandas as pd
>>> table = pd.DataFrame({"rain": ["no", "no", "yes", "yes"], "wind": [2, 9, 3, 8]})
>>> umbrella = ["no", "no", "yes", "no"]
>>> round(information_gain(umbrella, table["rain"]), 4)
0.3113
>>> print(TreeClassifier().fit(table, umbrella).text())
rain
├─ no: no (2)
└─ yes: wind
   ├─ ≤ 5.5: yes (1)
   └─ > 5.5: no (1)
"""

from .estimator import TreeClassifier
from .impurity import (
    conditional_entropy,
    entropy,
    gain_ratio,
    gini,
    gini_gain,
    information_gain,
    weighted_gini,
)

__all__ = [
    "TreeClassifier",
    "conditional_entropy",
    "entropy",
    "gain_ratio",
    "gini",
    "gini_gain",
    "information_gain",
    "weighted_gini",
]
