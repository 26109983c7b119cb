"""coursekit.trees: the numbers worked out by hand, scikit-learn's splits, and categories."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from sklearn import datasets
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from coursekit import trees
from coursekit.trees import TreeClassifier

few = settings(max_examples=25, deadline=None, derandomize=True)
DECISIONS = pd.DataFrame(
    [
        ("young", "high", "no", "no"),
        ("young", "high", "yes", "yes"),
        ("young", "low", "no", "no"),
        ("mid", "high", "no", "yes"),
        ("mid", "low", "yes", "yes"),
        ("mid", "low", "no", "yes"),
        ("old", "low", "yes", "yes"),
        ("old", "low", "no", "no"),
        ("old", "high", "no", "no"),
        ("young", "low", "yes", "yes"),
    ],
    columns=["age", "income", "member", "buys"],
)
TABLE, BUYS = DECISIONS[["age", "income", "member"]], DECISIONS["buys"]
TREE = """\
member
├─ no: age
│  ├─ mid: yes (2)
│  ├─ old: no (2)
│  └─ young: no (2)
└─ yes: yes (4)"""


@parametrize_with_checks([TreeClassifier(), TreeClassifier("gain ratio"), TreeClassifier("gini")])
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)


# The numbers


@pytest.mark.parametrize(
    ("column", "left", "gain", "ratio", "gini"),
    [
        ("age", 0.675489, 0.295462, 0.188078, 0.3333),
        ("income", 0.950978, 0.019973, 0.020571, 0.4667),
        ("member", 0.550978, 0.419973, 0.432538, 0.2667),
    ],
)
def test_the_decision_table(column, left, gain, ratio, gini):
    by = DECISIONS[column]
    assert trees.conditional_entropy(BUYS, by) == pytest.approx(left, abs=1e-6)
    assert trees.information_gain(BUYS, by) == pytest.approx(gain, abs=1e-6)
    assert trees.gain_ratio(BUYS, by) == pytest.approx(ratio, abs=1e-6)
    assert trees.weighted_gini(BUYS, by) == pytest.approx(gini, abs=1e-4)
    assert trees.gini_gain(BUYS, by) == pytest.approx(trees.gini(BUYS) - gini, abs=1e-4)


def test_entropy_and_gini_of_labels():
    assert trees.entropy(BUYS) == pytest.approx(0.970951, abs=1e-6)
    assert trees.entropy([0] * 2 + [1] * 4 + [2] * 4) == pytest.approx(1.521928, abs=1e-6)
    assert trees.entropy(["a", "b", "c", "d"]) == 2
    assert str(trees.entropy(["a", "a"])) == "0.0"
    assert trees.gini(BUYS) == pytest.approx(0.48)
    assert trees.gini([True, True]) == 0


def test_a_split_into_one_value_gains_nothing():
    assert trees.information_gain(BUYS, ["same"] * 10) == 0
    assert trees.gain_ratio(BUYS, ["same"] * 10) == 0


def test_the_gain_ratio_does_not_fall_for_row_numbers():
    numbers = range(10)
    assert trees.information_gain(BUYS, numbers) == pytest.approx(trees.entropy(BUYS))
    assert trees.gain_ratio(BUYS, numbers) < trees.gain_ratio(BUYS, DECISIONS["member"])


@few
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=40))
def test_what_holds_for_any_split(rows):
    labels, by = zip(*rows, strict=True)
    h = trees.entropy(labels)
    assert 0 <= h <= np.log2(len(set(labels))) + 1e-12
    assert -1e-12 <= trees.information_gain(labels, by) <= h + 1e-12
    assert trees.information_gain(labels, by) == pytest.approx(
        trees.information_gain(by, labels), abs=1e-12
    )
    assert trees.information_gain(labels, labels) == pytest.approx(h)
    assert -1e-12 <= trees.gini_gain(labels, by) <= trees.gini(labels) + 1e-12


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="3 labels, but 2 values to split by"):
        trees.information_gain([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="labels should be one value per row, at least one"):
        trees.entropy([])


# Categories


@pytest.mark.parametrize("criterion", ["gain", "gain ratio", "gini"])
def test_the_tree_of_the_decision_table(criterion):
    tree = TreeClassifier(criterion).fit(TABLE, BUYS)
    assert tree.text() == TREE
    assert tree.score(TABLE, BUYS) == 1
    assert tree.classes_.tolist() == ["no", "yes"]
    assert tree.feature_names_in_.tolist() == ["age", "income", "member"]


def test_importances_add_up_and_leave_out_what_is_not_asked():
    tree = TreeClassifier().fit(TABLE, BUYS)
    h = trees.entropy(BUYS)
    member = trees.information_gain(BUYS, TABLE["member"]) / h
    np.testing.assert_allclose(tree.feature_importances_, [1 - member, 0, member])


def test_the_gain_ratio_asks_other_questions_than_the_gain():
    numbered = TABLE.assign(row=[f"row {i}" for i in range(10)])
    assert TreeClassifier("gain").fit(numbered, BUYS).text().startswith("row\n")
    assert TreeClassifier("gain ratio").fit(numbered, BUYS).text().startswith("row\n") is False


def test_an_unseen_category_gets_the_majority_of_its_node():
    tree = TreeClassifier().fit(TABLE, BUYS)
    rows = pd.DataFrame(
        {"age": ["ancient", "mid", "mid"], "income": ["low"] * 3, "member": ["no", "no", "maybe"]}
    )
    assert tree.predict(rows).tolist() == ["no", "yes", "yes"]  # 4 of 6 no, a leaf, 6 of 10 yes
    np.testing.assert_allclose(tree.predict_proba(rows), [[4 / 6, 2 / 6], [0, 1], [0.4, 0.6]])


@pytest.mark.parametrize("kind", ["category", "string", object])
def test_all_kinds_of_text_columns_are_categories(kind):
    tree = TreeClassifier().fit(TABLE.astype(kind), BUYS)
    assert tree.text() == TREE
    assert (tree.predict(TABLE) == BUYS).all()


def test_numbers_declared_as_categories_and_booleans_branch_by_value():
    table = pd.DataFrame({"zone": [1, 2, 3, 1, 2, 3], "new": [True, False] * 3})
    labels = ["a", "b", "a", "a", "b", "a"]
    assert TreeClassifier().fit(table, labels).text().startswith("zone\n├─ ≤ 1.5")
    by_value = TreeClassifier().fit(table.astype({"zone": "category"}), labels)
    assert by_value.text() == "zone\n├─ 1: a (2)\n├─ 2: b (2)\n└─ 3: a (2)"
    switch = TreeClassifier().fit(table[["new"]], [1, 0] * 3)
    assert switch.text() == "new\n├─ False: 0 (3)\n└─ True: 1 (3)"


def test_categories_and_numbers_in_one_table():
    table = pd.DataFrame({"rain": ["no", "no", "yes", "yes"], "wind": [2.0, 9.0, 3.0, 8.0]})
    tree = TreeClassifier().fit(table, ["no", "no", "yes", "no"])
    assert (
        tree.text()
        == "rain\n├─ no: no (2)\n└─ yes: wind\n   ├─ ≤ 5.5: yes (1)\n   └─ > 5.5: no (1)"
    )
    table.loc[1, "wind"] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        TreeClassifier().fit(table, [1, 0, 1, 0])


@few
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 9), st.booleans()),
        min_size=2,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
)
def test_any_table_is_learned_as_far_as_its_rows_differ(rows, chance):
    table = pd.DataFrame(rows, columns=["one", "two", "number", "label"])
    X, y = table[["one", "two", "number"]], table["label"]
    tree = TreeClassifier().fit(X, y)
    # A full tree answers with the majority of the rows that are alike.
    alike = table.groupby(["one", "two", "number"])["label"].agg(lambda some: some.mean() > 0.5)
    wanted = [bool(alike[tuple(row)]) for row in X.itertuples(index=False)]
    assert tree.predict(X).tolist() == wanted
    order = chance.sample(range(len(rows)), len(rows))
    assert TreeClassifier().fit(X.iloc[order], y.iloc[order]).text() == tree.text()


# Numbers, beside scikit-learn

DATA = {name: getattr(datasets, f"load_{name}") for name in ("iris", "wine", "breast_cancer")}


@pytest.mark.parametrize("depth", [1, 2, 3, None])
@pytest.mark.parametrize(("criterion", "theirs"), [("gini", "gini"), ("gain", "entropy")])
@pytest.mark.parametrize("name", DATA)
def test_as_accurate_as_scikit_learn_at_any_depth(name, criterion, theirs, depth):
    X, y = DATA[name](return_X_y=True)
    ours = TreeClassifier(criterion, max_depth=depth).fit(X, y)
    yardstick = DecisionTreeClassifier(criterion=theirs, max_depth=depth, random_state=0).fit(X, y)
    assert ours.score(X, y) == yardstick.score(X, y)


def best_splits(X, y, theirs):
    """Return the impurity left by scikit-learn's best split, and the splits that are as good.

    Which of several equal ones it takes depends on its random state.
    """
    found = set()
    for seed in range(8):
        stump = DecisionTreeClassifier(criterion=theirs, max_depth=1, random_state=seed).fit(X, y)
        tree = stump.tree_
        left = tree.impurity[1:] @ tree.n_node_samples[1:] / len(y)
        found.add((int(tree.feature[0]), round(float(tree.threshold[0]), 6)))
    return left, found


@pytest.mark.parametrize(("criterion", "theirs"), [("gini", "gini"), ("gain", "entropy")])
@pytest.mark.parametrize("name", DATA)
def test_every_question_is_one_that_scikit_learn_would_ask(name, criterion, theirs):
    X, y = DATA[name](return_X_y=True)
    X = X.astype(np.float32).astype(float)  # as its trees compare
    left_by = {"gini": trees.weighted_gini, "gain": trees.conditional_entropy}[criterion]
    waiting, alone = [(TreeClassifier(criterion).fit(X, y).root_, X, y)], 0
    while waiting:
        node, X, y = waiting.pop()
        if node.question is None:
            assert len(set(y)) == 1
            continue
        branches = node.question.branches(X)
        left, splits = best_splits(X, y, theirs)
        assert left_by(y, branches) == pytest.approx(left, abs=1e-9)
        if len(splits) == 1:
            alone += 1
            assert splits == {(node.question.column, round(node.question.threshold, 6))}
        waiting += [(node.children[i], X[branches == i], y[branches == i]) for i in (0, 1)]
    assert alone >= 3


@pytest.mark.parametrize(("criterion", "theirs"), [("gini", "gini"), ("gain", "entropy")])
@pytest.mark.parametrize("seed", range(3))
def test_the_same_answers_as_scikit_learn_where_nothing_ties(seed, criterion, theirs):
    data = datasets.make_classification(3000, 8, n_informative=5, n_classes=3, random_state=seed)
    X, y = data[0].astype(np.float32).astype(float), data[1]  # its trees compare float32
    limits = {"max_depth": 4, "min_samples_leaf": 60}
    ours = TreeClassifier(criterion, **limits).fit(X[:2000], y[:2000])
    yardstick = DecisionTreeClassifier(criterion=theirs, random_state=0, **limits)
    yardstick.fit(X[:2000], y[:2000])
    np.testing.assert_allclose(ours.predict_proba(X), yardstick.predict_proba(X))
    np.testing.assert_allclose(ours.feature_importances_, yardstick.feature_importances_)


def test_limits_of_growth():
    X, y = datasets.load_iris(return_X_y=True)
    for node in TreeClassifier(min_samples_leaf=9).fit(X, y).root_.walk():
        assert node.counts.sum() >= 9
    for node in TreeClassifier(min_samples_split=30).fit(X, y).root_.walk():
        assert node.question is None or node.counts.sum() >= 30
    assert max(node.depth for node in TreeClassifier(max_depth=2).fit(X, y).root_.walk()) == 2


def test_exclusive_or_is_learned_though_its_first_question_gains_nothing():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    assert TreeClassifier().fit(X, y).score(X, y) == 1
    text = pd.DataFrame(X).astype(str).set_axis(["a", "b"], axis=1)
    assert TreeClassifier().fit(text, y).score(text, y) == 1


def test_a_threshold_between_neighbouring_floats_separates_them():
    low = 1.0
    X = [[low], [np.nextafter(low, 2)]]
    assert TreeClassifier().fit(X, [0, 1]).predict(X).tolist() == [0, 1]


def test_a_long_chain_of_questions_needs_no_recursion():
    X = np.arange(1100.0)[:, None]
    tree = TreeClassifier().fit(X, np.arange(1100) % 2)
    assert tree.score(X, np.arange(1100) % 2) == 1


# What is refused


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"criterion": "entropy"}, "criterion='entropy' should be one of 'gain', 'gain ratio'"),
        ({"max_depth": 0}, "max_depth=0 should be a whole number of 1 or more"),
        ({"min_samples_split": 1}, "min_samples_split=1"),
        ({"min_samples_leaf": 0.5}, "min_samples_leaf=0.5"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        TreeClassifier(**options).fit([[0], [1]], [0, 1])


def test_missing_values_and_other_columns_are_refused_by_name():
    tree = TreeClassifier().fit(TABLE, BUYS)
    holes = TABLE.copy()
    holes.loc[3, "age"] = None
    with pytest.raises(ValueError, match="NaN: column 'age' has missing values"):
        tree.predict(holes)
    with pytest.raises(ValueError, match="NaN: column 'age'"):
        TreeClassifier().fit(holes, BUYS)
    with pytest.raises(ValueError, match="feature names"):
        tree.predict(TABLE.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="contains infinity"):
        TreeClassifier().fit([[0], [np.inf]], [0, 1])


# Shown to people


def test_text_says_how_many_rows_are_right():
    tree = TreeClassifier(max_depth=1).fit([[1], [2], [8], [9]], ["a", "a", "b", "a"])
    assert tree.text() == "column 0\n├─ ≤ 5: a (2)\n└─ > 5: a (1 of 2)"
    alone = TreeClassifier().fit([[1], [2]], ["a", "a"])
    assert alone.text() == "a (2)"
    assert alone.describe() == "A decision tree without a question: it always says a."


def test_the_description_says_what_is_asked_first():
    assert TreeClassifier().fit(TABLE, BUYS).describe() == (
        "A decision tree with 4 leaves, at most 2 questions deep, grown on 10 rows. It first asks "
        "for member. no: next age; yes: says yes."
    )


def overlaps(figure):
    """Return pairs of texts in a figure whose boxes overlap."""
    figure.canvas.draw()
    ax = figure.axes[0]
    boxes = [
        (text.get_text(), (text.get_bbox_patch() or text).get_window_extent())
        for text in [*ax.texts, ax.title]
    ]
    return [
        (one, other)
        for i, (one, box) in enumerate(boxes)
        for other, second in boxes[i + 1 :]
        if box.overlaps(second)
    ]


@pytest.mark.parametrize("name", ["decisions", *DATA])
def test_nothing_overlaps_in_a_drawing(name):
    if name == "decisions":
        figure = TreeClassifier().fit(TABLE, BUYS).draw()
    else:
        data = DATA[name](as_frame=True)
        figure = TreeClassifier("gini", max_depth=3).fit(data.data, data.target).draw()
    ax = figure.axes[0]
    assert overlaps(figure) == []
    assert ax.get_title().startswith("Decision tree by g")
    inside = figure.bbox.padded(1)
    assert all(inside.contains(*corner) for text in ax.texts
               for corner in text.get_window_extent().get_points())  # fmt: skip
    plt.close(figure)


def test_a_drawing_shows_every_node_and_answer_and_fits_into_given_axes():
    figure, ax = plt.subplots(figsize=(6, 4))
    assert TreeClassifier().fit(TABLE, BUYS).draw(ax) is figure
    shown = sorted(text.get_text() for text in ax.texts)
    nodes = ["member\n10 rows", "age\n6 rows", "yes\n2 rows", "no\n2 rows", "no\n2 rows"]
    assert shown == sorted([*nodes, "yes\n4 rows", "no", "yes", "mid", "old", "young"])
    assert overlaps(figure) == []
    plt.close(figure)
