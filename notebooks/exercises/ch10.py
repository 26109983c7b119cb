"""Exercises and quiz of chapter 10, k-means and decision trees: small inputs with traps in them."""

import math
import sys

import numpy as np

from coursekit.feedback.authoring import Mistake, Option, Question, case, exercise


def as_numbers(got):
    """Return numbers as an array, whatever holds them; anything else as it is."""
    try:
        return np.asarray(got, dtype=float)
    except (TypeError, ValueError):
        return got


def numbers_of(answer, *inputs):
    return as_numbers(answer(*inputs))


def is_near(want):
    def check(got):
        return np.shape(got) == np.shape(want) and np.allclose(got, want, rtol=1e-9, atol=1e-12)

    return check


def has_shape(*shapes):
    return lambda got: np.shape(got) in shapes


def draw_floats(chance, number, dimensions):
    """Draw points that are not whole numbers, some of them negative."""
    return [tuple(chance.uniform(-9, 9) for _ in range(dimensions)) for _ in range(number)]


def draw_points(chance, number, dimensions):
    """Draw different points with whole coordinates, so that equal distances are exactly equal."""
    found = {}
    while len(found) < number:
        found[tuple(chance.randint(-9, 9) for _ in range(dimensions))] = None
    return list(found)


def draw_nearest(chance):
    cases = []
    for dimensions in (1, 2, 3):
        centroids = draw_points(chance, chance.randint(2, 4), dimensions)
        (point,) = draw_points(chance, 1, dimensions)
        # on the other side of the point, as far away: a tie
        twin = tuple(2 * a - b for a, b in zip(point, chance.choice(centroids), strict=True))
        tried = ([*centroids, twin], [twin, *centroids])
        cases += [case(point, centroids), *(case(point, each) for each in tried)]
        point, *centroids = draw_floats(chance, 5, dimensions)
        cases.append(case(point, centroids))
    return cases


START = [(1, 1), (5, 7)]
exercise(
    "10-nearest",
    title="The number of the nearest centroid",
    hints=(
        "What does a loop over `centroids` hand out: places or numbers? The next step needs to know"
        " *which* cluster a point belongs to.",
        "A built-in function hands out number and item together, for any list.",
        "The last centroid wins a tie here. Which comparison lets the first one keep its place?\n"
        "for ____, centroid in ____(centroids):\n    …\n    if distance ____ best:",
    ),
    examples=[
        case((-2, 0), [(4, 0), (9, 9), (-4, -1), (6, 0)], want=2),
        case((1.5, 2), START, want=0),
        case((4.5, 5), START, want=1),
        case((3, 4), START, want=0),
        case((0, 0), [(5, 5), (3, 4), (4, 3), (-4, 3)], want=1),
        case((0, 0, 3), [(0, 0, 0), (0, 0, 4)], want=1),
        case((0, 0), [(0, 5), (4, 4)], want=0),
        case((0, 0), [(0, 5), (3, 3)], want=1),
        case((0, 0), [(0, 5.3), (4, 4)], want=0),
        case((0.2, 0), [(0.9, 0), (0.5, 0), (0.2, 0.2)], want=2),
        case((0, 0), [(1.000001, 0), (1, 0)], want=1),
        case((0, 0), [(9e9, 0), (6e9, 8e8)], want=1),
        case((3, 3), [(8, 8)], want=0),
    ],
    draw=draw_nearest,
    mistakes=[
        Mistake("The number alone is asked for, not together with its distance.",
                ("return closest", "return closest, best"),
                ("return closest", "return best, closest"),
                ("return closest", "return [closest, best]")),
        Mistake("There may be any number of centroids, not only two.",
                "def nearest(point, centroids):\n"
                "    first, second = (math.dist(point, each) for each in centroids[:2])\n"
                "    return 0 if first <= second else 1"),
        Mistake("This is the centroid itself. The number of the cluster is asked for: 0 for the"
                " first.", ("return closest", "return centroids[closest]"),
                when=lambda got: len(got) in (2, 3)),
        Mistake("Counted from 1. Positions in a list begin with 0, and so do labels.",
                ("enumerate(centroids)", "enumerate(centroids, 1)")),
        Mistake("This is the centroid that is farthest away.",
                ("math.inf", "-math.inf", "distance < best", "distance > best")),
        Mistake("This is a distance. Which of the centroids has it?",
                ("return closest", "return best"), when=lambda got: isinstance(got, float)),
        Mistake("Two centroids are equally near. The lower number should win, or the answer would"
                " depend on how the loop is written.", ("distance < best", "distance <= best")),
        Mistake("Only two coordinates count in your distance. A point may have more.",
                ("math.dist(point, centroid)", "math.dist(point[:2], centroid[:2])")),
        Mistake("The nearest along a straight line is asked for. Is your distance the square root"
                " of the sum of *squares*? Sums or largest values of the differences are other"
                " distances.",
                ("math.dist(point, centroid)", "sum(abs(a - b) for a, b in zip(point, centroid))"),
                ("math.dist(point, centroid)", "max(abs(a - b) for a, b in zip(point, centroid))"),
                ("math.dist(point, centroid)", "abs(sum(a - b for a, b in zip(point, centroid)))"),
                ("math.dist(point, centroid)",
                 "sum(abs(a - b) ** 3 for a, b in zip(point, centroid))")),
        Mistake("One of these centroids is nearer by a small part of a unit. Do not round"
                " distances before you compare them.",
                ("math.dist(point, centroid)", "int(math.dist(point, centroid))"),
                ("math.dist(point, centroid)", "round(math.dist(point, centroid))"),
                ("math.dist(point, centroid)", "round(math.dist(point, centroid), 4)")),
        Mistake("These centroids are very far away. Is the first value of `best` larger than any"
                " distance? `math.inf` is.", ("math.inf", "1000"),
                ("best = math.inf", "best, closest = 10**6, 0")),
    ],
    also_right=["def nearest(point, centroids):\n"
                "    far = [math.dist(point, centroid) for centroid in centroids]\n"
                "    return far.index(min(far))",
                "def nearest(point, centroids):\n"
                "    return min(range(len(centroids)), key=lambda j: "
                "math.dist(point, centroids[j]))",
                "import numpy as np\n"
                "def nearest(point, centroids):\n"
                "    return np.square(np.array(centroids) - np.array(point)).sum(axis=1).argmin()"],
)

