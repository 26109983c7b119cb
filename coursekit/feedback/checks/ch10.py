"""Checks and quiz of chapter 10, k-means and decision trees: small inputs with traps in them."""

from __future__ import annotations

import dis
import math
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

from coursekit.feedback import compare
from coursekit.feedback.exercises import Misconception, exercise, require, trial
from coursekit.feedback.quizzes import Option, Question

_SEVEN = [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5), (4.5, 5), (3.5, 4.5)]


def _near(got: Any, want: Any) -> bool:
    """Tell whether a learner's numbers are the wanted ones, whatever holds them."""
    import numpy as np

    try:
        got, want = np.asarray(got, dtype=float), np.asarray(want, dtype=float)
    except (TypeError, ValueError):
        return False
    return got.shape == want.shape and np.allclose(got, want, rtol=1e-9, atol=1e-12)


def _is_one_number(got: Any) -> bool:
    import numpy as np

    return not isinstance(got, BaseException) and np.ndim(got) == 0


def _is(want: Any) -> Callable[[Any], bool]:
    return lambda got: _near(got, want)


@exercise(
    "10-nearest",
    title="The number of the nearest centroid",
    hints=(
        "What does a loop over `centroids` hand out: places or numbers? The next step needs to know"
        " *which* cluster a point belongs to.",
        "A built-in function hands out number and item together, for any list.",
        "The last centroid wins a tie here. Which comparison lets the first one keep its place?",
    ),
)
def nearest(answer):
    start = [(1, 1), (5, 7)]
    place = Misconception(
        lambda got: len(got) in (2, 3),
        "This is the centroid itself. The number of the cluster is asked for: 0 for the first.",
    )
    for point, centroids, want in [
        ((-2, 0), [(9, 9), (4, 0), (-4, -1), (6, 0)], 2),
        ((1.5, 2), start, 0),
        ((4.5, 5), start, 1),
    ]:
        trial(
            f"nearest({point}, {centroids})",
            lambda point=point, centroids=centroids: answer(point, list(centroids)),
            want=want,
            misconceptions=[
                place,
                Misconception(
                    want + 1, "Counted from 1. Positions in a list begin with 0, and so do labels."
                ),
                Misconception(
                    lambda got, point=point, centroids=centroids: (
                        got
                        == max(range(len(centroids)), key=lambda j: math.dist(point, centroids[j]))
                    ),
                    "This is the centroid that is farthest away.",
                ),
                Misconception(
                    lambda got: isinstance(got, float),
                    "This is a distance. Which of the centroids has it?",
                ),
            ],
        )
    for point, centroids, want in [
        ((3, 4), start, 0),
        ((0, 0), [(5, 5), (3, 4), (4, 3), (-4, 3)], 1),
    ]:
        trial(
            f"nearest({point}, {centroids}), a tie",
            lambda point=point, centroids=centroids: answer(point, list(centroids)),
            want=want,
            misconceptions=[
                Misconception(
                    lambda got, want=want: isinstance(got, int) and got > want,
                    "Two centroids are equally near. The lower number should win, or the answer"
                    " would depend on how the loop is written.",
                )
            ],
        )
    trial(
        "nearest((0, 0, 3), [(0, 0, 0), (0, 0, 4)]), with three coordinates",
        lambda: answer((0, 0, 3), [(0, 0, 0), (0, 0, 4)]),
        want=1,
        misconceptions=[
            Misconception(0, "Only two coordinates count in your distance. A point may have more.")
        ],
    )


