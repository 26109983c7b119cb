"""The picture of epsilon: its numbers against the definition, its words, its slider."""

import math

import numpy as np
import pytest

from coursekit import views
from coursekit.ground.errors import CourseError
from coursekit.views import privacy

VALUES = [0, 50, 100, 400]  # clamped to 100, the mean is 62.5


@pytest.fixture
def measured():
    return privacy.private_mean(VALUES, 0, 100)


def test_the_mean_is_of_clamped_values_and_one_person_moves_it_by_the_range_by_n(measured):
    assert measured == privacy.PrivateMean(mean=62.5, change=25.0)
    assert privacy.private_mean([-7, 7], -1, 1) == privacy.PrivateMean(0.0, 1.0)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
def test_the_densities_keep_the_promise_of_epsilon_and_use_it_up(measured, epsilon):
    width = 40 * measured.scale(epsilon)
    x = np.linspace(measured.mean - width, measured.mean + width, 400_001)
    one = measured.density(x, epsilon)
    other = measured.density(x, epsilon, measured.change)
    assert np.trapezoid(one, x) == pytest.approx(1, abs=1e-4)
    assert (one / other).max() == pytest.approx(math.exp(epsilon))
    assert (other / one).max() == pytest.approx(math.exp(epsilon))
    # The best guess takes the likelier table at each answer.
    best = np.trapezoid(np.maximum(one, other), x) / 2
    assert best == pytest.approx(privacy.guesses_right(epsilon), abs=1e-4)
    # The mean error of an answer is the scale of its noise.
    error = np.trapezoid(np.abs(x - measured.mean) * one, x)
    assert error == pytest.approx(measured.scale(epsilon), rel=1e-3)


def test_no_privacy_loss_is_a_coin():
    assert privacy.guesses_right(0) == 0.5
    assert privacy.guesses_right(50) == pytest.approx(1)


def test_the_words_hold_the_numbers(measured):
    words = privacy.in_words(measured, 0.5)
    assert "epsilon 0.5" in words
    assert "at most 25.0" in words and "wrong by 50.0" in words
    assert "61 times in 100" in words  # 1 - exp(-1/4) / 2


@pytest.mark.parametrize(
    ("values", "lower", "upper", "tells"),
    [([], 0, 1, "needs numbers"), ([1, math.nan], 0, 1, "needs numbers"), ([1], 5, 5, "empty")],
)
def test_what_has_no_private_mean_is_named(values, lower, upper, tells):
    with pytest.raises(CourseError, match=tells):
        views.explore_epsilon(values, lower, upper)


def test_the_slider_moves_the_picture_and_its_words():
    box = views.explore_epsilon(VALUES, 0, 100)
    slider, picture, words = box.children
    assert "ck-view" in box._dom_classes and "ck-epsilon" in slider._dom_classes
    first = bytes(picture.value), words.value
    slider.value = 0.1
    assert bytes(picture.value) != first[0]
    assert "epsilon 0.1" in words.value != first[1]


def test_without_a_browser_there_are_a_picture_and_words(measured):
    shown = views.explore_epsilon(VALUES, 0, 100)._repr_mimebundle_()
    assert shown["text/plain"] == privacy.in_words(measured, privacy.FIRST)
    assert shown["image/png"].startswith("iVBOR")


def test_the_picture_has_a_title_and_named_axes(measured):
    figure = privacy.draw(measured, 0.3)
    in_dollars = privacy.draw(privacy.private_mean(VALUES, 0, 100, "USD"), 0.3)
    assert all("(USD)" in axes.get_xlabel() for axes in in_dollars.axes)
    answers, price = figure.axes
    assert "epsilon 0.3" in answers.get_title()
    for axes in (answers, price):
        assert axes.get_xlabel() and axes.get_ylabel()
    assert len(answers.get_legend().get_texts()) == 2