SEVEN = [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5), (4.5, 5), (3.5, 4.5)]
ALONE = "Cluster 1 has no point, so it has no mean: it keeps its old centroid."
MEAN = "tuple(sum(axis) / len(mine) for axis in zip(*mine)) if mine else old"


def draw_clusters(chance):
    cases = []
    for dimensions in (1, 2, 3):
        k = chance.randint(3, 5)
        points, empty = draw_points(chance, 8, dimensions), chance.randrange(k)
        labels = [(empty + chance.randrange(1, k)) % k for _ in points]
        cases.append(case(points, labels, draw_points(chance, k, dimensions)))
        cases.append(case(draw_floats(chance, 8, dimensions), labels,
                          draw_points(chance, k, dimensions)))
    return cases


exercise(
    "10-update",
    title="The mean of a cluster",
    hints=(
        "How many points belong to cluster `j`? How many are there in all?",
        "What does `zip(*mine)` give when `mine` is an empty list?",
        "An empty cluster has no mean. Which place is left for it?\n"
        "new.append(tuple(sum(axis) / ____ for axis in zip(*mine)) if ____ else ____)",
    ),
    examples=[
        case(SEVEN, [0, 0, 0, 1, 1, 1, 1], START,
             want=np.array([(5.5 / 3, 7 / 3), (4.125, 5.375)])),
        case([(0, 2), (2, 6)], [0, 0], [(9, 9), (5, 4)], want=np.array([(1.0, 4), (5, 4)])),
        case([(1, 2, 3), (3, 2, 1), (0, 0, 7)], [1, 1, 0], [(0, 0, 0), (0, 0, 0)],
             want=np.array([(0.0, 0, 7), (2, 2, 2)])),
    ],
    draw=draw_clusters,
    observe=numbers_of,
    tried="update({0}, {1}, {2})",
    mistakes=[
        Mistake("Each sum is divided by all seven points. The mean of a cluster divides by the"
                " number of points in it.", ("len(mine)", "len(points)")),
        Mistake("These are the sums. A mean divides them.", (" / len(mine)", "")),
        Mistake("There may be any number of clusters, not only two.",
                ("enumerate(centroids)", "enumerate(centroids[:2])")),
        Mistake("A point may have any number of coordinates, not only two.",
                ("zip(*mine)", "list(zip(*mine))[:2]")),
        Mistake("0 is a label, too, and this loses the points of cluster 0: `if` treats 0 as"
                " nothing.", ("if label == j", "if label and label == j")),
        Mistake("The old centroid counts as a point here. The mean is that of the cluster's points"
                " alone.", ("    for j, old in enumerate(centroids):",
                            "    points, labels = [*points, *centroids], [*labels, *range(99)]\n"
                            "    for j, old in enumerate(centroids):")),
        Mistake("The labels are an argument. Use them, and do not assign the points again.",
                ("zip(points, labels)", "zip(points, assign(points, centroids))")),
        Mistake("The means have lost their decimals. `//` and `int` cut them off, and an array made"
                " of whole numbers cannot hold any.",
                ("sum(axis) / len(mine)", "sum(axis) // len(mine)"),
                ("sum(axis) / len(mine)", "int(sum(axis) / len(mine))"),
                "import numpy as np\n"
                "def update(points, labels, centroids):\n"
                "    new = np.array(centroids)\n"
                "    for j in set(labels):\n"
                "        new[j] = np.array(points)[np.array(labels) == j].mean(axis=0)\n"
                "    return new"),
        Mistake("The mean is asked for, to all its decimals. Do not round it: the next pass"
                " computes with it.", ("sum(axis) / len(mine)", "round(sum(axis) / len(mine), 2)"),
                ("sum(axis) / len(mine)", "round(sum(axis) / len(mine), 4)")),
        Mistake("This is the middle of a cluster's values (the median) or of its lowest and highest"
                " one. The mean is the sum divided by the number of points.",
                ("sum(axis) / len(mine)", "sorted(axis)[len(axis) // 2]"),
                ("sum(axis) / len(mine)", "(min(axis) + max(axis)) / 2")),
        Mistake("A dict has keys, and the next pass would go through those. Return a list, in the"
                " order of the centroids.", ("return new", "return dict(enumerate(new))"),
                when=lambda got: isinstance(got, dict)),
        Mistake("One number for each cluster? A centroid has as many coordinates as a point.",
                (MEAN, "sum(map(sum, mine)) / max(len(mine), 1)"), when=has_shape((2,))),
        Mistake("One centroid is gone: k would shrink from pass to pass. An empty cluster keeps its"
                " old centroid.", ("enumerate(centroids)", "zip(sorted(set(labels)), centroids)"),
                when=has_shape((1, 2))),
        Mistake("Cluster 1 has no point, and `zip` of nothing gives no coordinates at all. It keeps"
                " its old centroid.", (" if mine else old", ""),
                when=lambda got: len(got) == 2 and len(got[1]) == 0),
        Mistake(f"(0, 0) is a real place. {ALONE}", ("else old", "else (0,) * len(old)"),
                when=is_near([(1, 4), (0, 0)])),
        Mistake(ALONE, ("else old", "else centroids[0]"), ("else old", "else None"),
                (MEAN, "tuple(sum(axis) / len(mine) for axis in zip(*mine or [old]))"),
                when=lambda got: getattr(got, "names", ("",))[0] == "ZeroDivisionError"
                or (isinstance(got, list) and None in got)
                or is_near([(1, 4), (9, 9)])(got)),
    ],
    also_right=["def mean(group):\n"
                "    return [sum(axis) / len(group) for axis in zip(*group)]\n"
                "def update(points, labels, centroids):\n"
                "    groups = [[] for _ in centroids]\n"
                "    for point, label in zip(points, labels):\n"
                "        groups[label].append(point)\n"
                "    return [mean(g) if g else old for g, old in zip(groups, centroids)]",
                "import numpy as np\n"
                "def update(points, labels, centroids):\n"
                "    points, labels = np.array(points), np.array(labels)\n"
                "    return [points[labels == j].mean(axis=0) if (labels == j).any() else old\n"
                "            for j, old in enumerate(centroids)]"],
)


