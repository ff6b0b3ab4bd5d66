"""What is said of a training's end: arithmetic of steps, speeds and clocks."""

import math
from datetime import datetime
from types import SimpleNamespace

import pytest
from pytorch_lightning.callbacks import Timer

from vschaos2.runs.measure import Measure
from vschaos2.training.forecast import Forecast, in_words, seconds_left, time_of_day
from vschaos2.training.plateau import Plateau

NOON = datetime(2026, 11, 28, 12, 0, 0)


def test_the_first_of_two_limits_ends_a_training():
    assert seconds_left(100, 0.5, math.inf) == 50.0
    assert seconds_left(100, 0.5, 20.0) == 20.0
    assert seconds_left(math.inf, 0.5, 20.0) == 20.0
    assert seconds_left(math.inf, 0.5, math.inf) == math.inf


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "about 10 seconds"),
        (44, "about 40 seconds"),
        (89, "about 90 seconds"),
        (90, "about 2 minutes"),
        (21 * 60 + 20, "about 21 minutes"),
        (2 * 3600, "about 2.0 hours"),
        (50 * 3600, "about 2 days"),
    ],
)
def test_durations_are_no_more_exact_than_they_are_known(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (29, "12:00"),
        (31, "12:01"),
        (21 * 60, "12:21"),
        (12 * 3600 - 31, "23:59"),
        (12 * 3600, "Sunday 00:00"),
        (10 * 86400, "2026-12-08"),
    ],
)
def test_the_day_is_told_where_it_is_another(seconds, words):
    assert time_of_day(NOON, seconds) == words


class Place:
    """A trainer that stands somewhere, and a clock."""

    def __init__(self, total, *callbacks):
        self.trainer = SimpleNamespace(
            global_step=0, estimated_stepping_batches=total, callbacks=list(callbacks)
        )
        self.now = 0.0
        self.forecast = Forecast(clock=lambda: self.now, today=lambda: NOON)
        self.forecast.begin(self.trainer)

    def go(self, steps, seconds):
        self.trainer.global_step += steps
        self.now += seconds


def test_speed_so_far_tells_the_end():
    place = Place(1300)
    assert place.forecast.left_s(place.trainer) is None
    assert place.forecast.done_at(place.trainer) is None
    place.go(100, 50.0)
    assert place.forecast.left_s(place.trainer) == 600.0
    assert place.forecast.done_at(place.trainer) == "12:10"
    place.go(100, 150.0)  # the machine is busy: a second a step, all in all
    assert place.forecast.done_at(place.trainer) == "12:18"


def test_a_resumed_training_counts_its_own_steps():
    place = Place(1000)
    place.trainer.global_step = 900
    place.forecast.begin(place.trainer)
    place.go(50, 25.0)
    assert place.forecast.left_s(place.trainer) == 25.0


def test_time_and_a_plateau_end_it_earlier():
    timer, watch = Timer({"seconds": 300}), Plateau(Measure("x"), 0.33)
    place = Place(math.inf, timer, watch)
    place.go(100, 50.0)
    assert place.forecast.left_s(place.trainer) == pytest.approx(300.0, abs=1.0)
    watch.end = 300
    assert place.forecast.left_s(place.trainer) == 100.0
    watch.patience = None
    assert place.forecast.left_s(place.trainer) == pytest.approx(300.0, abs=1.0)


def test_the_first_line_comes_once_after_an_epoch_or_half_a_minute():
    place = Place(2000)
    place.go(20, 10.0)
    assert place.forecast.opening(place.trainer, False) is None
    place.go(20, 20.0)
    told = place.forecast.opening(place.trainer, False)
    assert told == "about 24 minutes: done at about 12:25"
    assert place.forecast.opening(place.trainer, True) is None

    watch = Plateau(Measure("x"), 0.33)
    for total, told in (
        (5000, "about 40 minutes: done at about 12:40"),  # before which none ends by itself
        (
            5120,
            "about 41 minutes: done at about 12:41, sooner if the held-out measure stops improving",
        ),
    ):
        place = Place(total, watch)
        place.go(200, 100.0)
        assert place.forecast.opening(place.trainer, True) == told


def test_without_a_limit_it_says_what_ends_it():
    for callbacks, ending in (
        ((), "done when you press Ctrl-C"),
        ((Plateau(Measure("x"), 0.33),), "done if the held-out measure stops improving"),
    ):
        place = Place(math.inf, *callbacks)
        place.go(200, 1.0)
        assert place.forecast.opening(place.trainer, True) == f"no end is set: {ending}"
        assert place.forecast.done_at(place.trainer) is None


def test_a_training_that_is_over_forecasts_nothing():
    place = Place(200)
    place.go(200, 5.0)
    assert place.forecast.opening(place.trainer, True) is None
