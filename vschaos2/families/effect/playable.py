"""What a host plays of an effect."""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.dsp.resampling import bridged_rates
from vschaos2.errors import InputError
from vschaos2.export.checks import check_finite
from vschaos2.export.for_engine import EngineProgram
from vschaos2.export.playable import Playable, check_wishes
from vschaos2.families.effect.aliasing import measure_aliasing
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.engine_program import engine_program
from vschaos2.families.effect.knobs import OWN
from vschaos2.families.effect.proofs import check_rates, rate_delays
from vschaos2.families.effect.sentences import AT, in_words, sentences
from vschaos2.families.effect.streaming_effect import StreamingEffect
from vschaos2.runs.folder import Run


class PlayableEffect(Playable):
    """`forward` and `modulate` of an effect.

    Args:
        model: the effect.
        facts: lines of the card, in plain values.
        rate_hz: of the host at first; the model's own if None.
    """

    passing: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "forward": {"bypass": True},
        "modulate": {"bypass": True},
    }
    short_blocks: ClassVar[tuple[int, ...]] = (64,)

    def __init__(
        self, model: EffectModel, facts: Mapping[str, Any], rate_hz: int | None = None
    ) -> None:
        shown = [
            Control(knob.name, "number", knob.value, knob.lowest, knob.highest, unit=knob.unit)
            for knob in model.knobs
        ]
        model = copy.deepcopy(model)  # what is held here is held nowhere else
        taken = [*OWN, *(knob.name for knob in model.knobs)]
        settings = model.net.settings(taken)
        model.net.settle()
        eager = StreamingEffect(model, shown, settings, rate_hz)
        super().__init__(eager, eager.sample_rate_hz, model.net.block)
        self.model, self.facts = model, dict(facts)
        self.model_rates_hz = eager.host_rates_hz

    def example(self, method: str, samples: int, generator: torch.Generator) -> Tensor:
        """Noise, and knobs that wander all over their range.

        Shape: → [1, inlets, samples].
        """
        sound = 0.1 * torch.randn(1, self.model.net.n_channels, samples, generator=generator)
        if method == "forward":
            return sound
        spread = (self.model.highest - self.model.lowest)[None, :, None]
        shape = (1, len(self.model.knobs), -(-samples // 64))
        moves = (torch.rand(shape, generator=generator) - 0.5).repeat_interleave(64, 2)
        return torch.cat((sound, spread * moves[:, :, :samples]), 1)

    def for_engine(self) -> EngineProgram | str:
        """Settings and tensors, or what the small engine knows nothing of, in words."""
        return engine_program(self.eager)  # type: ignore[arg-type]

    def prove(self, content: bytes) -> None:
        """Delays, and sound in blocks, at the rates of other hosts."""
        check_rates(content, self)

    def lines(self, content: bytes) -> dict[str, Any]:
        """Rates of hosts, with the delay at each, and what is known of how it was learnt."""
        return {
            "host_rates_hz": self.model_rates_hz,
            "trained_at_hz": self.model.rate_hz,
            "delay_samples_at_hz": rate_delays(content),
            "effect": {**self.facts, "aliasing_db": self._aliasing()},
        }

    def _aliasing(self) -> dict[str, float] | None:
        driven_db = min(float(self.facts.get("driven_at_most_dbfs", 0.0)), 0.0)
        return measure_aliasing(self.model, 10.0 ** (driven_db / 20.0))

    @staticmethod
    def table(card: Mapping[str, Any]) -> list[str]:
        """A sentence for each thing that the card knows of an effect."""
        own, waits = card["trained_at_hz"], card["delay_samples_at_hz"]
        others = [f"{hz} Hz {wait} samples" for hz, wait in waits.items() if int(hz) != own]
        lines = [f"  learnt at {own} Hz, where it delays nothing"]
        if others:
            lines[0] += f"; resampled inside it delays at {', '.join(others)}"
        return lines + [f"  {sentence}" for sentence in sentences(card["effect"])]


def playable(run: Run, wishes: Mapping[str, Any]) -> PlayableEffect:
    """A trained effect, as it was learnt.

    Args:
        run: the trained model.
        wishes: may have
            rate: the host's sample rate at first, in Hz (the model's own).

    Raises:
        InputError: for a wish that cannot be, or a run that no effect can come from.
    """
    check_wishes(wishes, ("rate",), "effect")
    rate_hz = wishes.get("rate")
    possible = sorted([run.model.rate_hz, *bridged_rates(run.model.rate_hz)])
    if rate_hz is not None and rate_hz not in possible:
        raise InputError(
            f"--rate {rate_hz}: an effect of {run.model.rate_hz} Hz plays at "
            f"{', '.join(map(str, possible))} Hz: give one of these"
        )
    check_finite(run.folder, run.model.state_dict())
    esr = run.summary.get("validation/esr")
    facts: dict[str, Any] = {}
    if esr is not None:
        facts |= {"held_out_esr": round(esr, 6), "held_out_is": in_words(esr)}
    facts |= {name: value for name, value in run.kept.items() if not name.startswith(AT)}
    facts["esr_by_position"] = {
        name.removeprefix(AT): value for name, value in run.kept.items() if name.startswith(AT)
    }
    return PlayableEffect(run.model, facts, rate_hz)