def steps_of_python(answer, points, centroids):
    """Count the lines, calls and turns of loops that Python goes through."""
    steps, before = 0, sys.gettrace()

    def count(frame, event, argument):
        nonlocal steps
        steps += 1
        return count

    sys.settrace(count)
    try:
        answer(points, centroids)
    finally:
        sys.settrace(before)
    return steps


def without_loops(answer, points, centroids):
    yield "", as_numbers(answer(points, centroids))
    # What loops, in the answer or in a helper of it, takes more steps where there is more to do.
    small, *larger = [(2, 2, 2), (40, 2, 2), (2, 40, 2), (2, 2, 40)]
    sizes = [(np.ones((n, d)), np.ones((k, d))) for n, k, d in (small, small, *larger)]
    _, least, *more = (steps_of_python(answer, *each) for each in sizes)
    yield "loops of Python's", "yes" if max(more) > least + 15 else "none"


def arrays(*tables):
    return [np.array(each, dtype=float) for each in tables]


FIVE = [(1, 1, 0), (1.5, 2, 1), (3, 4, -2), (5, 7, 0), (-3, 0, 2)]
exercise(
    "10-distances",
    title="All distances at once",
    hints=(
        "Write the shapes (n, ?, d) and (k, d) below each other, aligned at the right. Which length"
        " at the question mark is repeated for every centroid?",
        "Look again at `x[:, None]` in the lesson. Where does the new axis of the points stand? And"
        " which axis of the result holds the coordinates, to be summed away?",
        "differences = points[____] - centroids\nreturn (differences ____).sum(axis=____)",
    ),
    examples=[
        case(*arrays(FIVE, [(1, 1, 1.0), (5, 7, -1)]),
             want={"": np.array([[1, 53], [1.25, 41.25], [22, 14], [53, 1], [18, 122]]),
                   "loops of Python's": "none"},
             shown="points and centroids with the shapes (5, 3) and (2, 3)"),
        case(*arrays([[0], [1], [2], [3]], [[0], [2], [-1]]),
             want={"": np.array([[0.0, 4, 1], [1, 1, 4], [4, 0, 9], [9, 1, 16]])},
             shown="points and centroids with the shapes (4, 1) and (3, 1)"),
        case(*arrays([[0, 0.5], [3, -4]], [[0, 0], [0.5, 0]]),
             want={"": np.array([[0.25, 0.5], [25, 22.25]])},
             shown="points and centroids with the shapes (2, 2) and (2, 2)"),
        case(np.array([[1, 2], [4, 6], [0, 0]]), np.array([[1, 2]]),
             want={"": np.array([[0.0], [25], [5]])},
             shown="whole numbers, points and centroids with the shapes (3, 2) and (1, 2)"),
    ],
    draw=lambda chance: [
        case(*arrays(draw_points(chance, chance.randint(4, 8), dimensions),
                     draw_points(chance, chance.randint(1, 4), dimensions)))
        for dimensions in (1, 2, 4)
    ] + [
        case(*arrays(draw_floats(chance, chance.randint(4, 8), dimensions),
                     draw_floats(chance, chance.randint(1, 4), dimensions)))
        for dimensions in (1, 2, 3)
    ],
    observe=without_loops,
    tried="squared_distances of other points and centroids",
    mistakes=[
        Mistake("The rows should be points and the columns centroids: shape (n, k).",
                ("differences**2).sum(axis=2)", "differences**2).sum(axis=2).T"),
                when=lambda facts: np.shape(facts[""]) == (2, 5)),
        Mistake("These are distances. For the nearest centroid the square root changes nothing and"
                " costs time; the inertia needs the squares.",
                ("return (differences**2).sum(axis=2)",
                 "return np.sqrt((differences**2).sum(axis=2))")),
        Mistake("Each coordinate is still on its own. Sum over the axis of the coordinates.",
                (".sum(axis=2)", ""), when=lambda facts: np.shape(facts[""]) == (5, 2, 3)),
        Mistake("You summed over the wrong axis: the coordinates should be gone, not the points or"
                " the centroids.", ("axis=2", "axis=1"), ("axis=2", "axis=0"),
                when=lambda facts: np.shape(facts[""]) in ((5, 3), (2, 3))),
        Mistake("One number is left: `sum()` without an axis sums everything.", ("axis=2", ""),
                when=lambda facts: np.ndim(facts[""]) == 0),
        Mistake("NumPy cannot match these shapes. Write them below each other, aligned at the"
                " right: where do the points need an axis of length 1?",
                ("points[:, None, :]", "points"),
                when=ValueError),
        Mistake("These are sums of the differences along the axes, or the largest of them. Straight"
                " lines need the squares of the differences.",
                ("differences**2", "np.abs(differences)"),
                ("(differences**2).sum(axis=2)", "np.abs(differences).max(axis=2) ** 2"),
                ("(differences**2).sum(axis=2)", "np.abs(differences).sum(axis=2) ** 2")),
        Mistake("The decimals are gone. Do not turn the numbers into whole ones.",
                ("(differences**2)", "(differences**2).astype(int)"),
                ("points[:, None, :] - centroids", "(points[:, None, :] - centroids).astype(int)")),
        Mistake("The numbers are right, but Python goes through a loop: its steps grow with the"
                " tables. (`map` and `np.vectorize` loop, too.) Let broadcasting make all"
                " differences in one step.",
                "def squared_distances(points, centroids):\n"
                "    return np.array([[((p - c) ** 2).sum() for c in centroids] for p in points])",
                "def row(p, centroids):\n"
                "    return ((p - centroids) ** 2).sum(axis=1)\n"
                "def squared_distances(points, centroids):\n"
                "    return np.array(list(map(lambda p: row(p, centroids), points)))",
                "def squared_distances(points, centroids):\n"
                "    result = np.zeros((len(points), len(centroids)))\n"
                "    for j in range(points.shape[1]):\n"
                "        result += (points[:, None, j] - centroids[:, j]) ** 2\n"
                "    return result",
                when=lambda facts: facts["loops of Python's"] == "yes"
                and abs(facts[""][0][0] - 1) < 1e-9),
        Mistake("The shape is right, the values are not. Squares of the differences, summed over"
                " *all* coordinates: does each part hold?",
                ("(differences**2).sum(axis=2)", "differences.sum(axis=2) ** 2"),
                ("(differences**2).sum(axis=2)", "(differences**2).mean(axis=2)"),
                ("(differences**2).sum(axis=2)", "(differences**2)[:, :, :2].sum(axis=2)"),
                when=lambda facts: np.shape(facts[""]) == (5, 2)),
    ],
    also_right=["def squared_distances(points, centroids):\n"
                "    return np.square(np.expand_dims(points, 1) - centroids).sum(axis=-1)",
                "from scipy.spatial.distance import cdist\n"
                "def squared_distances(points, centroids):\n"
                "    return cdist(points, centroids, 'sqeuclidean')",
                "def squared_distances(points, centroids):\n"
                "    n, d = points.shape\n"
                "    apart = points.reshape(n, 1, d) - centroids.reshape(1, len(centroids), d)\n"
                "    return np.einsum('nkd,nkd->nk', apart, apart)",
                "def squares(table):\n"
                "    return (table**2).sum(axis=1)\n"
                "def squared_distances(points, centroids):\n"
                "    both = squares(points)[:, None] + squares(centroids)\n"
                "    return both - 2 * points @ centroids.T"],
)