@exercise(
    "10-update",
    title="The mean of a cluster",
    hints=(
        "How many points belong to cluster `j`? How many are there in all?",
        "What does `zip(*mine)` give when `mine` is an empty list?",
        "An empty cluster has no mean. Which place is left for it?",
    ),
)
def update(answer):
    labels = [0, 0, 0, 1, 1, 1, 1]
    want = [(5.5 / 3, 7 / 3), (4.125, 5.375)]
    trial(
        f"update(points, {labels}, [(1, 1), (5, 7)]) for the seven points",
        lambda: answer(list(_SEVEN), list(labels), [(1, 1), (5, 7)]),
        want=want,
        compare_with=_near,
        expected="about [(1.8333, 2.3333), (4.125, 5.375)]",
        misconceptions=[
            Misconception(
                _is([(5.5 / 7, 1), (16.5 / 7, 21.5 / 7)]),
                "Each sum is divided by all seven points. The mean of a cluster divides by the"
                " number of points in it.",
            ),
            Misconception(
                _is([(5.5, 7), (16.5, 21.5)]), "These are the sums. A mean divides them."
            ),
            Misconception(
                lambda got: isinstance(got, dict),
                "A dict has keys, and the next pass would go through those. Return a list, in the"
                " order of the centroids.",
            ),
            Misconception(
                lambda got: len(got) == 2 and not hasattr(got[0], "__len__"),
                "One number for each cluster? A centroid has as many coordinates as a point.",
            ),
        ],
    )
    alone = "Cluster 1 has no point, so it has no mean: it keeps its old centroid."
    trial(
        "update([(0, 2), (2, 6)], [0, 0], [(9, 9), (5, 4)]), where cluster 1 is empty",
        lambda: answer([(0, 2), (2, 6)], [0, 0], [(9, 9), (5, 4)]),
        want=[(1, 4), (5, 4)],
        compare_with=_near,
        misconceptions=[
            Misconception(ZeroDivisionError, alone),
            Misconception(
                lambda got: len(got) == 1,
                "One centroid is gone: k would shrink from pass to pass. An empty cluster keeps its"
                " old centroid.",
            ),
            Misconception(
                lambda got: len(got) == 2 and len(got[1]) == 0,
                "Cluster 1 has no point, and `zip` of nothing gives no coordinates at all. It keeps"
                " its old centroid.",
            ),
            Misconception(lambda got: _near(got[1], (0, 0)), f"(0, 0) is a real place. {alone}"),
            Misconception(lambda got: _near(got[1], (9, 9)), alone),
        ],
    )
    trial(
        "update([(1, 2, 3), (3, 2, 1), (0, 0, 7)], [1, 1, 0], [(0, 0, 0), (0, 0, 0)])",
        lambda: answer([(1, 2, 3), (3, 2, 1), (0, 0, 7)], [1, 1, 0], [(0, 0, 0), (0, 0, 0)]),
        want=[(0, 0, 7), (2, 2, 2)],
        compare_with=_near,
    )


