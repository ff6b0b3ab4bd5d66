"""minutes=20 on a command line: how long a training lasts, in the trainer's words."""

import re

from vschaos2.errors import InputError

MOST_MINUTES = 10**6  # two years
NUMBER = r"[0-9]{1,9}(\.[0-9]{1,9})?"


def in_trainer_words(words: list[str]) -> list[str]:
    """The key=value words, with `minutes` as `trainer.max_time` and without an end by epochs.

    `trainer.max_epochs` stays if it is among the words: what comes first ends the training.

    Raises:
        InputError: if minutes are no number in (0, 10⁶], are given twice, or beside
            `trainer.max_time`.
    """
    given = [word for word in words if _key(word) == "minutes"]
    if not given:
        return words
    if len(given) > 1:
        raise InputError(f"{' '.join(given)}: give minutes once")
    value = given[0].partition("=")[2]
    seconds = round(60 * float(value)) if re.fullmatch(NUMBER, value) else 0
    if not 1 <= seconds <= 60 * MOST_MINUTES:
        raise InputError(
            f"minutes must be a number from 1/60 (a second) to {MOST_MINUTES}, got {value!r}: "
            "minutes=20 trains for twenty minutes"
        )
    others = [word for word in words if word != given[0]]
    for word in others:
        if _key(word) == "trainer.max_time":
            said = word.lstrip("+")
            raise InputError(f"{given[0]} and {said} both say how long: give one of them")
    ends = [f"++trainer.max_time={days_to_seconds(seconds)}"]
    if not any(_key(word) == "trainer.max_epochs" for word in others):
        ends.append("++trainer.max_epochs=-1")
    return [*others, *ends]


def days_to_seconds(seconds: int) -> str:
    """A duration as DD:HH:MM:SS."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days:02d}:{hours:02d}:{minutes:02d}:{seconds:02d}"


def _key(word: str) -> str:
    return word.lstrip("+").partition("=")[0]