POINTS = np.array([(0, 0), (1, 0), (0, 2), (6, 8), (6, 7)], dtype=float)


def shares(*weights):
    return np.array(weights) / np.sum(weights)


def draw_starts(chance):
    cases = []
    for dimensions, starts in ((2, 1), (2, 3), (3, 2)):
        points = draw_points(chance, chance.randint(6, 12), dimensions)
        cases.append(case(*arrays(points, chance.sample(points, starts))))
        cases.append(case(*arrays(draw_floats(chance, 7, dimensions),
                                  draw_floats(chance, starts, dimensions))))
    return cases


ALL = "((points[:, None, :] - chosen) ** 2).sum(axis=2).min(axis=1)"
exercise(
    "10-chances",
    title="The chances of k-means++",
    hints=(
        "A point has one squared distance to each of the chosen starts. Which of them tells how"
        " badly it is served so far?",
        "The chances of all points together are 1. What do you divide by?",
        "Exercise 3 has the squared distances, shape (n, m).\n"
        "nearest = ____.____(axis=1)\nreturn nearest / ____",
    ),
    examples=[
        case(POINTS, np.array([[0.0, 0]]), want=shares(0, 1, 4, 100, 85),
             shown="chances(points, [(0, 0)]) for five points"),
        case(POINTS, np.array([[0.0, 0], [6, 8]]), want=shares(0, 1, 4, 0, 1),
             shown="chances(points, [(0, 0), (6, 8)])"),
    ],
    draw=draw_starts,
    observe=numbers_of,
    tried="chances of other points",
    mistakes=[
        Mistake("These are squared distances. Chances add up to 1.", (" / nearest.sum()", "")),
        Mistake("k-means++ takes the *squared* distance, so far points get a better chance still.",
                (".min(axis=1)", ".min(axis=1) ** 0.5")),
        Mistake("The distances are squared twice here.", (".min(axis=1)", ".min(axis=1) ** 2")),
        Mistake("The chances of all points must add up to 1. Do these?",
                ("return nearest / nearest.sum()", "return 100 * nearest / nearest.sum()"),
                ("nearest.sum()", "nearest.max()"), ("nearest.sum()", "len(points)")),
        Mistake("These come from the *numbers* of the nearest starts (`argmin`). Their distances"
                " are asked for.", (".min(axis=1)", ".argmin(axis=1)")),
        Mistake("First take the nearest start of each point, then divide by the sum over all"
                " points. You divided for each start on its own.",
                (".min(axis=1)", "", "return nearest / nearest.sum()",
                 "return (nearest / nearest.sum(axis=0)).min(axis=1)")),
        Mistake("Every point has the same chance here. That is a random start, not k-means++.",
                (ALL, "np.ones(len(points))")),
        Mistake("Only the start that was chosen last counts here, not the nearest of *all*.",
                (ALL, "((points - chosen[-1]) ** 2).sum(axis=1)")),
        Mistake("Only the first start counts here, not the nearest of *all*.",
                (ALL, "((points - chosen[0]) ** 2).sum(axis=1)")),
        Mistake("This is the start that is farthest away. A point near any start is served well.",
                (".min(axis=1)", ".max(axis=1)")),
        Mistake("A point that is a start already has a chance above 0. Its distance to itself is 0,"
                " and the nearest start counts, not the sum or the mean over all of them.",
                (".min(axis=1)", ".sum(axis=1)"), (".min(axis=1)", ".mean(axis=1)"),
                when=lambda got: np.shape(got) == (5,) and got[0] > 0 and got[3] > 0),
        Mistake("Straight-line distances are asked for: sum the *squares* of the differences, not"
                " the differences, and do not cut decimals.",
                ("((points[:, None, :] - chosen) ** 2).sum(axis=2).min(axis=1)",
                 "np.abs(points[:, None, :] - chosen).sum(axis=2).min(axis=1) ** 2"),
                ("((points[:, None, :] - chosen) ** 2).sum(axis=2).min(axis=1)",
                 "(np.abs(points[:, None, :] - chosen).max(axis=2) ** 2).min(axis=1)"),
                ("((points[:, None, :] - chosen) ** 2)",
                 "((points[:, None, :] - chosen) ** 2).astype(int)")),
        Mistake("One chance for each *point* is asked for, not one for each start.",
                (".min(axis=1)", ".min()"), (".min(axis=1)", ".min(axis=0)"),
                when=has_shape((), (1,), (2,))),
    ],
    also_right=["def chances(points, chosen):\n"
                "    nearest = [min(sum((a - b) ** 2 for a, b in zip(p, c)) for c in chosen)\n"
                "               for p in points]\n"
                "    return np.array(nearest) / sum(nearest)",
                "from scipy.spatial.distance import cdist\n"
                "def chances(points, chosen):\n"
                "    served = cdist(points, chosen).min(axis=1) ** 2\n"
                "    return list(served / np.sum(served))"],
)

