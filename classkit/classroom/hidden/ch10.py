"""Hidden tests of chapter 10, k-means and decision trees, by the definitions."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

from classkit.classroom.hidden import expect, hidden, must, shuffled
from coursekit.feedback.checks.ch10 import _entropy, _loops, _near, _rest, _silhouette


def _points(chance: Random, number: int, dimensions: int, most: int = 9) -> list[tuple]:
    """Draw different points with whole coordinates, so that equal distances are exactly equal."""
    found: dict[tuple, None] = {}
    while len(found) < number:
        found[tuple(chance.randint(-most, most) for _ in range(dimensions))] = None
    return list(found)


def _squared(p: tuple, q: tuple) -> int:
    return sum((a - b) ** 2 for a, b in zip(p, q, strict=True))


@hidden("10-nearest")
def nearest(answer, chance):
    for dimensions in (1, 2, 2, 3):
        centroids = _points(chance, chance.randint(2, 4), dimensions)
        (point,) = _points(chance, 1, dimensions)
        # on both sides of the point, as far away as the nearest: a tie
        twin = tuple(2 * a - b for a, b in zip(point, chance.choice(centroids), strict=True))
        for tried in (centroids, [*centroids, twin], [twin, *centroids]):
            far = [_squared(point, centroid) for centroid in tried]
            expect(far.index(min(far)), answer, point, list(tried))


@hidden("10-update")
def update(answer, chance):
    import numpy as np

    for dimensions in (1, 2, 3):
        k = chance.randint(3, 5)
        points = _points(chance, chance.randint(6, 9), dimensions)
        labels = [chance.randrange(k) for _ in points]
        empty = chance.randrange(k)
        labels = [(label + 1) % k if label == empty else label for label in labels]
        old = _points(chance, k, dimensions)
        means = [
            np.mean([p for p, label in zip(points, labels, strict=True) if label == j], axis=0)
            if j in labels
            else old[j]
            for j in range(k)
        ]
        expect(means, answer, points, labels, old, compare_with=_near)


@hidden("10-distances")
def distances(answer, chance):
    import numpy as np

    for dimensions in (1, 2, 4):
        points = _points(chance, chance.randint(4, 8), dimensions)
        centroids = _points(chance, chance.randint(1, 4), dimensions)
        want = [[_squared(p, c) for c in centroids] for p in points]
        given = np.array(points, dtype=float), np.array(centroids, dtype=float)
        expect(want, answer, *given, compare_with=_near)
    must(not _loops(answer))


@hidden("10-chances")
def chances(answer, chance):
    import numpy as np

    for dimensions, starts in ((2, 1), (2, 3), (3, 2)):
        points = _points(chance, chance.randint(6, 12), dimensions)
        chosen = chance.sample(points, starts)
        weights = [min(_squared(p, c) for c in chosen) for p in points]
        want = [weight / sum(weights) for weight in weights]
        given = np.array(points, dtype=float), np.array(chosen, dtype=float)
        expect(want, answer, *given, compare_with=_near)


@hidden("10-standardise")
def standardise(answer, chance):
    import statistics

    import numpy as np

    rows = chance.randint(4, 9)
    columns = [[chance.uniform(-10, 10) * 10**size for _ in range(rows)] for size in range(3)]
    columns.insert(chance.randint(0, 3), [float(chance.randint(-9, 9))] * rows)
    want = []
    for column in columns:
        mean, spread = statistics.fmean(column), statistics.pstdev(column)
        want.append([(value - mean) / spread if spread else 0.0 for value in column])
    table = np.array(columns).T
    before = table.copy()
    expect(np.array(want).T, answer, table, compare_with=_near)
    must(np.array_equal(table, before))


@hidden("10-silhouette")
def silhouette(answer, chance):
    import numpy as np

    points = _points(chance, 10, 2)
    numbers = chance.sample(range(9), 3)
    labels = shuffled(chance, [*numbers, numbers[0], numbers[1], *chance.choices(numbers[:2], k=5)])
    for i in range(len(points)):
        alone = labels.count(labels[i]) == 1
        want = 0.0 if alone else _silhouette(i, points, labels)
        given = np.array(points, dtype=float), np.array(labels)
        expect(want, answer, i, *given, compare_with=_near)


@hidden("10-gain")
def gain(answer, chance):
    for classes, groups in (("ab", "xy"), ("abc", "xyz"), ("yn", "pqrs"), ("a", "xy")):
        labels = chance.choices(classes, k=chance.randint(6, 14))
        values = chance.choices(groups, k=len(labels))
        want = _entropy(labels) - _rest(labels, values)
        expect(want, answer, labels, values, compare_with=_near)
        expect(_entropy(labels), answer, labels, list(labels), compare_with=_near)


def _best_threshold(numbers: list, labels: list) -> tuple[Any, float]:
    """Return the best threshold, and by how much it gains more than the second best."""
    values = sorted(set(numbers))
    middles = [(low + high) / 2 for low, high in pairwise(values)]
    gains = [_entropy(labels) - _rest(labels, [n <= middle for n in numbers]) for middle in middles]
    first, second, *_ = [*sorted(gains, reverse=True), 0, 0]
    return (middles[gains.index(first)] if first > 1e-9 else None), first - second


@hidden("10-threshold")
def threshold(answer, chance):
    tried = 0
    while tried < 5:
        numbers = chance.choices(range(-20, 60), k=chance.randint(4, 9))
        labels = chance.choices("yn", k=len(numbers))
        want, lead = _best_threshold(numbers, labels)
        if lead > 1e-6:  # gains that are nearly equal would depend on the way they are added up
            expect(want, answer, numbers, labels)
            tried += 1
    low, middle, high = sorted(chance.sample(range(100), 3))
    order = shuffled(chance, [(low, "y"), (middle, "n"), (high, "y")])
    expect(
        (low + middle) / 2, answer, [n for n, _ in order], [label for _, label in order]
    )  # a tie
    expect(None, answer, [low, middle, high], [chance.choice("yn")] * 3)
    expect(None, answer, [low] * 4, list("ynyn"))
    expect(None, answer, [low, low, high, high], list("ynyn"))