def _loops(function: Callable) -> bool:
    """Tell whether a function's own code loops (for, comprehension), by its byte code."""

    def parts(code: CodeType) -> Iterator[CodeType]:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from parts(constant)

    own = getattr(function, "__code__", None)
    if own is None:
        return False
    loops = ("FOR_ITER", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT")
    return any(step.opname in loops for code in parts(own) for step in dis.get_instructions(code))


@exercise(
    "10-distances",
    title="All distances at once",
    hints=(
        "With the shapes (7, 2) and (2, 2) NumPy cannot know what belongs to what. Which shape of"
        " the points would make every point meet every centroid?",
        "`None` as an index gives one more axis, of length 1. NumPy matches arrays from the"
        " last axis on. So where should the new axis of the points stand?",
        "Of the result's three axes, which one is the coordinates? That one has to be summed away.",
    ),
)
def distances(answer):
    import numpy as np

    points = np.array([(1, 1, 0), (1.5, 2, 1), (3, 4, -2), (5, 7, 0), (-3, 0, 2)])
    centroids = np.array([(1, 1, 1.0), (5, 7, -1)])
    want = np.array([[math.dist(p, c) ** 2 for c in centroids] for p in points])
    trial(
        "squared_distances(points, centroids) with the shapes (5, 3) and (2, 3)",
        lambda: answer(points.copy(), centroids.copy()),
        want=want,
        compare_with=_near,
        expected="an array of shape (5, 2)",
        misconceptions=[
            Misconception(
                _is(want.T), "The rows should be points and the columns centroids: shape (n, k)."
            ),
            Misconception(
                _is(np.sqrt(want)),
                "These are distances. For the nearest centroid the square root changes nothing and"
                " costs time; the inertia needs the squares.",
            ),
            Misconception(
                lambda got: np.shape(got) == (5, 2, 3),
                "Each coordinate is still on its own. Sum over the axis of the coordinates.",
            ),
            Misconception(
                lambda got: np.shape(got) in ((5, 3), (2, 3)),
                "You summed over the wrong axis: the coordinates should be gone, not the points or"
                " the centroids.",
            ),
            Misconception(
                _is_one_number,
                "One number is left: `sum()` without an axis sums everything.",
            ),
            Misconception(
                lambda got: np.shape(got) == (5, 2),
                "The shape is right, the values are not. Is each difference squared first?",
            ),
            Misconception(
                ValueError,
                "NumPy cannot match these shapes. Give the points one more axis, of length 1,"
                " between points and coordinates.",
            ),
        ],
    )
    trial(
        "squared_distances(points, centroids) with the shapes (4, 1) and (3, 1)",
        lambda: answer(np.array([[0.0], [1], [2], [3]]), np.array([[0.0], [2], [-1]])),
        want=np.array([[0, 4, 1], [1, 1, 4], [4, 0, 9], [9, 1, 16]]),
        compare_with=_near,
        expected="an array of shape (4, 3)",
    )
    require(
        not _loops(answer),
        "the code of squared_distances",
        expected="no loop of Python's",
        got="a loop",
        tell="The numbers are right, but a loop of Python's goes through them one by one. Let"
        " NumPy's broadcasting make all differences in one step.",
    )


@exercise(
    "10-chances",
    title="The chances of k-means++",
    hints=(
        "A point has one squared distance to each of the chosen starts. Which of them tells how"
        " badly it is served so far?",
        "The chances of all points together are 1. What do you divide by?",
    ),
)
def chances(answer):
    import numpy as np

    points = np.array([(0, 0), (1, 0), (0, 2), (6, 8), (6, 7)], dtype=float)

    def shares(weights: Any) -> Any:
        return np.array(weights) / np.sum(weights)

    trial(
        "chances(points, [(0, 0)]) for five points",
        lambda: answer(points.copy(), np.array([[0.0, 0.0]])),
        want=shares([0, 1, 4, 100, 85]),
        compare_with=_near,
        expected="about [0, 0.005, 0.021, 0.526, 0.447]",
        misconceptions=[
            Misconception(
                _is([0, 1, 4, 100, 85]),
                "These are squared distances. Chances add up to 1.",
            ),
            Misconception(
                _is(shares(np.sqrt([0, 1, 4, 100, 85]))),
                "k-means++ takes the *squared* distance, so far points get a better chance still.",
            ),
            Misconception(
                _is([0.2] * 5), "Every point has the same chance here. That is a random start."
            ),
            Misconception(
                _is_one_number,
                "One chance for each point is asked for.",
            ),
        ],
    )
    trial(
        "chances(points, [(0, 0), (6, 8)])",
        lambda: answer(points.copy(), np.array([[0.0, 0.0], [6.0, 8.0]])),
        want=shares([0, 1, 4, 0, 1]),
        compare_with=_near,
        expected="about [0, 0.167, 0.667, 0, 0.167]",
        misconceptions=[
            Misconception(
                _is(shares([100, 89, 72, 0, 1])),
                "Only the start that was chosen last counts here, not the nearest of *all*.",
            ),
            Misconception(
                _is(shares([0, 1, 4, 100, 85])),
                "Only the first start counts here, not the nearest of *all*.",
            ),
            Misconception(
                _is(shares([100, 89, 72, 100, 85])),
                "This is the start that is farthest away. A point near any start is served well.",
            ),
            Misconception(
                lambda got: np.shape(got) == (5,) and got[0] > 0 and got[3] > 0,
                "A point that is a start already has a chance above 0. Its distance to itself is 0,"
                " and the nearest start counts, not the sum or the mean over all of them.",
            ),
            Misconception(
                lambda got: np.shape(got) == (2,),
                "Two values, one for each start. One for each *point* is asked for.",
            ),
        ],
    )


@exercise(
    "10-standardise",
    title="Every column on the same scale",
    hints=(
        "Each column has its own mean and its own spread. Which axis do you go along to get one"
        " value per column?",
        "What is the standard deviation of a column in which all values are equal? What comes of"
        " dividing by it?",
    ),
)
def standardise(answer):
    import numpy as np

    table = np.array([(1, 300, 5), (3, 100, 5), (2, 500, 5), (6, 300, 5)], dtype=float)
    varied = table[:, :2]
    want = (varied - [3, 300]) / [math.sqrt(3.5), math.sqrt(20000)]
    given = varied.copy()
    trial(
        "standardise(table) for a table of 4 rows and 2 columns",
        lambda: answer(given),
        want=want,
        compare_with=_near,
        expected="columns with the mean 0 and the standard deviation 1",
        misconceptions=[
            Misconception(
                _is((varied - varied.mean()) / varied.std()),
                "One mean and one spread for the whole table leave the columns as different as they"
                " were. Each column needs its own.",
            ),
            Misconception(
                _is((varied - varied.mean(axis=1)[:, None]) / varied.std(axis=1)[:, None]),
                "These are means along the rows. A row mixes units; go along the columns.",
            ),
            Misconception(
                _is((varied - varied.mean(axis=0)) / varied.std(axis=0, ddof=1)),
                "This divides by the sample standard deviation (n − 1). Asked for is the population"
                " one (n), as scikit-learn's StandardScaler takes it.",
            ),
            Misconception(
                _is((varied - varied.min(axis=0)) / np.ptp(varied, axis=0)),
                "This moves each column into the range from 0 to 1. That is another scaling: one"
                " outlier then squeezes all others together.",
            ),
            Misconception(
                _is(varied - varied.mean(axis=0)),
                "The means are gone, the spreads are still those of the units.",
            ),
            Misconception(
                _is(varied / varied.std(axis=0)), "The spreads are 1, the means are not 0 yet."
            ),
            Misconception(
                _is((varied - varied.mean(axis=0)) / varied.var(axis=0)),
                "This divides by the variance. The standard deviation has the unit of the column.",
            ),
        ],
    )
    require(
        compare.same(given, varied),
        "the table that was handed over",
        expected="unchanged",
        got=given,
        tell="Your function has changed the table itself. Others still need it: make a new one.",
    )
    trial(
        "standardise(table) with a third column in which all values are 5",
        lambda: answer(table.copy()),
        want=np.column_stack([want, np.zeros(4)]),
        compare_with=_near,
        expected="zeros in the third column",
        misconceptions=[
            Misconception(
                lambda got: np.isnan(got).any() or np.isinf(got).any(),
                "A constant column has the spread 0, and 0 / 0 is NaN. It tells nothing about"
                " anybody: let it be zeros.",
            ),
            Misconception(
                lambda got: np.shape(got) == (4, 2),
                "A column is gone. Whoever reads the result needs the same columns as before.",
            ),
            Misconception(
                lambda got: np.isfinite(got).all() and np.abs(np.asarray(got)[:, 2]).max() > 0,
                "The third column is constant. Less its mean, it is zeros, and it stays zeros.",
            ),
        ],
    )


def _silhouette(i: int, points: Any, labels: Any, *, itself: bool = False, farthest: bool = False):
    """Compute a silhouette as the definition reads, or with one of two slips in it."""
    mean: dict[int, float] = {}
    for cluster in sorted(set(labels)):
        others = [
            math.dist(points[i], points[j])
            for j in range(len(points))
            if labels[j] == cluster and (itself or j != i)
        ]
        mean[cluster] = sum(others) / len(others) if others else math.nan
    own = mean.pop(labels[i])
    other = max(mean.values()) if farthest else min(mean.values())
    return (other - own) / max(own, other)


@exercise(
    "10-silhouette",
    title="The silhouette of one point",
    hints=(
        "Begin with one array: the distances from point `i` to all points. A mask chooses those of"
        " one cluster.",
        "The point itself is in its own cluster, at distance 0. Is it one of its neighbours?",
        "There may be more than one other cluster. Which of the mean distances counts?",
    ),
)
def silhouette(answer):
    import numpy as np

    points = np.array([(0, 0), (0, 2), (3, 0), (9, 0), (9, 1), (10, 3), (0, 8), (1, 9), (5, 20)])
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3])

    def told(i: int) -> list[Misconception]:
        where = points.tolist(), labels.tolist()
        right = _silhouette(i, *where)
        return [
            Misconception(
                _is(_silhouette(i, *where, itself=True)),
                "The point itself counts as a neighbour here, at distance 0. That makes its own"
                " cluster look closer than it is.",
            ),
            Misconception(
                _is(_silhouette(i, *where, farthest=True)),
                "This takes the farthest cluster. The silhouette asks about the second best one:"
                " the *nearest* of the others.",
            ),
            Misconception(
                _is(-right), "The sign is turned round: near 1 should mean well inside its cluster."
            ),
            Misconception(
                lambda got: not -1 <= got <= 1,
                "A silhouette lies between −1 and 1. Divide the difference by the larger of the two"
                " distances.",
            ),
        ]

    for i in (2, 5, 6):
        trial(
            f"silhouette({i}, points, labels) for nine points in four clusters",
            lambda i=i: answer(i, points.copy(), labels.copy()),
            want=_silhouette(i, points.tolist(), labels.tolist()),
            compare_with=_near,
            misconceptions=told(i),
        )
    wrong = labels.copy()
    wrong[2] = 1
    trial(
        "silhouette(2, points, labels), where point 2 is in the wrong cluster",
        lambda: answer(2, points.copy(), wrong.copy()),
        want=_silhouette(2, points.tolist(), wrong.tolist()),
        compare_with=_near,
        expected="a number below 0",
        misconceptions=[
            Misconception(
                lambda got: got >= 0, "Another cluster is nearer than its own: that is below 0."
            )
        ],
    )
    trial(
        "silhouette(8, points, labels), where cluster 3 has one point only",
        lambda: answer(8, points.copy(), labels.copy()),
        want=0.0,
        compare_with=_near,
        misconceptions=[
            Misconception(
                lambda got: math.isnan(got),
                "A cluster of one has no neighbours to take a mean of. By definition its silhouette"
                " is 0.",
            ),
            Misconception(
                lambda got: got in (1, -1),
                "A point alone is neither well nor badly placed: by definition it has 0.",
            ),
            Misconception(
                ZeroDivisionError,
                "A cluster of one has no neighbours to take a mean of. By definition its silhouette"
                " is 0.",
            ),
        ],
    )