VARIED = np.array([(1, 300), (3, 100), (2, 500), (6, 300)], dtype=float)
SCALED = (VARIED - [3, 300]) / [math.sqrt(3.5), math.sqrt(20000)]


WHOLE = VARIED.astype(int)


def with_constant(*values):
    """The varied table, and a column of one value for each of these."""
    return np.column_stack([VARIED, *([value] * 4 for value in values)])


def draw_tables(chance):
    rows = chance.randint(4, 9)
    columns = [[chance.uniform(-10, 10) * 10**size for _ in range(rows)] for size in (0, 1, 2, -10)]
    for constant in (chance.randint(-9, 9), chance.choice([98.6, 19.99, 0.1, -7.3])):
        columns.insert(chance.randint(0, len(columns)), [float(constant)] * rows)
    whole = [[chance.randint(-99, 99) for _ in range(4)] for _ in range(rows)]
    return [case(np.array(columns).T, shown="standardise(another table)"),
            case(np.array(whole), shown="standardise(a table of whole numbers)")]


SPREAD = "spread = np.where(constant, 1, table.std(axis=0))"
RESULT = "return np.where(constant, 0, (table - table.mean(axis=0)) / spread)"
exercise(
    "10-standardise",
    title="Every column on the same scale",
    hints=(
        "Each column has its own mean and its own spread. Which axis do you go along to get one"
        " value per column?",
        "How can you see that a column is constant, without its rounded spread? Look at its values"
        " themselves: which two of them would have to be equal?",
        "constant = table.min(axis=____) == table.____(axis=____)\n"
        "spread = np.where(constant, ____, table.std(axis=____))\n"
        "return np.where(constant, ____, ____ / spread)",
    ),
    examples=[
        case(VARIED, want=SCALED, shown="a table of 4 rows and 2 columns"),
        case(with_constant(5), want=np.column_stack([SCALED, np.zeros(4)]),
             shown="the table with a third column in which all values are 5"),
        case(WHOLE, want=SCALED, shown="the same table as whole numbers"),
        case(np.full((10, 2), [98.6, 19.99]), want=np.zeros((10, 2)),
             shown="ten rows, all values 98.6 in one column and 19.99 in the other"),
        case(VARIED * 1e-10, want=SCALED, shown="a table of tiny numbers, 1e-10 to 5e-8"),
    ],
    draw=draw_tables,
    observe=numbers_of,
    mistakes=[
        Mistake("One mean and one spread for the whole table leave the columns as different as they"
                " were. Each column needs its own.", ("std(axis=0)", "std()",
                "mean(axis=0)", "mean()")),
        Mistake("These are means along the rows. A row mixes units; go along the columns.",
                ("axis=0", "axis=1, keepdims=True")),
        Mistake("This divides by the sample standard deviation (n − 1). Asked for is the population"
                " one (n), as scikit-learn's StandardScaler takes it.",
                ("std(axis=0)", "std(axis=0, ddof=1)")),
        Mistake("This moves each column into the range from 0 to 1. That is a different scaling:"
                " one outlier squeezes all others together.",
                ("table.std(axis=0)", "np.ptp(table, axis=0)", "table.mean(", "table.min(")),
        Mistake("The means are gone, the spreads are still those of the units.", (" / spread", "")),
        Mistake("The spreads are 1, the means are not 0 yet.",
                ("(table - table.mean(axis=0))", "table")),
        Mistake("This divides by the variance. The standard deviation has the unit of the column.",
                ("table.std(", "table.var(")),
        Mistake("The middle value (median) is not the mean, and the mean distance from it is not"
                " the standard deviation.",
                ("table.mean(axis=0)", "np.median(table, axis=0)"),
                (SPREAD, "spread = np.abs(table - table.mean(axis=0)).mean(axis=0)\n"
                 "    spread = np.where(constant, 1, spread)")),
        Mistake("A constant column has the spread 0, and 0 / 0 is NaN. It says nothing about"
                " anybody: let it be zeros.",
                (SPREAD, "spread = table.std(axis=0)", RESULT,
                 "return (table - table.mean(axis=0)) / spread"),
                when=lambda got: not np.isfinite(got).all()),
        Mistake("A column is gone. The next step needs the same columns as before.",
                (SPREAD, "table = table[:, ~constant]\n    return"
                 " (table - table.mean(axis=0)) / table.std(axis=0)")),
        Mistake("The third column is constant. Less its mean, it is zeros, and it stays zeros.",
                (RESULT, "return np.where(constant, 1, (table - table.mean(axis=0)) / spread)"),
                (RESULT, "return np.where(constant, table, (table - table.mean(axis=0)) / spread)"),
                when=lambda got: np.shape(got) == (4, 3) and np.abs(got[:, 2]).max() > 0),
        Mistake("The table holds whole numbers, and so does your copy of it: the decimals were cut"
                " off. Build a new array, or begin with table.astype(float).",
                "def standardise(table):\n"
                "    new = table.copy()\n"
                "    for j in range(table.shape[1]):\n"
                "        spread = table[:, j].std() if np.ptp(table[:, j]) else 1\n"
                "        new[:, j] = (table[:, j] - table[:, j].mean()) / spread\n"
                "    return new"),
        Mistake("All values are equal here, but rounding leaves a spread of about 1e-14 instead of"
                " 0, and you divided by that. Compare the values of the column with each other.",
                ("table.min(axis=0) == table.max(axis=0)", "table.std(axis=0) == 0"),
                when=lambda got: np.shape(got) == (10, 2) and np.abs(got).max() > 1e-9),
        Mistake("These numbers are tiny, but they differ: the columns are not constant. Whether a"
                " spread is small depends on the unit. Compare the values with each other.",
                ("table.min(axis=0) == table.max(axis=0)", "table.std(axis=0) < 1e-6"),
                ("table.min(axis=0) == table.max(axis=0)", "np.isclose(table.std(axis=0), 0)"),
                (SPREAD, "spread = np.where(constant, 1, table.std(axis=0) + 1e-9)")),
        Mistake("Nearly right. Rounding the spread, or adding a small number to it, changes every"
                " value a little, and those of a column of tiny numbers a lot.",
                ("table.std(axis=0)", "table.std(axis=0).round(3)"),
                ("table.std(axis=0)", "(table.std(axis=0) + 1e-6)"),
                ("table.std(axis=0)", "(table.std(axis=0) + 1e-8)"),
                when=lambda got: np.shape(got) == (4, 2)
                and np.allclose(got, SCALED, rtol=0, atol=2e-3)),
        Mistake("Your function has changed the table itself. Others still need it: make a new one.",
                (RESULT, "table -= table.mean(axis=0)\n    table /= spread\n    return table"),
                (SPREAD, "table[:, constant] = 0\n    " + SPREAD)),
    ],
    also_right=["from sklearn.preprocessing import StandardScaler\n"
                "def standardise(table):\n"
                "    return StandardScaler().fit_transform(table)",
                "def standardise(table):\n"
                "    new = np.zeros(table.shape)\n"
                "    for j, column in enumerate(table.T):\n"
                "        if len(set(column)) > 1:\n"
                "            new[:, j] = (column - column.mean()) / column.std()\n"
                "    return new"],
    equivalent_mutants={
        "line 4: 1 -> 2": "A constant column becomes zeros, whatever it is divided by.",
        "line 4: 1 -> 0": "The same, with a warning: its 0 / 0 is replaced by zeros.",
    },
)

