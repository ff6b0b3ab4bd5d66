"""What is said of a recording, in lines for people and plain values for programs."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.chains.pedals import Setting
from vschaos2.chains.rack import Setup
from vschaos2.families.order.estimator import COVERED, Estimator
from vschaos2.recognition.listening import Opinion
from vschaos2.recognition.swapping import HEARD_DB, Nearness
from vschaos2.terminal import printable

Samples = npt.NDArray[np.float32]

NOTHING = "no effect"
LEAST = 1e-3  # probability of what is still told
LIKELY = 0.5  # of the first, below which it is called a guess


class Range(NamedTuple):
    """What a setting is taken to be.

    Attributes:
        setting: which.
        value: the middle.
        lowest: the setting lies from here
        highest: to here in `COVERED` of all cases.
    """

    setting: Setting
    value: float
    lowest: float
    highest: float


class Orders(NamedTuple):
    """Chains that cannot be told apart.

    Attributes:
        probability: of all of them together.
        exact: orders that are the same to the sample.
        near: groups of further orders, each so, that are less than `HEARD_DB` from the first.
    """

    probability: float
    exact: list[tuple[str, ...]]
    near: list[list[tuple[str, ...]]]


class Answer(NamedTuple):
    """What is said of a recording.

    Attributes:
        name: of the recording.
        orders: the most probable first.
        settings: by effect, of what is in the first of them.
        windows: that were heard.
    """

    name: str
    orders: list[Orders]
    settings: dict[str, list[Range]]
    windows: int

    def setups(self, model: Estimator) -> list[Setup]:
        """The first chain, as it is set: the middle of every range."""
        pedals = {pedal.name: pedal for pedal in model.pedals}
        return [
            Setup(pedals[name], pedals[name].usual({r.setting.name: r.value for r in told}))
            for name, told in ((n, self.settings[n]) for n in self.orders[0].exact[0])
        ]


def answer(model: Estimator, name: str, opinion: Opinion, top: int, dry: Samples) -> Answer:
    """What an opinion comes to.

    Args:
        model: that it is of.
        name: of the recording.
        opinion: on it.
        top: lines at most.
        dry: by which orders are compared, [T].
    """
    vocabulary = model.vocabulary
    shares = vocabulary.by_class(opinion.logs[None])[0]
    ranked = [n for n in shares.argsort(descending=True).tolist() if float(shares[n]) > LEAST]
    ranked = ranked[: 4 * top] or [int(shares.argmax())]
    settings = ranges(model, opinion)
    values = {
        effect: {each.setting.name: each.value for each in told}
        for effect, told in settings.items()
    }
    nearness = Nearness(model.pedals, values, dry)
    groups: list[list[int]] = []
    for number in ranked:
        home = next((g for g in groups if _is_near(vocabulary, nearness, g, number)), None)
        if home is not None:
            home.append(number)
        elif len(groups) < top:
            groups.append([number])
    orders = []
    for group in groups:
        words = [[vocabulary.words(m) for m in vocabulary.members[n]] for n in group]
        sum_of = sum(float(shares[n]) for n in group)
        orders.append(Orders(sum_of, words[0], words[1:]))
    orders.sort(key=lambda each: -each.probability)
    there = orders[0].exact[0]
    return Answer(name, orders, {n: settings[n] for n in there}, opinion.windows)


def _is_near(vocabulary: Any, nearness: Nearness, group: list[int], number: int) -> bool:
    """Whether a class has an order one swap of neighbours from a group's, and sounds like it."""
    for one in group:
        for a in (vocabulary.chains[m] for m in vocabulary.members[one]):
            for b in (vocabulary.chains[m] for m in vocabulary.members[number]):
                if _is_one_swap(a, b) and nearness.apart_db(a, b) < HEARD_DB:
                    return True
    return False


def _is_one_swap(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    if len(a) != len(b):
        return False
    differ = [n for n, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    return (
        len(differ) == 2
        and differ[1] == differ[0] + 1
        and (a[differ[0]], a[differ[1]]) == (b[differ[1]], b[differ[0]])
    )


def ranges(model: Estimator, opinion: Opinion) -> dict[str, list[Range]]:
    """What every setting of every pedal is taken to be, were it there."""
    reach = -math.log(1.0 - COVERED)
    found: dict[str, list[Range]] = {pedal.name: [] for pedal in model.pedals}
    for (effect, setting), place, spread in zip(
        model.settings, opinion.place.tolist(), opinion.spread.tolist(), strict=True
    ):
        ends = [
            min(max(setting.value(min(max(p, -0.3), 1.3)), setting.least), setting.most)
            for p in (place, place - reach * spread, place + reach * spread)
        ]
        found[model.pedals[effect].name].append(Range(setting, *ends))
    return found


def lines(told: Answer) -> str:
    """An answer for the terminal."""
    first = told.orders[0]
    sure = "" if first.probability >= LIKELY else " (a guess)"
    text = [f"{printable(told.name)}{sure}"]
    for orders in told.orders:
        text.append(f"  {orders.probability:6.1%}  {_orders(orders)}")
    for effect, settings in told.settings.items():
        each = ", ".join(_range(r) for r in settings)
        text.append(f"  {effect}: {each}")
    return "\n".join(text)


def _orders(orders: Orders) -> str:
    found = " = ".join(map(_chain, orders.exact))
    for group in orders.near:
        found += " ≈ " + " = ".join(map(_chain, group))
    return found


def _chain(words: tuple[str, ...]) -> str:
    return " → ".join(words) if words else NOTHING


def _range(told: Range) -> str:
    name, unit = told.setting.name, told.setting.unit
    word = name.removesuffix(f"_{unit.lower()}").replace("_", " ")
    ends = f"{_short(told.lowest)} … {_short(told.highest)}"
    return f"{word} {_short(told.value)}{' ' + unit if unit else ''} ({ends})"


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2g}"


def plain(told: Answer) -> dict[str, Any]:
    """An answer as plain values."""
    return {
        "file": printable(told.name),
        "windows": told.windows,
        "chains": [
            {
                "probability": round(orders.probability, 5),
                "orders": [list(words) for words in orders.exact],
                "nearly_the_same": [list(words) for group in orders.near for words in group],
            }
            for orders in told.orders
        ],
        "settings": {
            effect: {
                r.setting.name: {
                    "value": _rounded(r.value),
                    "lowest": _rounded(r.lowest),
                    "highest": _rounded(r.highest),
                    "unit": r.setting.unit,
                }
                for r in settings
            }
            for effect, settings in told.settings.items()
        },
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
