"""What a player can touch of an instrument, read from its card."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vschaos2.patches.figures import buffer_of, decode_in_nn_ms, figures
from vschaos2.patches.settings import Setting, settings_of
from vschaos2.pitch_classes import PITCH_CLASSES

HEADROOM = 1.2  # sliders reach a little beyond what the training data used
UNMEASURED = 2.5  # an axis that nobody measured reaches from its negative to this
GUESS, HEARD = "guess", "heard"  # from latents, too; only from sound
SHORT_NAME, MOST_IN_ROW, MOST_IN_COLUMN = 4, 16, 10  # what classes can be shown side by side


@dataclass(frozen=True)
class Label:
    """A label that a player commands.

    Attributes:
        task: its name.
        key: its name as part of a receiver's name.
        names: of its classes, by index; empty for a number.
        is_guessed: whether the model can guess it where it is not commanded.
        is_guessed_in_decode: whether it can do so from latents alone.
        is_heard: whether it is an inlet of `encode`, too.
        plain: a value that is no guess.
        guess: what a menu calls the guess: what is only heard, `decode` does without.
    """

    task: str
    key: str
    names: tuple[str, ...]
    is_guessed: bool
    is_guessed_in_decode: bool
    is_heard: bool
    plain: int
    guess: str = GUESS

    @property
    def first(self) -> int:
        """The value that is set when a patch opens: a guess, or else `plain`."""
        return -1 if self.is_guessed else self.plain

    @property
    def is_row(self) -> bool:
        """Whether the classes are few and short enough to stand side by side."""
        longest = max(map(len, self.names), default=SHORT_NAME + 1)
        return longest <= SHORT_NAME and len(self.names) <= MOST_IN_ROW

    @property
    def is_menu(self) -> bool:
        """Whether the classes are few enough to be shown at all, in a row or in a column."""
        return self.is_row or 0 < len(self.names) <= MOST_IN_COLUMN


@dataclass(frozen=True)
class Guess:
    """An outlet that says what the model guesses.

    Attributes:
        name: what the outlet says.
        key: its name as part of a receiver's name.
        names: of its classes, by index; empty where a number is shown.
    """

    name: str
    key: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Controls:
    """All that a patch shows.

    Attributes:
        name: of the files, without an ending.
        key: the name as the beginning of receivers' names.
        methods: inlets and outlets of each method.
        ranges: lowest and highest value of each latent axis' slider.
        rising: what each axis does to the sound as it rises, in a word.
        places: coordinates of typical sounds of like loudness, the most central one first.
        stops: coordinates of places that a walk passes.
        ways: for each of them the numbers of those that it goes on to.
        labels: in the order of the inlets.
        guesses: in the order of the outlets.
        settings: in the order of the attributes.
        buffer: of the host, in samples.
        sample_rate_hz: of the model.
        figures: a line about delay and load.
        host_rates_hz: what the model can be told of the host's rate; none of a model that cannot.
        decode_in_nn_ms: from a value at an inlet of `decode` to its sound, in nn~.
    """

    name: str
    key: str
    methods: Mapping[str, tuple[int, int]]
    ranges: tuple[tuple[float, float], ...]
    rising: tuple[str, ...]
    places: tuple[tuple[float, ...], ...]
    stops: tuple[tuple[float, ...], ...]
    ways: tuple[tuple[int, ...], ...]
    labels: tuple[Label, ...]
    guesses: tuple[Guess, ...]
    settings: tuple[Setting, ...]
    buffer: int
    sample_rate_hz: int
    figures: str
    decode_in_nn_ms: float = 0.0
    host_rates_hz: tuple[int, ...] = ()

    @property
    def in_tune_hz(self) -> tuple[int, ...]:
        """Rates of hosts at which it is in tune."""
        return self.host_rates_hz or (self.sample_rate_hz,)

    @property
    def heard_labels(self) -> tuple[Label, ...]:
        """Labels with an inlet of `encode`."""
        return tuple(label for label in self.labels if label.is_heard)

    @property
    def played(self) -> tuple[str, ...]:
        """Methods that make a sound of their own: of sound, or of latent axes."""
        return tuple(method for method in ("forward", "decode") if method in self.methods)

    @property
    def plays_itself(self) -> bool:
        """Whether latent axes can move by themselves."""
        return {"prior", "decode"} <= self.methods.keys()

    @property
    def can_edit(self) -> bool:
        """Whether latents of a sound can be changed between two methods."""
        return {"encode", "decode"} <= self.methods.keys()

    @property
    def translates(self) -> bool:
        """Whether latents can be carried over to those of another instrument in between."""
        return self.can_edit and self.methods.get("translate") == (len(self.ranges),) * 2

    @property
    def sounds(self) -> tuple[int, int]:
        """Inlets and outlets of `forward` that carry sound: labels and guesses come behind."""
        inlets, outlets = self.methods["forward"]
        return inlets - len(self.labels), outlets - len(self.guesses)

    def first_steps(self, begin: str) -> str:
        """What to do first in a patch that plays, after what begins it: turning sound on."""
        sound = ", choose a sound" if "forward" in self.methods else ""
        then = (
            "switch 'decode' on and move the axes, or let them walk."
            if "decode" in self.methods
            else "change what is set at the right."
        )
        return f"First: {begin}{sound}. Then {then}"

    @property
    def pitch_label(self) -> tuple[Label, tuple[int, ...]] | None:
        """The first label of the twelve notes, and its class for each of them from A on.

        Classes of a label called pitch that have no names are in this order.
        """
        for label in self.labels:
            if sorted(label.names) == sorted(PITCH_CLASSES):
                return label, tuple(map(label.names.index, PITCH_CLASSES))
            if label.task == "pitch" and label.names == tuple(map(str, range(12))):
                return label, tuple(range(12))
        return None

    @property
    def octave_label(self) -> tuple[Label, int] | None:
        """A label called octave whose classes are numbers in order, and the first of them.

        Octaves are counted as `extract_pitch.py` does: A4, of 440 Hz, opens octave 5.
        """
        for label in self.labels:
            numbers = [int(name) for name in label.names if name.isdigit()]
            rising = [numbers[0] + i for i in range(len(label.names))] if numbers else None
            if label.task == "octave" and numbers == rising:
                return label, numbers[0]
        return None

    @property
    def played_by_notes(self) -> str:
        """What MIDI notes choose, in a word."""
        return "presets" if self.pitch_label is None else "labels"

    @property
    def ways_alike(self) -> list[list[int]]:
        """As many ways from every stop: where fewer lead on than at most, again and again."""
        most = max(map(len, self.ways))
        return [(list(ways) * most)[:most] for ways in self.ways]

    @property
    def presets(self) -> list[list[float]]:
        """Values of all axes, then labels: places that sound about as loud as each other."""
        first = [float(label.first) for label in self.labels]
        return [[*place, *first] for place in self.places]

    @staticmethod
    def of(name: str, card: Mapping[str, Any], voices: int = 1) -> "Controls":
        """What the card of an instrument of this name tells, of so many voices of `decode`."""
        told = card.get("labels", {"commanded": [], "guessed": []})
        labels = tuple(map(_label, told["commanded"]))
        names = {label.task: label.names for label in labels}
        heard = [guess["name"] for guess in told["guessed"]]
        methods = {
            method: (ports["inlets"], ports["outlets"]) for method, ports in card["methods"].items()
        }
        axes = methods["decode"][0] - len(labels) if "decode" in methods else 0
        latent = card.get("latent") or _unmeasured(axes)
        walk = latent.get("walk") or _anywhere(latent["places"])
        return Controls(
            name,
            as_key(name),
            methods,
            tuple(map(slider_range, latent["lowest"], latent["highest"])),
            tuple(words.split(",")[0] for words in latent["rising"]),
            tuple(map(tuple, latent["places"])),
            tuple(map(tuple, walk["stops"])),
            tuple(map(tuple, walk["ways"])),
            labels,
            tuple(Guess(each, as_key(each), names.get(each, ())) for each in heard),
            settings_of(card["attributes"]),
            buffer_of(card, voices),
            card["sample_rate_hz"],
            figures(card, voices),
            decode_in_nn_ms(card, voices),
            tuple(card.get("host_rates_hz", ())),
        )


def as_key(text: str) -> str:
    """A text with nothing that means anything else in a patch: letters, digits, underscores."""
    return re.sub(r"[^0-9A-Za-z_]", "_", text)


def reads_as_number(name: str) -> bool:
    """Whether a host would take a model's name for a number."""
    try:
        float(name)
    except ValueError:
        return False
    return True


