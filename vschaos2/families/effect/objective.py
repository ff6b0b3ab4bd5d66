"""What an effect learns: to make of the dry recording what the device made of it."""

import math
from collections.abc import Mapping
from statistics import fmean
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vschaos2.config import suggestion
from vschaos2.data.pair_batches import PairBatch
from vschaos2.data.pair_module import PairDataModule
from vschaos2.errors import InputError
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.sentences import AT
from vschaos2.objectives.waveform import LOSSES
from vschaos2.objectives.weightings import WEIGHTINGS, settling, weighted
from vschaos2.ranges import check_number
from vschaos2.training.objective import Losses, Moment, Objective

STFT_SAMPLES = 2048  # the longest window of mr_stft
POLARITIES = {True: "turned over", False: "kept"}
GUESSED_FROM = 4  # of the recordings, the longest, a network guesses what it can
RANGE_MS = 100.0  # the longer of the short times of mldr
RMS_PART = 3.0  # of the RMS of the dry sound, that a network which hears it is handed as 1
SCORED = ("esr", "esr_pre_emphasised")


class EffectObjective(Objective):
    """The weighted sum of losses by name, over streams.

    Error-to-signal ratios are formed with the power of the whole take, not of the window: a quiet
    window counts for as little as it is heard, and every setting of the knobs as much as any other.

    Args:
        model: that learns.
        losses: name → weight, of `WEIGHTINGS` and `LOSSES`.
        window_samples: that a step hears.

    Raises:
        InputError: for a loss that there is not, a weight out of range, or windows too short.
    """

    scores = SCORED

    def __init__(self, model: EffectModel, losses: Mapping[str, Any], window_samples: int) -> None:
        super().__init__(model)
        known = [*WEIGHTINGS, *LOSSES]
        for name, weight in losses.items():
            if name not in known:
                raise InputError(
                    f"training.losses: no loss {name!r}{suggestion(str(name), known)} (there are "
                    f"{', '.join(known)})"
                )
            check_number(f"training.losses.{name}", weight, 0.0, 1e6)
        if not any(losses.values()):
            raise InputError("training.losses: needs one with a weight above 0")
        range_samples = round(RANGE_MS * model.rate_hz / 1000.0)
        for name, least in (("mr_stft", STFT_SAMPLES), ("mldr", range_samples)):
            if losses.get(name) and window_samples < least:
                raise InputError(
                    f"training.losses.{name}: needs data.loader.window_samples of {least} or "
                    f"more, got {window_samples}"
                )
        self.losses = {name: float(weight) for name, weight in losses.items() if weight}
        self.taps = {name: make(model.rate_hz) for name, make in WEIGHTINGS.items()}
        # Energies of error and signal in the last validation, where knobs stood still.
        self.by_position: dict[tuple[float, ...], Tensor] = {}

    def calibrate(self, model: Any, data: Any) -> None:
        """Begin to sum what is told of each position of the knobs."""
        self.by_position = {}

    def fit(self, data: PairDataModule) -> None:
        """Bring the recordings' levels to ±1, and let a network guess where it can."""
        dry_peak, wet_peak = data.peaks()
        if self.model.net.hears_rms:
            dry_peak = min(dry_peak, RMS_PART * data.dry_rms())
        self.model.set_levels(dry_peak, wet_peak)
        parts = sorted(data.split.training, key=lambda part: part.stretch.first - part.stretch.end)
        heard = [
            (data.takes[take].dry[:, first:end], data.takes[take].wet[:, first:end])
            for take, (first, end) in parts[:GUESSED_FROM]
        ]
        self.model.net.guess([(_mono(dry), _mono(wet)) for dry, wet in heard])

    def loss(self, batch: Mapping[str, Any], moment: Moment) -> Losses:
        """The loss of the next window of each stream."""
        state = self.carried
        if batch["begins"] or state is None or len(state) != len(batch["dry"]):
            state = self._begin(self.model, batch)
        y, after = _heard(self.model, batch, state.to(batch["dry"].device))
        self.carried = after.detach()
        return self._losses(y, batch)

    @torch.no_grad()
    def held_out(self, model: Any, batch: Mapping[str, Any]) -> Losses:
        """The same of held-out passages, each from rest, and sums for ratios over all of them."""
        y, _ = _heard(model, batch, self._begin(model, batch))
        t = batch["wet"][:, batch["warm_up"] :]
        sums = []
        for name in SCORED:
            taps = self.taps[name].to(y.device)
            sums.append(torch.stack([self._energy(y - t, taps), self._energy(t, taps)]))
        self._add_positions(y, t, batch)
        return self._losses(y, batch)._replace(scores=torch.stack(sums))

    def _add_positions(self, y: Tensor, t: Tensor, batch: Mapping[str, Any]) -> None:
        for made, due, knobs in zip(y, t, batch["knobs"], strict=True):
            if not knobs.shape[1] or bool((knobs != knobs[:1]).any()):
                continue
            where = tuple(float(f"{value:.4g}") for value in knobs[0].tolist())
            found = torch.stack([(made - due).square().sum(), due.square().sum()]).double().cpu()
            self.by_position[where] = self.by_position.get(where, torch.zeros(2)) + found

    def _begin(self, model: Any, batch: Mapping[str, Any]) -> Tensor:
        """The state before windows that lie somewhere in their recordings."""
        start_s = batch["firsts"].double() / self.model.rate_hz
        state: Tensor = model.begin_at(start_s)
        return state.to(batch["dry"].device)

    def _losses(self, y: Tensor, batch: Mapping[str, Any]) -> Losses:
        t = batch["wet"][:, batch["warm_up"] :]
        terms = {}
        for name in self.losses:
            if name in LOSSES:
                terms[name] = LOSSES[name](y, t, self.model.rate_hz)
                continue
            error = self._settled(y - t, self.taps[name].to(y.device))
            terms[name] = (error.square().mean((1, 2)) / batch["powers"][name]).mean()
        total = torch.stack([self.losses[name] * value for name, value in terms.items()]).sum()
        return Losses(total, {f"losses/{name}": value.detach() for name, value in terms.items()})

    def _settled(self, x: Tensor, taps: Tensor) -> Tensor:
        """Windows under a weighting, without what it does not know yet."""
        return weighted(x, taps)[:, settling(taps, self.model.rate_hz, x.shape[1]) :]

    def _energy(self, x: Tensor, taps: Tensor) -> Tensor:
        return self._settled(x, taps).square().sum()

    def kept(self, model: Any, data: PairDataModule) -> dict[str, Any]:
        """How the pairs lay, how loud the device was driven, and the ESR at each position."""
        dry, wet = (20.0 * math.log10(max(peak, 1e-9)) for peak in data.peaks())
        pairs: dict[str, Any] = {
            "driven_at_most_dbfs": round(dry, 2),
            "wet_at_most_dbfs": round(wet, 2),
        }
        found = [take.alignment for take in data.takes if take.alignment]
        if found:
            shifts = [int(each["shift"]) for each in found]
            turned = {each["polarity"] < 0 for each in found}
            pairs |= {
                "latency_removed_samples": shifts[0],
                "latency_differs_by_samples": max(shifts) - min(shifts),
                "answers_after_samples": round(fmean(_answers_after(each) for each in found), 3),
                "polarity": POLARITIES[turned.pop()] if len(turned) == 1 else "differs",
            }
        names = [knob.name for knob in self.model.knobs]
        for where, (error, signal) in sorted(self.by_position.items()):
            told = ", ".join(f"{n} {v:g}" for n, v in zip(names, where, strict=True))
            pairs[f"{AT}{told}"] = round(float(error / signal.clamp_min(1e-12)), 6)
        if self.model.knobs:
            positions = [data.takes[part.take].position for part in data.split.training]
            pairs["knob_positions"] = "; ".join(dict.fromkeys(positions))
        return {"pairs": pairs}

    def stages(self, batch: Mapping[str, Any]) -> dict[str, Tensor]:
        """What goes in, what comes out, and what the device made of it."""
        y, _ = _heard(self.model, batch, self._begin(self.model, batch))
        stages = {"dry": batch["dry"], "wet": batch["wet"], "model": y}
        return stages | ({"knobs": batch["knobs"]} if batch["knobs"].shape[2] else {})


def _answers_after(alignment: Mapping[str, Any]) -> float:
    """How long after what it hears a model must answer, as it learns it, in samples."""
    return float(alignment["delay_samples"]) - int(alignment["shift"])


def _heard(
    model: EffectModel, batch: Mapping[str, Any] | PairBatch, state: Tensor
) -> tuple[Tensor, Tensor]:
    """What a model makes of a batch behind its warm-up, and its state after it."""
    dry, knobs, warm_up = batch["dry"], batch["knobs"], batch["warm_up"]
    if warm_up:
        with torch.no_grad():
            _, state = model(dry[:, :warm_up], knobs[:, :warm_up], state)
    count = dry.shape[1] - warm_up
    missing = -count % model.net.block  # passages need not be whole blocks
    if missing:
        dry, knobs = (torch.cat((of, of[:, -1:].expand(-1, missing, -1)), 1) for of in (dry, knobs))
    y, after = model(dry[:, warm_up:], knobs[:, warm_up:], state)
    return y[:, :count], after


def _mono(sound: np.ndarray) -> Tensor:
    """The mean of its channels: [C, T] → [T]."""
    return torch.from_numpy(np.ascontiguousarray(sound.mean(0)))