NINE = [(0, 0), (0, 2), (3, 0), (9, 0), (9, 1), (10, 3), (0, 8), (1, 9), (5, 20)]
OWN = "own = distances[mine].sum() / (mine.sum() - 1)"


def draw_placed(chance):
    points, numbers = draw_points(chance, 10, 2), chance.sample(range(9), 3)
    labels = [*numbers, *numbers[:2], *chance.choices(numbers[:2], k=5)]
    chance.shuffle(labels)
    floats = np.array(draw_floats(chance, 10, 3))
    return [*(case(i, np.array(points, dtype=float), np.array(labels)) for i in range(10)),
            *(case(i, floats, np.array(labels)) for i in range(0, 10, 3))]


def placed(i, labels, want):
    return case(i, np.array(NINE, dtype=float), np.array(labels), want=want,
                shown=f"silhouette({i}, points, labels), labels {labels}")


LABELS = [0, 0, 0, 1, 1, 1, 2, 2, 3]
exercise(
    "10-silhouette",
    title="The silhouette of one point",
    hints=(
        "Begin with one array: the distances from point `i` to all points. A mask chooses those of"
        " one cluster.",
        "The point itself is in its own cluster, at distance 0. Is it one of its neighbours?",
        "There may be more than one other cluster. Which of the mean distances counts?\n"
        "own = distances[mine].sum() / ____\n"
        "other = ____(distances[labels == j].mean() for j in ____)",
    ),
    examples=[
        placed(2, LABELS, 0.4970018535),
        placed(5, LABELS, 0.7118931419),
        placed(6, LABELS, 0.8118062464),
        placed(2, [0, 0, 1, 1, 1, 1, 2, 2, 3], -0.4970018535),
        placed(8, LABELS, 0.0),
    ],
    draw=draw_placed,
    tolerance=1e-9,
    mistakes=[
        Mistake("The point itself counts as a neighbour here, at distance 0. That makes its own"
                " cluster look closer than it is.", (OWN, "own = distances[mine].mean()")),
        Mistake("Straight-line distances are asked for: the square root of the sum of the squared"
                " differences.",
                ("np.sqrt(((points - points[i]) ** 2).sum(axis=1))",
                 "((points - points[i]) ** 2).sum(axis=1)"),
                ("np.sqrt(((points - points[i]) ** 2).sum(axis=1))",
                 "np.abs(points - points[i]).sum(axis=1)"),
                ("np.sqrt(((points - points[i]) ** 2).sum(axis=1))",
                 "np.abs(points - points[i]).max(axis=1)")),
        Mistake("All other clusters are taken together here. Each of them has its own mean"
                " distance, and the smallest counts.",
                ("min(distances[labels == j].mean() for j in set(labels[~mine]))",
                 "distances[~mine].mean()"),
                ("min(distances[labels == j].mean() for j in set(labels[~mine]))",
                 "np.mean([distances[labels == j].mean() for j in set(labels[~mine])])")),
        Mistake("Points may have more than two coordinates.",
                ("np.sqrt(((points - points[i]) ** 2).sum(axis=1))",
                 "np.hypot(points[:, 0] - points[i, 0], points[:, 1] - points[i, 1])")),
        Mistake("This is the mean over all points. The silhouette of point `i` alone is asked for.",
                "from sklearn.metrics import silhouette_score\n"
                "def silhouette(i, points, labels):\n"
                "    return silhouette_score(points, labels)"),
        Mistake("The mean of the distances to the *points* of the other cluster is asked for, not"
                " the distance to its nearest point or to its centroid.",
                ("distances[labels == j].mean()", "distances[labels == j].min()"),
                ("distances[labels == j].mean()",
                 "np.linalg.norm(points[labels == j].mean(axis=0) - points[i])")),
        Mistake("This takes the farthest cluster. The silhouette asks about the second best one:"
                " the *nearest* of the others.", ("min(distances", "max(distances")),
        Mistake("The sign is turned round: near 1 should mean well inside its cluster.",
                ("(other - own)", "(own - other)")),
        Mistake("A silhouette lies between −1 and 1. Divide the difference by the larger of the two"
                " distances.", (" / max(own, other)", ""), when=lambda got: abs(got) > 1),
        Mistake("Another cluster is nearer than its own: that is below 0.",
                ("return (other", "return abs(other"), when=is_near(0.497001853528315)),
        Mistake("This takes the mean of nothing. A point alone in its cluster has no neighbours (by"
                " definition its silhouette is 0), and a number that is no label has no points.",
                ("    if mine.sum() == 1:\n        return 0.0", "    pass"),
                when=lambda got: getattr(got, "names", ("",))[0] == "ZeroDivisionError"
                or math.isnan(got)),
        Mistake("A point alone is neither well nor badly placed: by definition it has 0.",
                ("return 0.0", "return 1.0"), ("return 0.0", "return -1.0"),
                when=lambda got: got in (1, -1)),
    ],
    also_right=["def silhouette(i, points, labels):\n"
                "    means = {}\n"
                "    for j in set(labels.tolist()):\n"
                "        rows = [r for r in range(len(points)) if labels[r] == j and r != i]\n"
                "        if not rows:\n"
                "            return 0\n"
                "        far = [math.dist(points[i], points[r]) for r in rows]\n"
                "        means[j] = sum(far) / len(far)\n"
                "    own = means.pop(labels[i])\n"
                "    other = min(means.values())\n"
                "    return (other - own) / max(other, own)",
                "from sklearn.metrics import silhouette_samples\n"
                "def silhouette(i, points, labels):\n"
                "    return silhouette_samples(points, labels)[i]"],
)