def _entropy(labels: list) -> float:
    shares = [labels.count(label) / len(labels) for label in sorted(set(labels))]
    return -sum(share * math.log2(share) for share in shares)


def _rest(labels: list, values: list) -> float:
    """Return the entropy that is left in the groups, weighted by their sizes."""
    groups = [[c for c, v in zip(labels, values, strict=True) if v == w] for w in set(values)]
    return sum(len(group) / len(labels) * _entropy(group) for group in groups)


@exercise(
    "10-gain",
    title="Gain is what the question takes away",
    hints=(
        "A question that leaves nothing open has 0 here. Should the best question of all gain 0?",
        "How much was open before the question? How much is open after it?",
    ),
)
def gain(answer):
    buys = list("nynyyyynny")
    member = list("nynnynynny")
    age = list("yyymmmoooy")
    for labels, values, what in [
        (buys, member, "member"),
        (buys, age, "age"),
        (list("aabbb"), list("xxyyy"), "a question that leaves nothing open"),
        (list("abab"), list("xxyy"), "a question that tells nothing"),
        (list("aabcc"), list("xyxyx"), "three classes"),
    ]:
        before, rest = _entropy(labels), _rest(labels, values)
        trial(
            f"gain(labels, values) for {what}: labels {''.join(labels)}, values {''.join(values)}",
            lambda labels=labels, values=values: answer(list(labels), list(values)),
            want=before - rest,
            compare_with=_near,
            misconceptions=[
                Misconception(
                    lambda got, rest=rest: got > 0 and _near(got, rest),
                    "This is the entropy that is *left*, so the worst question would get the"
                    " highest value. The gain is how much entropy the question takes away.",
                ),
                Misconception(
                    _is(rest - before),
                    "The difference is the wrong way round: entropy before, less entropy after.",
                ),
                Misconception(
                    _is(before), "This is the entropy before the question. What is left after it?"
                ),
                Misconception(
                    lambda got, rest=rest: _near(got, rest),
                    "A question that leaves nothing open gains all there is; 0 is what is *left*.",
                ),
                Misconception(
                    lambda got, labels=labels, values=values: _near(
                        got, _entropy(labels) - _unweighted(labels, values)
                    ),
                    "Each group counts by its share of the rows: a large one counts more.",
                ),
            ],
        )


