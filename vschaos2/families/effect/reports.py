"""What is shown while an effect is learnt.

sounds      held-out passages: dry, wet, the model's, and what is left between the two
transfer    input against output sample by sample, and the spectrum of what is left
processors  of a chain: what each processor does, and what sets it
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import welch

from vschaos2.data.pair_module import PairDataModule
from vschaos2.data.takes import KNOB_HOP
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.processor_pictures import processor_picture
from vschaos2.families.effect.processor_traces import traced
from vschaos2.families.effect.rendering import rendered
from vschaos2.monitor.excerpts import loudest_start
from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.pictures import ACCENT, INK, PALE, Panel, figure, plain, spectrograms
from vschaos2.monitor.show import Moment, Show
from vschaos2.monitor.spectrogram import levels_db, magnitudes
from vschaos2.monitor.store import Report

Samples = npt.NDArray[np.float32]
RUN_UP_SECONDS = 1.0  # heard before a passage, so that a memory is in its place
POINTS = 4000  # of a cloud


class Passage(NamedTuple):
    """A held-out passage and what comes before it.

    Attributes:
        name: of its take.
        dry: with the run-up, [C, R + T].
        wet: without it, [O, T].
        knobs: in their own units, [K, 1] or [K, F].
        run_up: R, samples.
        start_s: where in its take the dry sound begins.
    """

    name: str
    dry: Samples
    wet: Samples
    knobs: Samples
    run_up: int
    start_s: float


class EffectShow(Show):
    """The reports of an effect."""

    def kinds(self, model: EffectModel) -> Sequence[str]:
        """The first two, and of a chain its processors."""
        chain = ("processors",) if isinstance(model.net, ChainNet) else ()
        return ("sounds", *chain, "transfer")

    def begin(
        self, model: EffectModel, data: PairDataModule, options: MonitorOptions
    ) -> dict[str, Samples]:
        """Choose passages where they are loudest; → dry and wet sounds."""
        self.rate_hz = data.sample_rate_hz
        self.transform = SpectralTransform(self.rate_hz)
        parts = data.split.held_out[: options.files]
        self.passages = [_passage(data, number, options.seconds) for number in range(len(parts))]
        sounds = {}
        for number, passage in enumerate(self.passages, 1):
            sounds[f"{number}_{passage.name}_dry"] = passage.dry[:, passage.run_up :].mean(0)
            sounds[f"{number}_{passage.name}_wet"] = passage.wet.mean(0)
        return sounds

    def report(self, kind: str, model: EffectModel, moment: Moment) -> Report:
        """One of `kinds`."""
        if kind == "processors":
            return self._processors(model, moment)
        made = [
            rendered(model, passage.dry, passage.knobs, passage.start_s)[:, passage.run_up :]
            for passage in self.passages
        ]
        ratios = [_ratio(y, passage.wet) for y, passage in zip(made, self.passages, strict=True)]
        if kind == "transfer":
            return self._transfer(made, moment)
        return self._sounds(made, ratios, moment)

    def _sounds(self, made: list[Samples], ratios: list[float], moment: Moment) -> Report:
        rows: list[list[Panel]] = [[], [], [], []]
        sounds, values = {}, {}
        for number, (passage, y, ratio) in enumerate(
            zip(self.passages, made, ratios, strict=True), 1
        ):
            dry, wet = passage.dry[:, passage.run_up :].mean(0), passage.wet.mean(0)
            ours = y.mean(0)
            kinds = (dry, wet, ours, ours - wet)
            heard = [magnitudes(self.transform, np.ascontiguousarray(each)) for each in kinds]
            loudest = max(float(heard[1].max()), 1e-9)
            titles = (f"{passage.name}: dry", "wet", f"model: ESR {ratio:.4f}", "what is left")
            seconds = len(wet) / self.rate_hz
            for row, levels, title in zip(rows, heard, titles, strict=True):
                drawn = levels_db(levels, loudest, self.rate_hz)
                row.append(Panel(drawn, 0.0, seconds, title))
            sounds[f"{number}_{passage.name}_model"] = ours
            values[f"esr/{number}_{passage.name}"] = ratio
        picture = spectrograms(moment.headline("Held out"), rows, self.rate_hz, "s")
        return Report({"spectrograms": picture}, sounds, values, {})

    def _transfer(self, made: list[Samples], moment: Moment) -> Report:
        picture = figure(8.0, 3.6, moment.headline("In and out"))
        left, right = picture.subplots(1, 2)
        dry = np.concatenate([p.dry[0, p.run_up :] for p in self.passages])
        wet = np.concatenate([p.wet[0] for p in self.passages])
        ours = np.concatenate([y[0] for y in made])
        every = max(1, len(dry) // POINTS)
        left.plot(dry[::every], wet[::every], ".", markersize=2, color=PALE, label="device")
        left.plot(dry[::every], ours[::every], ".", markersize=1, color=ACCENT, label="model")
        left.set_xlabel("dry", fontsize=9)
        left.set_ylabel("wet", fontsize=9)
        left.legend(fontsize=8, frameon=False, markerscale=4)
        size = min(4096, len(wet))
        for sound, color, name in ((wet, INK, "device"), (ours - wet, ACCENT, "what is left")):
            hz, density = welch(sound, self.rate_hz, nperseg=size)
            right.semilogx(hz[1:], 10 * np.log10(density[1:] + 1e-20), color=color, label=name)
        right.set_xlim(20.0, self.rate_hz / 2)
        right.set_xlabel("Hz", fontsize=9)
        right.set_ylabel("dB", fontsize=9)
        right.legend(fontsize=8, frameon=False)
        plain(left, right)
        return Report({"transfer": picture}, {}, {}, {})

    def _processors(self, model: EffectModel, moment: Moment) -> Report:
        """A picture of each processor, as it stands in the first passage."""
        chain, passage = model.net.chain, self.passages[0]
        knobs = torch.from_numpy(passage.knobs.mean(1))
        places = (knobs - model.lowest) / (model.highest - model.lowest)
        traces = traced(chain, torch.from_numpy(passage.dry), places, passage.start_s)  # type: ignore[arg-type]
        pictures = {
            trace.name: processor_picture(trace, model.knobs, moment.headline(trace.name))
            for trace in traces
        }
        values = {f"parameters/{name}": value for name, value in chain.preset(places).items()}  # type: ignore[operator,union-attr]
        return Report(pictures, {}, values, {})


def _passage(data: PairDataModule, number: int, seconds: float) -> Passage:
    """The loudest passage of a held-out part."""
    take = data.takes[data.split.held_out[number].take]
    first, end = data.split.held_out[number].stretch
    length = min(end - first, round(seconds * data.sample_rate_hz))
    heard = np.ascontiguousarray(take.wet[:, first:end].mean(0))
    start = first + loudest_start(heard, length, 256)
    run_up = min(start, round(RUN_UP_SECONDS * data.sample_rate_hz))
    dry, _, knobs = take.window(start - run_up, run_up + length)
    wet = take.wet[:, start : start + length]
    held = take.knobs if take.knobs.shape[1] == 1 else knobs[::KNOB_HOP].T
    start_s = (start - run_up) / data.sample_rate_hz
    name = PurePosixPath(take.name).stem
    return Passage(name, np.ascontiguousarray(dry.T), wet, held, run_up, start_s)


def _ratio(y: Samples, t: Samples) -> float:
    return float(np.square(y - t).sum() / max(np.square(t).sum(), 1e-12))