def entropy(labels):
    parts = [labels.count(label) / len(labels) for label in set(labels)]
    return -sum(part * math.log2(part) for part in parts)


def rest(labels, values):
    """Return the entropy that is left in the groups, weighted by their sizes."""
    groups = [[c for c, v in zip(labels, values, strict=True) if v == w] for w in set(values)]
    return sum(len(group) / len(labels) * entropy(group) for group in groups)


def question(labels, values, want, about):
    return case(list(labels), list(values), want=want,
                shown=f"gain for {about}: labels {labels}, values {values}")


GAIN = "return entropy(labels) - rest"
exercise(
    "10-gain",
    title="Gain is what the question takes away",
    hints=(
        "A question that takes away all uncertainty has 0 here. Should the best question of all"
        " gain 0?",
        "How uncertain are the labels before the question? How uncertain are they after it?",
        "return ____ - ____",
    ),
    examples=[
        question("nynyyyynny", "nynnynynny", 0.4199730940, "member"),
        question("nynyyyynny", "yyymmmoooy", 0.2954618442, "age"),
        question("aabbb", "xxyyy", 0.9709505945, "a question that leaves no uncertainty"),
        question("abab", "xxyy", 0.0, "a question that tells nothing"),
        question("aabcc", "xyxyx", 0.1709505945, "three classes"),
        question("nyny", [0, 1, 0, 0], 0.3112781245, "the values 0 and 1"),
    ],
    draw=lambda chance: [
        case(labels := chance.choices(classes, k=chance.randint(6, 14)),
             chance.choices(groups, k=len(labels)))
        for classes, groups in (("ab", "xy"), ("abc", "xyz"), ("yn", "pqrs"), ("a", "xy"),
                                ("yn", (0, 1, 2)), ("yn", ("", "x")), ((0, 1), (0.5, -1.5)))
    ],
    tolerance=1e-9,
    mistakes=[
        Mistake("This is the entropy that is *left*, so the worst question would get the highest"
                " value. The gain is how much entropy the question takes away.",
                (GAIN, "return rest * 1.0")),
        Mistake("The difference is the wrong way round: entropy before, less entropy after.",
                (GAIN, "return rest - entropy(labels)")),
        Mistake("This is the entropy before the question. What is left after it?",
                (GAIN, "return entropy(labels)")),
        Mistake("Each group counts by its share of the rows: a large one counts more.",
                ("len(part) / len(labels) * entropy(part)", "entropy(part) / len(set(values))")),
        Mistake("0 and empty texts are answers as well: their group is missing here. Ask `is None`"
                " if you want to leave out missing values.",
                ("    for value in set(values):", "    for value in filter(None, values):"),
                ("    for value in set(values):", "    for value in set(filter(None, values)):")),
        Mistake("This is the Gini impurity that the question takes away. The information gain is"
                " made of entropies.",
                "def gain(labels, values):\n"
                "    def gini(part):\n"
                "        return 1 - sum((part.count(c) / len(part)) ** 2 for c in set(part))\n"
                "    both = list(zip(labels, values))\n"
                "    groups = [[c for c, v in both if v == w] for w in set(values)]\n"
                "    return gini(labels) - sum(len(g) / len(labels) * gini(g) for g in groups)"),
        Mistake("This is the gain ratio: a gain, divided by the entropy of the answers. The gain"
                " itself is asked for.",
                (GAIN, "return (entropy(labels) - rest) / (entropy(values) or 1)")),
        Mistake("This is right for tables of ten rows only. How many rows has this one?",
                ("/ len(labels)", "/ 10")),
        Mistake("This is in natural units. Logarithms to base 2 give bits; `entropy` takes them.",
                "from sklearn.metrics import mutual_info_score\n"
                "def gain(labels, values):\n"
                "    return mutual_info_score(labels, values)"),
        Mistake("A question may have more than two answers. Every different value makes a group.",
                ("in set(values):", "in list(dict.fromkeys(values))[:2]:"),
                "def gain(labels, values):\n"
                "    first = [c for c, v in zip(labels, values) if v == values[0]]\n"
                "    others = [c for c, v in zip(labels, values) if v != values[0]]\n"
                "    after = len(first) * entropy(first) + len(others) * entropy(others)\n"
                "    return entropy(labels) - after / len(labels)"),
        Mistake("The labels are an argument. Here the entropy comes from the notebook's own table.",
                (GAIN, "return entropy(people['buys']) - rest")),
    ],
    also_right=["def gain(labels, values):\n"
                "    before, n = entropy(labels), len(labels)\n"
                "    for group in set(values):\n"
                "        mine = [labels[i] for i in range(n) if values[i] == group]\n"
                "        before -= entropy(mine) * len(mine) / n\n"
                "    return before",
                "def gain(labels, values):\n"
                "    after = pd.Series(labels).groupby(list(values)).agg(['size', entropy])\n"
                "    left = (after['size'] * after['entropy']).sum() / len(labels)\n"
                "    return entropy(labels) - left"],
)


