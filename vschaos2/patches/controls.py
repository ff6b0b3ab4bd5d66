"""What a player can touch of an instrument, read from its card."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGEST_BUFFER = 4096  # samples; where no buffer was measured to be safe
HEADROOM = 1.2  # sliders reach a little beyond what the training data used
PD_BLOCK = 64  # samples
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
class Setting:
    """An attribute of the model that a message sets.

    Attributes:
        name: of the attribute.
        kind: "number", "choice", "switch", "event" or "text".
        value: at first.
        lowest: of a number.
        highest: of a number.
        choices: of a choice.
    """

    name: str
    kind: str
    value: Any = 0
    lowest: float = -1e6
    highest: float = 1e6
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Controls:
    """All that a patch shows.

    Attributes:
        name: of the files, without an ending.
        key: the name as the beginning of receivers' names.
        ranges: lowest and highest value of each latent axis' slider.
        rising: what each axis does to the sound as it rises, in a word.
        places: coordinates of typical sounds of like loudness, the most central one first.
        labels: in the order of the inlets.
        guesses: in the order of the outlets.
        settings: in the order of the attributes.
        buffer: of the host, in samples.
        sample_rate_hz: of the model.
        figures: a line about delay and load.
    """

    name: str
    key: str
    ranges: tuple[tuple[float, float], ...]
    rising: tuple[str, ...]
    places: tuple[tuple[float, ...], ...]
    labels: tuple[Label, ...]
    guesses: tuple[Guess, ...]
    settings: tuple[Setting, ...]
    buffer: int
    sample_rate_hz: int
    figures: str

    @property
    def heard_labels(self) -> tuple[Label, ...]:
        """Labels with an inlet of `encode`."""
        return tuple(label for label in self.labels if label.is_heard)

    @property
    def ports(self) -> dict[str, tuple[int, int]]:
        """Inlets and outlets of each method."""
        axes, labels, guesses = len(self.ranges), len(self.labels), len(self.guesses)
        return {
            "forward": (1 + labels, 1 + guesses),
            "encode": (1 + len(self.heard_labels), axes + guesses),
            "decode": (axes + labels, 1),
        }

    @property
    def presets(self) -> list[list[float]]:
        """Values of all axes, then labels: places that sound about as loud as each other."""
        first = [float(label.first) for label in self.labels]
        return [[*place, *first] for place in self.places]

    @staticmethod
    def of(name: str, card: Mapping[str, Any]) -> "Controls":
        """What the card of an instrument of this name tells."""
        latent, told = card["latent"], card["labels"]
        heard = [guess["name"] for guess in told["guessed"]]
        labels = tuple(
            Label(
                task["task"],
                as_key(task["message"].removeprefix("set ")),
                tuple(str(each) for each in task["classes"] or ()),
                "forward" in task["guessed_in"],
                "decode" in task["guessed_in"],
                task["encode_inlet"] is not None,
                int(task["plain"]),
                GUESS if "decode" in task["guessed_in"] else HEARD,
            )
            for task in told["commanded"]
        )
        names = {label.task: label.names for label in labels}
        buffer = card["smallest_safe_buffer"] or LARGEST_BUFFER
        return Controls(
            name,
            as_key(name),
            tuple(map(slider_range, latent["lowest"], latent["highest"])),
            tuple(words.split(",")[0] for words in latent["rising"]),
            tuple(map(tuple, latent["places"])),
            labels,
            tuple(Guess(each, as_key(each), names.get(each, ())) for each in heard),
            tuple(_setting(each) for each in card["attributes"] if _is_shown(each)),
            buffer,
            card["sample_rate_hz"],
            _figures(card, buffer),
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


def slider_range(lowest: float, highest: float) -> tuple[float, float]:
    """A slider's ends around the values that training data took; zero is always between them."""
    low, high = HEADROOM * min(lowest, 0.0), HEADROOM * max(highest, 0.0)
    if high - low < 1e-3:
        return -1.0, 1.0
    return round(low, 1) - 0.1 * (low < 0.0), round(high, 1) + 0.1 * (high > 0.0)


def _is_shown(told: Mapping[str, Any]) -> bool:
    """Patches limit what they play themselves, whatever the model does."""
    return told["kind"] != "reading" and told["name"] != "limiter"


def _setting(told: Mapping[str, Any]) -> Setting:
    return Setting(
        told["name"],
        told["kind"],
        told.get("value", 0),
        told.get("lowest", -1e6),
        told.get("highest", 1e6),
        tuple(told.get("choices", ())),
    )


def _figures(card: Mapping[str, Any], buffer: int) -> str:
    rate, loads = card["sample_rate_hz"], card["load"]
    delays = card["delay_ms"]
    size = str(buffer) if str(buffer) in loads["forward"] else max(loads["forward"], key=int)
    load = {name: 100.0 * loads[name][size]["real_time_factor"] for name in delays}
    in_nn, in_vschaos = (1000.0 * delay / rate for delay in host_delays(buffer, card["hop"]))
    return (
        f"{rate} Hz · {len(card['latent']['lowest'])} axes · delay of forward "
        f"{delays['forward']:.0f} ms, of decode {delays['decode']:.0f} ms · at a buffer of "
        f"{buffer} nn~ adds {in_nn:.0f} ms, vschaos~ {in_vschaos:.0f} ms · load of one core "
        f"{load['forward']:.0f} % and {load['decode']:.0f} %"
    )


def host_delays(buffer: int, hop: int) -> tuple[int, int]:
    """Samples that nn~ and vschaos~ add to the model's own delay.

    nn~ gathers a buffer N and computes it while the next is gathered: what came with the first
    block of 64 is heard 2N - 64 later. vschaos~ works in halves of the buffer; where that is a
    single hop it cannot, and does as nn~.

    Args:
        buffer: of the host, in samples.
        hop: of the model, in samples.
    """
    in_nn = 2 * buffer - PD_BLOCK
    return in_nn, buffer if buffer >= 2 * hop else in_nn