def _unweighted(labels: list, values: list) -> float:
    groups = [[c for c, v in zip(labels, values, strict=True) if v == w] for w in set(values)]
    return sum(map(_entropy, groups)) / len(groups)


@exercise(
    "10-threshold",
    title="The best threshold of a column",
    hints=(
        "Sort the different numbers. Between which of them can a threshold lie?",
        "A threshold makes a question with two answers. Write the answers as a list, and you can"
        " measure what they gain.",
        "Keep the best gain so far and its threshold. Which comparison keeps the lower one in a"
        " tie? What is left when nothing gains?",
    ),
)
def threshold(answer):
    def ask(numbers: list, labels: str, want: Any, *told: Misconception, what: str = "") -> None:
        trial(
            f"best_threshold({numbers}, {list(labels)})" + what,
            lambda: answer(list(numbers), list(labels)),
            want=want,
            misconceptions=[
                *told,
                Misconception(
                    lambda got: isinstance(got, float) and 0 < got < 1 and want not in (None, got),
                    "This looks like a gain. The threshold that has it is asked for.",
                ),
                Misconception(
                    lambda got: isinstance(got, (int, float)) and got in numbers,
                    "This is one of the numbers. A threshold lies halfway between two neighbours,"
                    " so that new numbers on both sides have room.",
                ),
                Misconception(
                    lambda got: isinstance(got, tuple),
                    "The threshold alone is asked for, not together with its gain.",
                ),
            ],
        )

    ask([20, 30, 40, 60], "nnyy", 35.0)
    ask(
        [60, 20, 40, 30, 70],
        "ynynn",
        35.0,
        Misconception(
            lambda got: got == 65.0,
            "That threshold parts off one row only. Another one gains more.",
        ),
        Misconception(
            lambda got: got in (40.0, 30.0, 50.0),
            "The numbers do not come in order. Neighbours are neighbours after sorting.",
        ),
        what=", in any order",
    )
    ask(
        [5, 1, 5, 1, 9, 1],
        "bababa",
        3.0,
        what=", with numbers that come twice",
    )
    ask(
        [1, 2, 3],
        "yny",
        1.5,
        Misconception(2.5, "Two thresholds gain the same. The lower one is asked for."),
        what=", a tie",
    )
    ask(
        [1, 2, 3],
        "yyy",
        None,
        Misconception(
            lambda got: isinstance(got, (int, float)),
            "All labels are equal: no threshold gains anything, so the answer is None.",
        ),
        what=", where nothing can be gained",
    )
    ask(
        [4, 4, 4],
        "yny",
        None,
        Misconception(IndexError, "All numbers are equal: there is no threshold between them."),
        Misconception(ValueError, "All numbers are equal: there is no threshold between them."),
        what=", where all numbers are equal",
    )