def draw_columns(chance):
    cases = []
    while len(cases) < 5:
        step = chance.choice((1, 0.25, 0.3))
        numbers = [step * n for n in chance.choices(range(-20, 60), k=chance.randint(4, 9))]
        labels, places = chance.choices("yn", k=len(numbers)), sorted(set(numbers))
        left = (rest(labels, [number <= low for number in numbers]) for low in places)
        gains = sorted(entropy(labels) - each for each in left)
        if gains[-1] - gains[-2] > 1e-6:  # nearly equal ones depend on the order of adding up
            cases.append(case(numbers, labels))
    low, middle, high = sorted(chance.sample(range(100), 3))
    return [*cases, case([low, high, middle], list("yyn")), case([low] * 4, list("ynyn")),
            case([low, low, high, high], list("ynyn")), case([low, middle, high], list("nnn"))]


exercise(
    "10-threshold",
    title="The best threshold of a column",
    hints=(
        "Sort the different numbers. Between which of them can a threshold lie?",
        "A threshold makes a question with two answers. Write the answers as a list, and you can"
        " measure what they gain.",
        "Keep the best gain so far and its threshold. Which comparison keeps the lower one in a"
        " tie? What is left when nothing gains?\n"
        "for low, high in zip(places, places[____]):\n    middle = ____\n"
        "    found = information_gain(labels, [____ for number in numbers])",
    ),
    examples=[
        case([20, 30, 40, 60], list("nnyy"), want=35.0),
        case([60, 20, 40, 30, 70], list("ynynn"), want=35.0),
        case([5, 1, 5, 1, 9, 1], list("bababa"), want=3.0),
        case([1, 2, 3], list("yny"), want=1.5),
        case([1, 2, 3], list("yyy"), want=None),
        case([4, 4, 4], list("yny"), want=None),
        case([-3, 3, 5], list("nyy"), want=0.0),
        case([0.2, 0.5, -0.75, 0.1], list("yyny"), want=-0.325),
        case([20, 25, 40], list("nyy"), want=22.5),
    ],
    draw=draw_columns,
    mistakes=[
        Mistake("0 is a threshold as well. Ask `is None`, because `or` and `if` treat 0 as"
                " nothing.", ("return threshold", "return threshold or None")),
        Mistake("Halfway between two numbers there may be decimals, and `//`, `int` and `round` cut"
                " them.", ("(low + high) / 2", "(low + high) // 2"),
                ("return threshold", "return threshold and int(threshold)"),
                ("return threshold", "return threshold and round(threshold)")),
        Mistake("The same number came twice, so the place halfway between the two is that number"
                " itself. Take different numbers only.",
                ("sorted(set(numbers))", "sorted(numbers)")),
        Mistake("A threshold lies halfway between two neighbouring *numbers of the column*. Other"
                " places between them make the same question.",
                "def best_threshold(numbers, labels):\n"
                "    best, threshold = 0, None\n"
                "    for place in range(int(min(numbers)), int(max(numbers))):\n"
                "        answers = [number <= place + 0.5 for number in numbers]\n"
                "        found = information_gain(labels, answers)\n"
                "        if found > best:\n"
                "            best, threshold = found, place + 0.5\n"
                "    return threshold"),
        Mistake("That is the first place at which the label changes. The one with the highest"
                " *gain* is asked for.",
                "def best_threshold(numbers, labels):\n"
                "    rows = sorted(zip(numbers, labels))\n"
                "    for (low, one), (high, other) in zip(rows, rows[1:]):\n"
                "        if one != other:\n"
                "            return (low + high) / 2"),
        Mistake("No threshold gains anything here, so the answer is None. 0 is a threshold.",
                ("threshold = 0, None", "threshold = 0, 0")),
        Mistake("That threshold parts off one row only. Another one gains more.",
                ("if found > best", "if middle"), when=lambda got: got in (50.0, 65.0)),
        Mistake("The numbers do not come in order. Neighbours are neighbours after sorting.",
                ("sorted(set(numbers))", "numbers")),
        Mistake("Two thresholds gain the same. The lower one is asked for.",
                ("if found > best", "if found >= best")),
        Mistake("All labels are equal: no threshold gains anything, so the answer is None.",
                ("best, threshold = 0, None", "best, threshold = -1, None")),
        Mistake("All numbers are equal: there is no threshold between them.",
                ("return threshold", "places[1]\n    return threshold"),
                when=lambda got: got.names[0] in ("IndexError", "ValueError")),
        Mistake("This looks like a gain. The threshold that has it is asked for.",
                ("return threshold", "return best * 0.999"),
                when=lambda got: isinstance(got, float) and 0 < got < 1),
        Mistake("This is one of the numbers. A threshold lies halfway between two neighbours, so"
                " that new numbers on both sides have room.", ("(low + high) / 2", "low"),
                when=lambda got: got in (20, 30, 40, 60)),
        Mistake("The threshold alone is asked for, not together with its gain.",
                ("return threshold", "return threshold, best"),
                when=lambda got: isinstance(got, tuple)),
    ],
    also_right=["def best_threshold(numbers, labels):\n"
                "    places = sorted(set(numbers))\n"
                "    middles = [(a + b) / 2 for a, b in zip(places, places[1:])]\n"
                "    answers = [[n <= m for n in numbers] for m in middles]\n"
                "    gains = [information_gain(labels, each) for each in answers]\n"
                "    if not gains or max(gains) <= 0:\n"
                "        return None\n"
                "    return middles[gains.index(max(gains))]"],
    equivalent_mutants={
        "line 6: LtE -> Lt": "No number lies halfway between two neighbouring numbers.",
    },
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
                "Each row is a group of its own, so no uncertainty is left here, and nothing is"
                " known of the next customer. Gain ratio divides by the entropy of the answers.",
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
