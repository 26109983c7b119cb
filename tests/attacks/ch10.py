"""Wrong answers to the exercises of chapter 10."""

from tests.attacks import Wrong

WRONG = {
    "10-nearest": [
        Wrong(
            """
def nearest(point, centroids):
    return min(centroids, key=lambda centroid: math.dist(point, centroid))
""",
            "This is the centroid itself",
        ),
        Wrong(
            """
def nearest(point, centroids):
    best = math.inf
    for number, centroid in enumerate(centroids):
        if math.dist(point, centroid) <= best:
            best, closest = math.dist(point, centroid), number
    return closest
""",
            "The lower number should win",
        ),
        Wrong(
            """
def nearest(point, centroids):
    best = math.inf
    for number, centroid in enumerate(centroids, start=1):
        if math.dist(point, centroid) < best:
            best, closest = math.dist(point, centroid), number
    return closest
""",
            "Counted from 1",
        ),
        Wrong(
            """
def nearest(point, centroids):
    return max(range(len(centroids)), key=lambda j: math.dist(point, centroids[j]))
""",
            "farthest away",
        ),
        Wrong(
            """
def nearest(point, centroids):
    return min(math.dist(point, centroid) for centroid in centroids)
""",
            "This is a distance",
        ),
        Wrong(
            """
def nearest(point, centroids):
    apart = [(point[0] - c[0]) ** 2 + (point[1] - c[1]) ** 2 for c in centroids]
    return apart.index(min(apart))
""",
            "Only two coordinates",
        ),
    ],
    "10-update": [
        Wrong(
            """
def update(points, labels, centroids):
    new = []
    for j, old in enumerate(centroids):
        mine = [point for point, label in zip(points, labels) if label == j]
        new.append(tuple(sum(axis) / len(points) for axis in zip(*mine)) if mine else old)
    return new
""",
            "divided by all seven points",
        ),
        Wrong(
            """
def update(points, labels, centroids):
    new = []
    for j, old in enumerate(centroids):
        mine = [point for point, label in zip(points, labels) if label == j]
        new.append(tuple(sum(axis) / len(mine) for axis in zip(*mine)))
    return new
""",
            "`zip` of nothing",
        ),
        Wrong(
            """
def update(points, labels, centroids):
    new = []
    for j in range(len(centroids)):
        mine = [point for point, label in zip(points, labels) if label == j]
        x, y = sum(p[0] for p in mine), sum(p[1] for p in mine)
        new.append((x / len(mine), y / len(mine)))
    return new
""",
            "keeps its old centroid",
            "raised",
        ),
        Wrong(
            """
def update(points, labels, centroids):
    new = []
    for j in sorted(set(labels)):
        mine = [point for point, label in zip(points, labels) if label == j]
        new.append(tuple(sum(axis) / len(mine) for axis in zip(*mine)))
    return new
""",
            "k would shrink",
        ),
        Wrong(
            """
def update(points, labels, centroids):
    new = {}
    for j in range(len(centroids)):
        mine = [point for point, label in zip(points, labels) if label == j]
        new[j] = tuple(sum(axis) / len(mine) for axis in zip(*mine))
    return new
""",
            "A dict has keys",
        ),
        Wrong(
            """
def update(points, labels, centroids):
    new = []
    for j in range(len(centroids)):
        mine = [point for point, label in zip(points, labels) if label == j]
        new.append(tuple(np.mean(mine, axis=0)) if mine else (0, 0))
    return new
""",
            "(0, 0) is a real place",
        ),
    ],
    "10-distances": [
        Wrong(
            """
def squared_distances(points, centroids):
    return np.array([[((p - c) ** 2).sum() for c in centroids] for p in points])
""",
            "a loop of Python's",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return ((points - centroids) ** 2).sum(axis=1)
""",
            "cannot match these shapes",
            "raised",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return ((points[:, None, :] - centroids) ** 2).sum(axis=1)
""",
            "over the wrong axis",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return np.sqrt(((points[:, None, :] - centroids) ** 2).sum(axis=2))
""",
            "These are distances",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return ((centroids[:, None, :] - points) ** 2).sum(axis=2)
""",
            "shape (n, k)",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return (points[:, None, :] - centroids) ** 2
""",
            "still on its own",
        ),
        Wrong(
            """
def squared_distances(points, centroids):
    return (points[:, None, :] - centroids).sum(axis=2) ** 2
""",
            "Is each difference squared first",
        ),
    ],
    "10-chances": [
        Wrong(
            """
def chances(points, chosen):
    nearest = ((points[:, None, :] - chosen) ** 2).sum(axis=2).min(axis=1)
    return nearest
""",
            "add up to 1",
        ),
        Wrong(
            """
def chances(points, chosen):
    nearest = np.sqrt(((points[:, None, :] - chosen) ** 2).sum(axis=2)).min(axis=1)
    return nearest / nearest.sum()
""",
            "the *squared* distance",
        ),
        Wrong(
            """
def chances(points, chosen):
    last = ((points - chosen[-1]) ** 2).sum(axis=1)
    return last / last.sum()
""",
            "chosen last",
        ),
        Wrong(
            """
def chances(points, chosen):
    farthest = ((points[:, None, :] - chosen) ** 2).sum(axis=2).max(axis=1)
    return farthest / farthest.sum()
""",
            "served well",
        ),
        Wrong(
            """
def chances(points, chosen):
    total = ((points[:, None, :] - chosen) ** 2).sum(axis=2).sum(axis=1)
    return total / total.sum()
""",
            "a start already",
        ),
        Wrong(
            """
def chances(points, chosen):
    return np.full(len(points), 1 / len(points))
""",
            "a random start",
        ),
    ],
    "10-standardise": [
        Wrong(
            """
def standardise(table):
    return (table - table.mean()) / table.std()
""",
            "Each column needs its own",
        ),
        Wrong(
            """
def standardise(table):
    mean, spread = table.mean(axis=1), table.std(axis=1)
    return (table - mean[:, None]) / spread[:, None]
""",
            "along the rows",
        ),
        Wrong(
            """
def standardise(table):
    return (table - table.mean(axis=0)) / table.std(axis=0, ddof=1)
""",
            "sample standard deviation",
        ),
        Wrong(
            """
def standardise(table):
    low, high = table.min(axis=0), table.max(axis=0)
    return (table - low) / (high - low)
""",
            "range from 0 to 1",
        ),
        Wrong(
            """
def standardise(table):
    with np.errstate(invalid="ignore"):
        return (table - table.mean(axis=0)) / table.std(axis=0)
""",
            "0 / 0 is NaN",
        ),
        Wrong(
            """
def standardise(table):
    spread = table.std(axis=0)
    kept = table[:, spread > 0]
    return (kept - kept.mean(axis=0)) / kept.std(axis=0)
""",
            "A column is gone",
        ),
        Wrong(
            """
def standardise(table):
    table -= table.mean(axis=0)
    spread = table.std(axis=0)
    table /= np.where(spread == 0, 1, spread)
    return table
""",
            "changed the table itself",
        ),
    ],
    "10-silhouette": [
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    own = distances[labels == labels[i]].mean()
    other = min(distances[labels == j].mean() for j in set(labels) - {labels[i]})
    return (other - own) / max(own, other)
""",
            "counts as a neighbour",
        ),
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    mine = labels == labels[i]
    own = distances[mine].sum() / (mine.sum() - 1)
    other = max(distances[labels == j].mean() for j in set(labels[~mine]))
    return (other - own) / max(own, other)
""",
            "takes the farthest cluster",
        ),
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    mine = labels == labels[i]
    own = distances[mine].sum() / (mine.sum() - 1)
    other = min(distances[labels == j].mean() for j in set(labels[~mine]))
    return (own - other) / max(own, other)
""",
            "The sign is turned round",
        ),
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    mine = labels == labels[i]
    own = distances[mine].sum() / (mine.sum() - 1)
    other = min(distances[labels == j].mean() for j in set(labels[~mine]))
    return other - own
""",
            "between −1 and 1",
        ),
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    mine = labels == labels[i]
    with np.errstate(invalid="ignore"):
        own = distances[mine].sum() / (mine.sum() - 1)
    other = min(distances[labels == j].mean() for j in set(labels[~mine]))
    return (other - own) / max(own, other)
""",
            "A cluster of one",
        ),
        Wrong(
            """
def silhouette(i, points, labels):
    distances = np.sqrt(((points - points[i]) ** 2).sum(axis=1))
    mine = labels == labels[i]
    own = distances[mine].sum() / max(mine.sum() - 1, 1)
    other = min(distances[labels == j].mean() for j in set(labels[~mine]))
    return (other - own) / max(own, other)
""",
            "A point alone",
        ),
    ],
    "10-gain": [
        Wrong(
            """
def gain(labels, values):
    rest = 0
    for value in set(values):
        part = [label for label, v in zip(labels, values) if v == value]
        rest += len(part) / len(labels) * entropy(part)
    return rest * 1.0
""",
            "the entropy that is *left*",
        ),
        Wrong(
            """
def gain(labels, values):
    rest = 0
    for value in set(values):
        part = [label for label, v in zip(labels, values) if v == value]
        rest += len(part) / len(labels) * entropy(part)
    return rest - entropy(labels)
""",
            "the wrong way round",
        ),
        Wrong(
            """
def gain(labels, values):
    rest = 0
    for value in set(values):
        part = [label for label, v in zip(labels, values) if v == value]
        rest += entropy(part) / len(set(values))
    return entropy(labels) - rest
""",
            "by its share of the rows",
        ),
        Wrong(
            """
def gain(labels, values):
    return entropy(labels)
""",
            "before the question",
        ),
    ],
    "10-threshold": [
        Wrong(
            """
def best_threshold(numbers, labels):
    best, threshold = 0, None
    for number in sorted(set(numbers)):
        found = information_gain(labels, [n <= number for n in numbers])
        if found > best:
            best, threshold = found, number
    return threshold
""",
            "This is one of the numbers",
        ),
        Wrong(
            """
def best_threshold(numbers, labels):
    best, threshold = 0, None
    for low, high in zip(numbers, numbers[1:]):
        middle = (low + high) / 2
        found = information_gain(labels, [n <= middle for n in numbers])
        if found > best:
            best, threshold = found, middle
    return threshold
""",
            "Neighbours are neighbours after sorting",
        ),
        Wrong(
            """
def best_threshold(numbers, labels):
    best, threshold = 0, None
    places = sorted(set(numbers))
    for low, high in zip(places, places[1:]):
        middle = (low + high) / 2
        found = information_gain(labels, [n <= middle for n in numbers])
        if found >= best:
            best, threshold = found, middle
    return threshold
""",
            "The lower one is asked for",
        ),
        Wrong(
            """
def best_threshold(numbers, labels):
    places = sorted(set(numbers))
    middles = [(low + high) / 2 for low, high in zip(places, places[1:])]
    return max(middles, key=lambda m: information_gain(labels, [n <= m for n in numbers]))
""",
            "no threshold gains anything",
        ),
        Wrong(
            """
def best_threshold(numbers, labels):
    places = sorted(set(numbers))
    middles = [(low + high) / 2 for low, high in zip(places, places[1:])]
    gains = [information_gain(labels, [n <= m for n in numbers]) for m in middles]
    best = max(gains)
    return middles[gains.index(best)] if best > 0 else None
""",
            "All numbers are equal",
            "raised",
        ),
        Wrong(
            """
def best_threshold(numbers, labels):
    places = sorted(set(numbers))
    middles = [(low + high) / 2 for low, high in zip(places, places[1:])]
    return max(information_gain(labels, [n <= m for n in numbers]) for m in middles) * 0.999
""",
            "This looks like a gain",
        ),
    ],
}

SURVIVORS = {
    "10-standardise": {
        "line 4: 1 -> 2": "A constant column is all zeros by then; divided by 2 it stays zeros.",
    },
    "10-threshold": {
        "line 6: LtE -> Lt": "No number lies halfway between two neighbouring numbers.",
    },
}
