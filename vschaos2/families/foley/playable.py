"""A trained model of hits as a host plays it: what is scripted, proved, and told on its card."""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.export.checks import check_finite
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.export.trial import ExportError, opened, played, settings
from vschaos2.families.foley.engine_program import engine_program
from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.streaming_hits import StreamingHits
from vschaos2.families.foley.voices import VOICES
from vschaos2.patches.figures import in_words
from vschaos2.runs.folder import Run
from vschaos2.terminal import printable

OFTEN = 1024  # samples between the triggers of an example
AT = (0, 1, 63, 511, 4095)  # samples of a block at which a hit must begin
HEARD = 1e-5  # of its peak: what of a hit is no silence
LOAD_BLOCK = 512


class PlayableHits(Playable):
    """`hit` of a model of hits.

    Args:
        model: that draws them.
        facts: lines of the card, in plain values.
        rate_hz: of the host at first; the model's own if None.

    Raises:
        ValueError: for a rate at which hits cannot be played.
    """

    short_blocks: ClassVar[tuple[int, ...]] = (64,)

    def __init__(
        self, model: HitModel, facts: Mapping[str, Any], rate_hz: int | None = None
    ) -> None:
        eager = StreamingHits(model, rate_hz).eval()
        super().__init__(eager, model.sample_rate_hz if rate_hz is None else rate_hz)
        self.model, self.facts = model, dict(facts)
        self.host_rates_hz = eager.host_rates_hz

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Triggers at random, one at least, and whatever may be told: [1, inlets, samples]."""
        inlets = self.methods[method].inlets
        block = torch.zeros(1, inlets, samples)
        for first in range(0, samples, OFTEN):
            most = min(OFTEN, samples - first)
            block[0, 0, first + int(torch.randint(most, (1,), generator=generator))] = 1.0
        block[0, 1] = torch.rand(samples, generator=generator)
        for number, classes in enumerate(self.model.labels.values()):
            chosen = torch.randint(len(classes), (samples,), generator=generator)
            block[0, 2 + number] = chosen.float()
        axes = inlets - 2 - len(self.model.labels)
        block[0, inlets - axes :] = 0.5 * torch.randn(axes, samples, generator=generator)
        return block

    def prove(self, content: bytes) -> None:
        """That a hit begins at the sample of its trigger, wherever, at every rate of a host."""
        check_beginnings(content, self)

    def for_engine(self) -> EngineProgram | str:
        """Settings and tensors, or what the small engine knows nothing of, in words."""
        hits: Any = self.eager
        return engine_program(hits, self.sample_rate_hz)

    def lines(self, content: bytes) -> dict[str, Any]:
        """What can be told, how long a hit is, and what all voices cost."""
        names: Any = self.eager.label_names
        labels = [
            {"name": printable(name), "attribute": attribute, "classes": [*map(printable, of)]}
            for (name, of), attribute in zip(self.model.labels.items(), names, strict=True)
        ]
        seconds = round(self.model.samples / self.model.sample_rate_hz, 3)
        return {
            "host_rates_hz": self.host_rates_hz,
            "trained_at_hz": self.model.sample_rate_hz,
            "hits": {
                "labels": labels,
                "seconds": seconds,
                "voices": VOICES,
                "load_of_all_voices": load_of_voices(content, self),
                **self.facts,
            },
        }

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """A sentence for what can be told, and for what it costs."""
        told = card["hits"]
        of = [f"{label['name']} ({', '.join(label['classes'])})" for label in told["labels"]]
        rates = in_words(card["host_rates_hz"])
        lines = [
            f"  hits of {told['seconds']:g} s at most, which begin at the sample of their trigger",
            f"  in tune at {rates}, learnt at {card['trained_at_hz']} Hz",
            f"  {told['velocity']}",
            f"  {told['voices']} voices that sound together take "
            f"{100 * told['load_of_all_voices']:.1f}% of a core; each block of the table is struck",
        ]
        return lines + [f"  told by {'; '.join(of)}"] * bool(of)


def check_beginnings(content: bytes, playable: PlayableHits) -> None:
    """Raise ExportError unless a hit begins at its trigger, and is the same, wherever that is."""
    loaded = opened(content)
    inlets, count = playable.methods["hit"].inlets, 2 * AT[-1]
    for rate_hz in playable.host_rates_hz:
        due: Tensor | None = None
        changed = {"sample_rate": rate_hz, "limiter": False, "free": False}
        with torch.inference_mode(), settings(loaded, changed):
            for at in AT:
                block = torch.zeros(1, inlets, AT[-1] + count)
                block[0, 0, at] = 1.0
                loaded.set_reset(True)
                sound = played(loaded, "hit", block)[0, 0]
                if float(sound[:at].abs().sum()) > 0.0:
                    raise ExportError(f"hit: at {rate_hz} Hz sounds before its trigger at {at}")
                own = sound[at : at + count]
                due = own if due is None else due
                error = float((own - due).abs().max())
                if not error <= HEARD * max(float(due.abs().max()), 1e-6):
                    raise ExportError(
                        f"hit: at {rate_hz} Hz deviates at sample {at} from that at 0 by "
                        f"{error:.1e}"
                    )


def load_of_voices(content: bytes, playable: PlayableHits) -> float:
    """The part of a core that all voices take together, struck one after another."""
    loaded = opened(content)
    loaded.get_methods()
    rate_hz, inlets = playable.sample_rate_hz, playable.methods["hit"].inlets
    length = playable.model.samples * rate_hz // playable.model.sample_rate_hz
    first, blocks = -(-length // LOAD_BLOCK), max(64, 4 * length // LOAD_BLOCK)
    triggers = torch.zeros(1, inlets, (first + blocks) * LOAD_BLOCK)
    triggers[0, 0, :: max(1, length // VOICES)] = 1.0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for number, block in enumerate(triggers.split(LOAD_BLOCK, 2)):
                if number == first:  # from here on every voice sounds
                    started = time.thread_time()
                loaded.hit(block)
            spent = time.thread_time() - started
    finally:
        torch.set_num_threads(threads)
    return round(spent * rate_hz / (blocks * LOAD_BLOCK), 4)


def playable(run: Run, wishes: Mapping[str, Any]) -> PlayableHits:
    """A trained model of hits, as it was learnt.

    Args:
        run: the trained model.
        wishes: may have
            rate: the host's sample rate at first, in Hz (the model's own).

    Raises:
        InputError: for a wish that cannot be, or a run that no instrument can come from.
    """
    check_wishes(wishes, ("rate",), "foley")
    check_finite(run.folder, run.model.state_dict())
    try:
        return PlayableHits(run.model, {"velocity": run.kept.velocity}, wishes.get("rate"))
    except ValueError as error:
        raise InputError(f"--{error}: give one of these") from error
