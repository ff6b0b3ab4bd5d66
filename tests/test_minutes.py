import pytest

import vschaos2
from vschaos2.errors import InputError
from vschaos2.minutes import days_to_seconds, in_trainer_words
from vschaos2.overrides import lenient_overrides


@pytest.mark.parametrize(
    ("minutes", "time"),
    [
        ("20", "00:00:20:00"),
        ("0.5", "00:00:00:30"),
        ("1.51", "00:00:01:31"),
        ("1501", "01:01:01:00"),
        ("1000000", "694:10:40:00"),
    ],
)
def test_minutes_are_the_time_of_the_trainer_and_its_only_end(minutes, time):
    config = vschaos2.compose("dgt_small", f"minutes={minutes}", "data.dataset.root=x")
    assert config.trainer.max_time == time and config.trainer.max_epochs == -1
    assert "minutes" not in config


def test_epochs_that_are_given_stay():
    words = in_trainer_words(["trainer.max_epochs=3", "+minutes=2", "name=x"])
    assert words == ["trainer.max_epochs=3", "name=x", "++trainer.max_time=00:00:02:00"]


def test_words_without_minutes_and_words_taken_twice_stay_as_they_are():
    assert in_trainer_words(["a=1", "trainer.max_time=x"]) == ["a=1", "trainer.max_time=x"]
    once = lenient_overrides(["minutes=20", "name=x"])
    assert lenient_overrides(once) == once


@pytest.mark.parametrize(
    "value", ["", "0", "-1", "0.001", "1e3", "nan", "1,2", "1000001", "x", "٣"]
)
def test_minutes_that_cannot_be_are_one_line(value):
    with pytest.raises(InputError, match=r"^minutes must be a number .*: minutes=20 trains"):
        in_trainer_words([f"minutes={value}"])


@pytest.mark.parametrize("sign", ["", "+", "++"])
def test_two_durations_conflict(sign):
    with pytest.raises(InputError, match=r"^minutes=5 and .*max_time=00:00:01:00 both say how"):
        in_trainer_words([f"{sign}trainer.max_time=00:00:01:00", "minutes=5"])
    with pytest.raises(InputError, match="give minutes once"):
        in_trainer_words(["minutes=5", f"{sign}minutes=5"])


def test_durations_are_carried_over_every_unit():
    for seconds in (0, 59, 60, 3_599, 3_600, 86_399, 86_400, 10**7):
        days, hours, minutes, rest = map(int, days_to_seconds(seconds).split(":"))
        assert ((days * 24 + hours) * 60 + minutes) * 60 + rest == seconds
        assert hours < 24 and minutes < 60 and rest < 60