QUIZ = (
    Question(
        "k-means has ended: no centroid moves any more. What do you know?",
        (
            Option(
                "These are the best possible clusters for this k.",
                "Another start can end with a lower inertia. You have seen it.",
            ),
            Option(
                "One more pass would change nothing.",
                "That is all. It may be a local minimum, so try several starts.",
                right=True,
            ),
            Option(
                "The data has k groups.",
                "k-means makes k clusters of anything, even of noise.",
            ),
        ),
    ),
    Question(
        "Inertia falls from 812 to 640 when k goes from 4 to 5. Is 5 the better k?",
        (
            Option("Yes: lower is better.", "With k = n it is 0, and nobody has learned anything."),
            Option(
                "You cannot tell from that.",
                "The lowest inertia falls with every further cluster. Look for an elbow, at the"
                " silhouette, and at what the clusters are for.",
                right=True,
            ),
            Option("No: 640 is still too high.", "Inertia has no scale on which to be high."),
        ),
    ),
    Question(
        "One column is in dollars (0 to 14,000), one in orders (1 to 80). You do not scale. Then …",
        (
            Option(
                "… dollars alone decide who is near to whom.",
                "A difference of 80 orders weighs as much as one of 80 dollars.",
                right=True,
            ),
            Option("… k-means raises an error.", "It does not. That is the trouble."),
            Option("… k-means++ makes up for it.", "Its chances are made of the same distances."),
        ),
    ),
    Question(
        "A column holds a different number for every customer. What is its information gain?",
        (
            Option("0: a number like that says nothing.", "In this table it says everything."),
            Option(
                "As high as possible, and it is useless.",
                "Each row is a group of its own, so nothing is left open here, and nothing is known"
                " of the next customer. Gain ratio divides by the price of such a question.",
                right=True,
            ),
            Option("It cannot be computed.", "It can: each group has one row and the entropy 0."),
        ),
    ),
    Question(
        "A tree is right for 100% of the rows it learned from. What follows for new customers?",
        (
            Option(
                "Nothing, until you try it on rows that it has not seen.",
                "A deep tree learns rows by heart. Only held-out rows tell what it is worth.",
                right=True,
            ),
            Option("It will be right nearly always.", "It may do worse than a tree of depth 2."),
            Option("The table had a leak.", "Perhaps. A deep tree needs no leak for that."),
        ),
    ),
)
