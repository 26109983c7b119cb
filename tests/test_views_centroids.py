"""The centroid stepper: its passes against the worked example and scikit-learn, words, widget."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.cluster import KMeans

from coursekit import views
from coursekit.ground.errors import CourseError
from coursekit.views import centroids

POINTS = [(1, 1), (1.5, 2), (3, 4), (5, 7), (3.5, 5), (4.5, 5), (3.5, 4.5)]
START = [(1, 1), (5, 7)]


@pytest.fixture(scope="module")
def told():
    return centroids.steps(POINTS, START)


def test_the_seven_points_go_the_way_that_the_chapter_works_out(told):
    assigned = told[1::2]
    assert ["".join(map(str, step.labels)) for step in assigned] == [
        "0001111", "0011111", "0011111"
    ]  # fmt: skip
    assert [step.inertia for step in assigned] == pytest.approx([33.25, 11.2257, 8.525], abs=1e-4)
    assert [step.changed for step in assigned] == [7, 1, 0]
    updated = told[2::2]
    assert [step.shift for step in updated] == pytest.approx([5.8785, 1.1610, 0], abs=1e-4)
    assert updated[0].centroids.ravel() == pytest.approx([5.5 / 3, 7 / 3, 4.125, 5.375])
    assert updated[1].centroids.ravel() == pytest.approx([1.25, 1.5, 3.9, 5.1])


@pytest.mark.parametrize("seed", range(5))
def test_it_ends_where_scikit_learn_ends_and_the_inertia_never_rises(seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(120, 2))
    start = points[random.choice(120, 4, replace=False)]
    passes = centroids.steps(points, start)
    model = KMeans(4, init=start, n_init=1, tol=0).fit(points)
    assert passes[-1].inertia == pytest.approx(model.inertia_)
    assert (passes[-1].labels == model.labels_).all()
    course = [step.inertia for step in passes[1:]]
    assert all(after <= before + 1e-9 for before, after in pairwise(course))


def test_an_empty_cluster_keeps_its_centroid_and_is_named():
    passes = centroids.steps(POINTS, [*START, (20, 20)])
    assert passes[-1].centroids[2].tolist() == [20, 20]
    assert all(step.empty == (2,) for step in passes[1:])
    assert "Cluster 2 is empty" in centroids.caption(passes[-1])


def test_the_captions_and_the_words_hold_the_numbers(told):
    said = [centroids.caption(step) for step in told]
    assert "no point has a cluster yet" in said[0]
    assert "7 points changed. Inertia 33.25." in said[1]
    assert "squared shifts 5.8785" in said[2]
    assert "1 point changed" in said[3] and "no point changed" in said[5]
    assert "no centroid moves" in said[6]
    words = centroids.in_words(told)
    assert "2 centroids and 7 points, 3 passes" in words
    assert "centroid 0 from (1, 1) to (1.25, 1.5) with 2 points" in words
    assert "33.25, 11.226, 8.525" in words


def test_the_regions_show_the_nearest_centroid_on_axes_of_equal_length(told):
    import matplotlib.pyplot as plt

    figure = centroids.draw(POINTS, told, 2)
    place, course = figure.axes
    shading = place.images[0]
    left, right, bottom, top = shading.get_extent()
    cells = shading.get_array()
    for x, y in POINTS:
        column = round((x - left) / (right - left) * (cells.shape[1] - 1))
        row = round((y - bottom) / (top - bottom) * (cells.shape[0] - 1))
        apart = ((told[2].centroids - (x, y)) ** 2).sum(axis=1)
        assert cells[row, column] == apart.argmin()
    assert place.get_aspect() == 1
    assert "Pass 1: update" in place.get_title() and "Inertia" in course.get_title()
    plt.close(figure)


def test_the_slider_steps_and_another_start_begins_anew():
    from ipywidgets import HTML, Dropdown, Image, IntSlider

    view = views.explore_centroids(POINTS, {"far": START, "near": [(1, 1), (1.5, 2)]})
    controls, told, picture = view.children
    step = next(w for w in controls.children if isinstance(w, IntSlider))
    choice = next(w for w in controls.children if isinstance(w, Dropdown))
    assert isinstance(told, HTML) and isinstance(picture, Image)
    assert "ck-view" in view._dom_classes and step.max == 6
    before = picture.value
    step.value = 2
    assert "Pass 1, update" in told.value and picture.value != before
    choice.value = "near"
    assert step.value == 0 and "Start:" in told.value
    without = view._repr_mimebundle_()
    assert without["text/plain"].startswith("Start far. k-means") and without["image/png"]


@pytest.mark.parametrize(
    ("points", "start", "tells"),
    [
        ([(1, 2, 3)], [(1, 2, 3)], "needs \\(rows, 2\\)"),
        ([(1, np.nan)], [(1, 2)], "missing or infinite"),
        (np.zeros((6000, 2)), [(0, 0)], "cannot be told apart"),
        (POINTS, POINTS + POINTS, "cannot be told apart"),
    ],
)
def test_what_cannot_be_drawn_is_named(points, start, tells):
    with pytest.raises(CourseError, match=tells):
        views.explore_centroids(points, start)
