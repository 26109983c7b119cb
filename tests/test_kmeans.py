"""coursekit.kmeans: the same clusters as scikit-learn's from the same start, and what must hold."""

import subprocess
import sys
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans as Yardstick
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from coursekit.kmeans import KMeans, chunks, lloyd
from coursekit.kmeans.points import Points

few = settings(max_examples=15, deadline=None, derandomize=True)
SEVEN = [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5), (4.5, 5), (3.5, 4.5)]


@parametrize_with_checks([KMeans(n_clusters=3)])
def test_it_keeps_scikit_learns_conventions(estimator, check):
    check(estimator)


def blobs(seed, samples=400, features=3, clusters=4, spread=1.0):
    """Return points around centres, overlapping, and a start among the points."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(clusters, features)) * 2
    points = centers[draw.integers(clusters, size=samples)]
    points = points + spread * draw.normal(size=points.shape)
    return points, points[:clusters].copy()


@st.composite
def data(draw, samples=(20, 400)):
    """Draw points and a start among them."""
    seed, size = draw(st.integers(0, 10**6)), draw(st.integers(*samples))
    return blobs(seed, size, draw(st.integers(1, 6)), draw(st.integers(1, 8)))


def fit(points, start, **options):
    return KMeans(len(start), init=start, **options).fit(points)


# The same as scikit-learn


def agree(points, start, **options):
    ours = fit(points, start, **options)
    theirs = Yardstick(len(start), init=start, n_init=1, **options).fit(points)
    assert ours.n_iter_ == theirs.n_iter_
    assert (ours.labels_ == theirs.labels_).all()
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-6)
    tolerance = 1e-10 if points.dtype == np.float64 else 1e-4
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=tolerance)
    assert ours.cluster_centers_.dtype == theirs.cluster_centers_.dtype == points.dtype
    assert ours.labels_.dtype == theirs.labels_.dtype


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(6))
def test_from_the_same_start_all_is_as_in_scikit_learn(kind, seed):
    points, start = blobs(seed, samples=700 + seed, features=2 + seed, clusters=3 + seed)
    agree(points.astype(kind), start.astype(kind))


# Among very many points in float32 a few are so near to a border that rounding decides; here it
# does not.
@pytest.mark.parametrize(("kind", "samples"), [(np.float64, 30_000), (np.float32, 3000)])
def test_noise_too_where_bounds_help_least(kind, samples):
    points = np.random.default_rng(1).random((samples, 8)).astype(kind)
    agree(points, points[:12].copy(), max_iter=15, tol=0)


@pytest.mark.parametrize("draw", ["k-means++", "random"])
def test_from_the_same_random_state_the_start_is_the_same(draw):
    points, _ = blobs(3, samples=600)
    ours = KMeans(5, init=draw, random_state=11).fit(points)
    theirs = Yardstick(5, init=draw, random_state=11).fit(points)
    assert (ours.labels_ == theirs.labels_).all()
    assert ours.inertia_ == pytest.approx(theirs.inertia_)


def test_tolerance_is_relative_to_the_variance():
    points, start = blobs(5, samples=2000)
    for tol in (1e-1, 1e-2, 1e-3):
        agree(points, start, tol=tol)
        agree(1000 * points, 1000 * start, tol=tol)
    assert fit(points, start, tol=1e-1).n_iter_ < fit(points, start, tol=1e-3).n_iter_


def test_predict_transform_and_score_are_as_in_scikit_learn():
    points, start = blobs(8)
    more, _ = blobs(9)
    ours, theirs = fit(points, start), Yardstick(4, init=start, n_init=1).fit(points)
    assert (ours.predict(more) == theirs.predict(more)).all()
    np.testing.assert_allclose(ours.transform(more), theirs.transform(more))
    assert ours.score(more) == pytest.approx(theirs.score(more))
    assert (ours.fit_predict(points) == ours.predict(points)).all()


# What must hold


def test_the_worked_example_step_by_step():
    start = SEVEN[0], SEVEN[3]
    first = KMeans(2, init=start, max_iter=1).fit(SEVEN)
    np.testing.assert_allclose(first.cluster_centers_, [(11 / 6, 7 / 3), (4.125, 5.375)])
    assert ((first.cluster_centers_ - start) ** 2).sum() == pytest.approx(5.8785, abs=1e-4)
    assert first.inertia_ == pytest.approx(11.2257, abs=1e-4)
    second = KMeans(2, init=start, max_iter=2).fit(SEVEN)
    np.testing.assert_allclose(second.cluster_centers_, [(1.25, 1.5), (3.9, 5.1)])
    moved = ((second.cluster_centers_ - first.cluster_centers_) ** 2).sum()
    assert moved == pytest.approx(1.1610, abs=1e-4)
    last = KMeans(2, init=start).fit(SEVEN)
    assert last.n_iter_ == 3
    assert last.inertia_ == pytest.approx(8.525)
    assert last.labels_.tolist() == [0, 0, 1, 1, 1, 1, 1]
    assert last.score(SEVEN) == pytest.approx(-8.525)
    assert -KMeans(2, init=start).fit(start).score(SEVEN) == pytest.approx(33.25)


def test_a_tie_goes_to_the_lower_index():
    # (3, 4) is as far from (1, 1) as from (5, 7); the first pass must put it into cluster 0, or
    # the means of the step-by-step test would differ. Here the same the other way round:
    swapped = KMeans(2, init=[(5, 7), (1, 1)], max_iter=1).fit(SEVEN)
    np.testing.assert_allclose(swapped.cluster_centers_[1], [1.25, 1.5])
    for offset in (0, 0.1, 1e6 + 0.1):
        grid = np.arange(-3.0, 4)[:, None] + offset
        model = KMeans(2, init=[[-2 + offset], [2 + offset]], max_iter=1).fit(grid)
        model.cluster_centers_ = np.array([[-2.0], [2.0]]) + offset
        assert model.predict(grid).tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_a_tie_that_rounding_hides_goes_to_the_lower_index():
    # 0.3 is as far from 0.5 as from 0.1, but 0.3 - 0.1 < 0.5 - 0.3 in float64.
    model = KMeans(2, init=[[0.5], [0.1]]).fit([[0.5], [0.1]])
    assert model.predict([[0.3]]).tolist() == [0]


def test_equal_centres_leave_all_points_to_the_first():
    points, _ = blobs(2)
    model = fit(points, points[:4])
    model.cluster_centers_ = np.repeat(points[:1], 4, axis=0)
    assert not model.predict(points).any()


@few
@given(data(), st.randoms(use_true_random=False))
def test_permuting_the_points_permutes_the_labels(some, chance):
    points, start = some
    order = np.array(chance.sample(range(len(points)), len(points)))
    model, shuffled = fit(points, start), fit(points[order], start)
    assert (model.labels_[order] == shuffled.labels_).all()
    assert model.inertia_ == pytest.approx(shuffled.inertia_, abs=1e-9)


@few
@given(data())
def test_inertia_never_rises(some):
    points, start = some
    inertias = [fit(points, start, max_iter=n, tol=0).inertia_ for n in range(1, 8)]
    assert all(after <= before * (1 + 1e-12) for before, after in pairwise(inertias))


@few
@given(data(samples=(40, 200)), st.sampled_from([1e-3, 1, 1e5]))
def test_moving_and_turning_all_points_moves_and_turns_the_centres(some, far):
    points, start = some
    features = points.shape[1]
    turn, _ = np.linalg.qr(np.random.default_rng(features).normal(size=(features, features)))
    model, moved = fit(points, start), fit(points @ turn + far, start @ turn + far)
    assert (model.labels_ == moved.labels_).all()
    assert model.n_iter_ == moved.n_iter_
    np.testing.assert_allclose(moved.cluster_centers_, model.cluster_centers_ @ turn + far)


@few
@given(data(samples=(20, 100)))
def test_every_point_twice_changes_only_the_inertia(some):
    points, start = some
    model, twice = fit(points, start), fit(np.repeat(points, 2, axis=0), start)
    assert (twice.labels_[::2] == model.labels_).all()
    assert (twice.labels_[1::2] == model.labels_).all()
    assert twice.inertia_ == pytest.approx(2 * model.inertia_, abs=1e-9)


@few
@given(data())
def test_centres_are_means_and_labels_the_nearest(some):
    points, start = some
    model = fit(points, start, tol=0)
    distances = ((points[:, None] - model.cluster_centers_) ** 2).sum(axis=2)
    assert (model.labels_ == distances.argmin(axis=1)).all()
    assert model.inertia_ == pytest.approx(distances.min(axis=1).sum(), abs=1e-9)
    for cluster in np.unique(model.labels_):
        mean = points[model.labels_ == cluster].mean(axis=0)
        np.testing.assert_allclose(model.cluster_centers_[cluster], mean, atol=1e-9)


def test_the_bounds_change_no_answer(monkeypatch):
    points, start = blobs(4, samples=60_000, features=5, clusters=9)
    quick = fit(points, start, tol=0, max_iter=40)
    monkeypatch.setattr(lloyd.Clusters, "moved", lambda self, shift: None)
    monkeypatch.setattr(lloyd, "MANY", -1)
    # Without bounds: the travel stays 0, and every point is looked at in every iteration.
    assign = lloyd.Clusters.assign

    def all_points(self, centers, each):
        self.holds[:] = -1
        return assign(self, centers, each)

    monkeypatch.setattr(lloyd.Clusters, "assign", all_points)
    full = fit(points, start, tol=0, max_iter=40)
    assert quick.n_iter_ == full.n_iter_
    assert (quick.labels_ == full.labels_).all()
    assert quick.inertia_ == pytest.approx(full.inertia_, rel=1e-13)


def test_threads_and_chunks_change_no_answer(monkeypatch):
    points, start = blobs(6, samples=50_000)
    many = fit(points, start)
    monkeypatch.setattr(chunks, "_processors", lambda: 1)
    one = fit(points, start)
    assert (many.cluster_centers_ == one.cluster_centers_).all()
    assert many.inertia_ == one.inertia_
    monkeypatch.setattr(chunks, "ROWS", 700)
    small = fit(points, start)
    assert (small.labels_ == many.labels_).all()
    np.testing.assert_allclose(small.cluster_centers_, many.cluster_centers_)


def test_float32_points_get_the_clusters_of_the_same_points_in_float64():
    points = (blobs(7, samples=3000)[0] * 1e-2 + 1).astype(np.float32)
    single, double = fit(points, points[:6]), fit(points.astype(float), points[:6].astype(float))
    assert (single.labels_ == double.labels_).mean() > 0.999
    assert single.inertia_ == pytest.approx(double.inertia_, rel=1e-4)


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1e30, 1e150])
def test_numbers_of_any_size(size):
    points, start = blobs(1)
    usual, scaled = fit(points, start, tol=0), fit(points * size, start * size, tol=0)
    assert (scaled.labels_ == usual.labels_).all()
    np.testing.assert_allclose(scaled.cluster_centers_, usual.cluster_centers_ * size)


def test_a_far_point_does_not_blur_the_others():
    points, start = blobs(1, samples=5000)
    points[17] = 1e6
    agree(points, start)
    # In float32 next to nothing could be told for certain, and all would be computed twice.
    assert Points(points, 4, map).blocks.dtype == np.float64


# What float32 cannot tell


def test_an_almost_tie_is_decided_by_the_points_themselves():
    draw = np.random.default_rng(0)
    centers = draw.normal(size=(2, 8))
    across = centers[1] - centers[0]
    points = draw.normal(size=(500, 8))
    points -= np.outer((points - centers.mean(axis=0)) @ across / (across @ across), across)
    # Now all are as far from one centre as from the other; a step to one side decides.
    side = draw.integers(2, size=len(points))
    points += np.outer(2 * side - 1, across) * 1e-9
    model = fit(centers, centers)
    assert (model.predict(points) == side).all()


# Special cases


def test_one_cluster_is_the_mean():
    points, _ = blobs(0)
    model = KMeans(1, random_state=0).fit(points)
    np.testing.assert_allclose(model.cluster_centers_[0], points.mean(axis=0))
    assert model.inertia_ == pytest.approx(((points - points.mean(axis=0)) ** 2).sum())
    assert not model.predict(points).any()


@pytest.mark.parametrize("draw", ["k-means++", "random"])
def test_as_many_clusters_as_points_leave_no_inertia(draw):
    points, _ = blobs(0, samples=30)
    model = KMeans(30, init=draw, random_state=0).fit(points)
    assert model.inertia_ == pytest.approx(0, abs=1e-20)
    assert sorted(model.labels_) == list(range(30))


def test_constant_columns_and_constant_data():
    points, start = blobs(0)
    wider = np.column_stack([points, np.full(len(points), 7.0)])
    model = fit(wider, np.column_stack([start, np.full(len(start), 7.0)]))
    assert (model.labels_ == fit(points, start).labels_).all()
    assert (model.cluster_centers_[:, -1] == 7).all()
    with pytest.warns(ConvergenceWarning, match="Only 1 of n_clusters=3"):
        same = KMeans(3, random_state=0).fit(np.full((10, 2), 0.1))
    assert same.inertia_ == 0


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_an_empty_cluster_gets_the_farthest_point(kind):
    points = np.array([[0, 0], [2, 0], [0, 1], [9, 9], [5, 4]], dtype=kind)
    start = np.array([[0, 0], [1.25, 1], [100, 100]], dtype=kind)
    once = fit(points, start, max_iter=1)
    assert (once.cluster_centers_[2] == [9, 9]).all()
    agree(points, start)


def test_several_empty_clusters_as_in_scikit_learn():
    points, _ = blobs(3, samples=300)
    far = np.array([[50.0, 50, 50], [60, 60, 60], [70, 70, 70]])
    agree(points, np.vstack([points[:2], far]))


@pytest.mark.filterwarnings("ignore:Number of distinct clusters")
def test_an_empty_cluster_joins_the_largest_where_no_point_is_far():
    points = np.array([[0.0], [1], [1]])
    start = np.array([[0.0], [1], [5]])  # all points lie on a centre; the third stays empty
    agree(points, start)
    assert fit(points, start, max_iter=1).cluster_centers_[2] == [1]


def test_sums_are_taken_afresh_in_a_long_run(monkeypatch):
    monkeypatch.setattr(lloyd, "AFRESH", 3)
    change = lloyd.Clusters._change
    wrong = iter([0.01])  # what stands for the rounding of a long run

    def rounded(self, rows, old, new):
        sums, counts = change(self, rows, old, new)
        return sums + next(wrong, 0), counts

    monkeypatch.setattr(lloyd.Clusters, "_change", rounded)
    points, start = blobs(12, samples=900, clusters=8)
    ours = fit(points, start, tol=0)
    theirs = Yardstick(8, init=start, n_init=1, tol=0).fit(points)
    assert ours.n_iter_ > 3
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, atol=1e-10)


# What is refused


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([[1.0], [np.nan], [2.0]], "Input X contains NaN"),
        ([[1.0], [np.inf], [2.0]], "Input X contains infinity"),
        ([["a"], ["b"], ["c"]], "could not convert string to float"),
        ([[1.0]], "n_samples=1 should be >= n_clusters=2"),
        ([1.0, 2.0], "Expected 2D array, got 1D array"),
    ],
)
def test_data_that_cannot_be_clustered_are_refused_by_name(points, words):
    with pytest.raises(ValueError, match=words):
        KMeans(2).fit(points)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_clusters": 0}, "n_clusters=0 should be a whole number of 1 or more"),
        ({"n_clusters": 2.0}, "n_clusters=2.0 should be a whole number"),
        ({"max_iter": 0}, "max_iter=0"),
        ({"tol": -1}, "tol=-1 should be a number of 0 or more"),
        ({"tol": float("nan")}, "tol=nan"),
        ({"n_init": "always"}, "n_init='always'"),
        ({"init": "k-means"}, "init='k-means' should be"),
        ({"init": [[1, 2, 3]]}, r"init has shape \(1, 3\); 8 clusters .* need \(8, 2\)"),
        ({"init": [[np.nan, 1]] * 8}, "contains NaN"),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        KMeans(**options).fit(np.random.default_rng(0).random((20, 2)))


def test_other_features_than_in_fit_are_refused():
    points, start = blobs(0)
    with pytest.raises(ValueError, match="X has 2 features, but KMeans is expecting 3"):
        fit(points, start).predict(points[:, :2])


def test_names_of_a_data_frame_are_kept():
    import pandas as pd

    points, start = blobs(0)
    table = pd.DataFrame(points, columns=["recency", "frequency", "value"])
    model = fit(table, start)
    assert model.feature_names_in_.tolist() == list(table.columns)
    assert model.get_feature_names_out().tolist() == ["kmeans0", "kmeans1", "kmeans2", "kmeans3"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table.rename(columns={"value": "sum"}))


# What it costs


def test_the_data_are_neither_changed_nor_copied():
    points, start = blobs(0, samples=20_000, features=16)
    points.flags.writeable = False
    layout = Points(points, 4, map)
    assert layout.X is points
    assert layout.blocks.dtype == np.float32
    assert layout.blocks.nbytes + layout.squares.nbytes < 0.7 * points.nbytes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(points, start)


def test_coursekit_is_imported_without_scikit_learn():
    code = "import sys, coursekit; sys.exit('sklearn' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
