"""What strikes the hits of a model, for the patches of both programs: pads, keys and notes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_PADS = 8
AS_SET = -1.0  # at an inlet: what the panel says
SOFT = (("soft", 0.3), ("medium", 0.6), ("hard", 1.0))  # where there is nothing else to choose
HEARD = "vschaos{}onset"  # what every detector's patch says its onsets to, - in Pd, . in Max
FIRST_KEY = 49  # of a computer's keyboard: 1, whose code it is
LONGEST = 12  # characters of a pad's name


class Pad(NamedTuple):
    """A pad.

    Attributes:
        name: that stands beside it.
        choice: number of the class of the first label.
        velocity: 0 to 1.
    """

    name: str
    choice: float
    velocity: float


class Strikes(NamedTuple):
    """What a card tells of how hits are struck.

    Attributes:
        pads: one for each class of the first label, or soft, medium and hard.
        classes: of the first label, which notes choose in turn; 0 for none.
        labels: inlets behind trigger and velocity that tell labels.
        inlets: of the method.
    """

    pads: tuple[Pad, ...]
    classes: int
    labels: int
    inlets: int

    @staticmethod
    def of(card: Mapping[str, Any]) -> "Strikes":
        """What the card of an instrument with a method `hit` tells."""
        labels = card.get("hits", {}).get("labels", [])
        names = labels[0]["classes"] if labels else []
        pads = [Pad(name[:LONGEST], float(n), AS_SET) for n, name in enumerate(names[:MOST_PADS])]
        soft = [Pad(name, AS_SET, velocity) for name, velocity in SOFT]
        return Strikes(
            tuple(pads or soft), len(names), len(labels), card["methods"]["hit"]["inlets"]
        )
