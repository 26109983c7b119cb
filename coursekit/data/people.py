"""People who do not exist, with faults whose place is known.

Every value first exists in the *truth*; the *recorded* table is the truth after a fixed share of
its cells went wrong. A lesson on cleaning can therefore be marked: the truth table says what each
cell should be, and which fault it has.

Faults (share of the cells)
    ``missing``  age 3 %, height 2 %, income 5 %, education 2 %: empty
    ``unit``     height 4 %: inches instead of centimetres; income 3 %: thousands
    ``outlier``  age 0.6 %: one digit typed twice (34 → 344); income 0.5 %: two zeros too many
    ``spelling`` education 3 %: other capitals or an abbreviation
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from coursekit.data.chance import bell, generator

ROWS = 5_000  # at scale 1
BLOCK = 1_000  # rows made together

EDUCATION = np.array(["school", "bachelor", "master", "doctor"])
MISSPELT = {
    "school": ("School", "SCHOOL"),
    "bachelor": ("Bachelor", "BSc"),
    "master": ("Master", "MSc"),
    "doctor": ("Doctor", "PhD"),
}
CITIES = np.array(["Lisbon", "Nairobi", "Osaka", "Quito", "Toronto"])

# Yearly income (USD) in the middle of each education, and what it is multiplied by: once by age,
# once by luck. Both tables are read with straight lines between their points, in thousandths.
MIDDLE_INCOME = np.array([27_000, 41_000, 52_000, 66_000])
AGE_YEARS = np.array([18, 25, 40, 55, 65, 90])
AGE_FACTOR = np.array([550, 800, 1080, 1150, 800, 600])
LUCK_RANK = np.array([0, 50, 250, 500, 750, 900, 970, 995, 1000])
LUCK_FACTOR = np.array([250, 480, 780, 1000, 1290, 1640, 2100, 3000, 4500])


def truth(rows: int) -> Iterator[pa.Table]:
    """Yield the true table in blocks, `rows` rows together.

    Its columns are those of the recorded table, then ``fault_age``, ``fault_height``,
    ``fault_income`` and ``fault_education``: the fault of that cell, or ``none``.
    """
    for people, faults in _blocks(rows):
        named = {f"fault_{column}": fault for column, fault in faults.items()}
        yield pa.table(people | named)


def recorded(rows: int) -> Iterator[pa.Table]:
    """Yield the table as somebody typed it in, faults included, `rows` rows together."""
    for people, faults in _blocks(rows):
        yield pa.table(people | {name: _spoil(name, people[name], faults[name]) for name in faults})


def _blocks(rows: int) -> Iterator[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    for block in range(-(-rows // BLOCK)):
        rng = generator("people", block)
        people = _people(rng, first=block * BLOCK + 1)
        faults = _faults(rng)
        keep = min(BLOCK, rows - block * BLOCK)
        yield _first(people, keep), _first(faults, keep)


def _first(columns: dict[str, np.ndarray], keep: int) -> dict[str, np.ndarray]:
    return {name: values[:keep] for name, values in columns.items()}


def _people(rng: np.random.Generator, first: int) -> dict[str, np.ndarray]:
    age = 18 + np.abs(rng.integers(0, 47, BLOCK) + bell(rng, BLOCK, 6))
    sex = rng.integers(0, 2, BLOCK)
    millimetres = np.where(sex == 0, 1650, 1780) + bell(rng, BLOCK, 58)
    school = np.searchsorted([45, 80, 95], rng.integers(0, 100, BLOCK), side="right")
    return {
        "person_id": np.arange(first, first + BLOCK),
        "age": age,
        "sex": np.array(["F", "M"])[sex],
        "height": millimetres / 10,
        "education": EDUCATION[school],
        "city": CITIES[rng.integers(0, len(CITIES), BLOCK)],
        "income": _income(rng, age, school),
        "member": np.array(["no", "yes"])[(rng.integers(0, 100, BLOCK) < 25 + 8 * school) * 1],
    }


def _income(rng: np.random.Generator, age: np.ndarray, school: np.ndarray) -> np.ndarray:
    by_age = _lines(age, AGE_YEARS, AGE_FACTOR)
    by_luck = _lines(rng.integers(0, 1001, BLOCK), LUCK_RANK, LUCK_FACTOR)
    dollars = MIDDLE_INCOME[school] * by_age * by_luck // 1_000_000
    return dollars // 100 * 100


def _lines(x: np.ndarray, at: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Interpolate in whole numbers; beyond the last point its value holds."""
    x = np.clip(x, at[0], at[-1])
    left = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(at) - 2)
    rise, run = value[left + 1] - value[left], at[left + 1] - at[left]
    return value[left] + rise * (x - at[left]) // run


# (column, fault) -> per mille of its cells; one cell has one fault at most
SHARES = {
    "age": {"missing": 30, "outlier": 6},
    "height": {"missing": 20, "unit": 40},
    "income": {"missing": 50, "unit": 30, "outlier": 5},
    "education": {"missing": 20, "spelling": 30},
}


def _faults(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw a fault per cell: in every block of 1,000 rows exactly the shares above."""
    faults = {}
    for column, shares in SHARES.items():
        fault = np.full(BLOCK, "none", dtype="U8")
        order = rng.permutation(BLOCK)
        for name, per_mille in shares.items():
            count = per_mille * BLOCK // 1000
            fault[order[:count]] = name
            order = order[count:]
        faults[column] = fault
    return faults


def _spoil(column: str, true: np.ndarray, fault: np.ndarray) -> pa.Array:
    unit, outlier = fault == "unit", fault == "outlier"
    if column == "age":
        wrong = np.where(outlier, true * 10 + true % 10, true)
    elif column == "height":
        wrong = np.where(unit, np.rint(true * 100 / 254 * 10) / 10, true)
    elif column == "income":
        wrong = np.where(unit, true / 1000, np.where(outlier, true * 100, true))
    else:
        typed = [MISSPELT[name][row % 2] for row, name in enumerate(true)]
        wrong = np.where(fault == "spelling", typed, true)
    return pa.array(wrong, mask=fault == "missing")