def words_of(names: Sequence[str], before: str = "instrument") -> list[str]:
    """What each of several names is in a message: one word, no number, no two alike.

    Args:
        names: any.
        before: a word before what would be a number, or nothing.
    """
    words: list[str] = []
    for name in names:
        word = as_key(name)
        if not word or reads_as_number(word):
            word = f"{before}_{word}"
        while word in words:
            word += "_"
        words.append(word)
    return words


def slider_range(lowest: float, highest: float) -> tuple[float, float]:
    """A slider's ends around the values that training data took; zero is always between them."""
    low, high = HEADROOM * min(lowest, 0.0), HEADROOM * max(highest, 0.0)
    if high - low < 1e-3:
        return -1.0, 1.0
    return round(low, 1) - 0.1 * (low < 0.0), round(high, 1) + 0.1 * (high > 0.0)


def _label(told: Mapping[str, Any]) -> Label:
    """What a card tells of a label."""
    return Label(
        told["task"],
        as_key(told["message"].removeprefix("set ")),
        tuple(str(each) for each in told["classes"] or ()),
        "forward" in told["guessed_in"],
        "decode" in told["guessed_in"],
        told["encode_inlet"] is not None,
        int(told["plain"]),
        GUESS if "decode" in told["guessed_in"] else HEARD,
    )


def _unmeasured(axes: int) -> dict[str, Any]:
    """What is said of latent axes where a card says nothing."""
    return {
        "lowest": [-UNMEASURED] * axes,
        "highest": [UNMEASURED] * axes,
        "rising": [""] * axes,
        "places": [[0.0] * axes],
    }


def _anywhere(places: Sequence[Sequence[float]]) -> dict[str, Any]:
    """A walk from any place to any other."""
    numbers = range(len(places))
    others = [[other for other in numbers if other != place] for place in numbers]
    return {"stops": places, "ways": [other or [0] for other in others]}
