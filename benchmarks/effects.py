"""How near models of effects come to their devices within a time, and what they cost to play.

    PYTHONPATH=examples python -m benchmarks.effects [PART ...] [--recording DRY.wav]

All parts if none is named: `diode_5` is the diode by 5 s of training, and so on; `load` is what
networks take to play. Devices and dry sounds are made by code (examples/devices.py,
examples/plucked_strings.py). Training is that of `train_model.py` - its material, objective,
optimiser, running average - within a budget of processor time of one thread; what is scored was
held out: other strings, and the second half of the recording, whose first half is trained on.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import devices
import numpy as np
import plucked_strings
import soundfile
import torch
from numba import njit
from torch.optim.swa_utils import AveragedModel

import vschaos2
from vschaos2.audio import read_audio
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.learning import material, objective, settle
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.families.effect.rendering import rendered
from vschaos2.objectives.linear_fit import best_filter_esr
from vschaos2.training.objective import Moment
from vschaos2.training.optimisation import (
    AVERAGE_EVERY,
    adamw,
    clip_apart,
    move_average,
    rate_factor,
)

RATE = 44_100
SECONDS, HELD_OUT_SECONDS = 95.0, 12.0
SEED, HELD_OUT_SEED = 1, 77
DRIVES_DB, UNHEARD_DB = (6.0, 12.0, 24.0, 30.0), (15.0, 18.0)
Signal = devices.Signal


@njit(cache=True)
def _compressed(x: Signal, rate_hz: float) -> Signal:
    """Peaks above -20 dB, 4 : 1, attack 5 ms, release 100 ms, 6 dB behind it."""
    attack, release = 1.0 - np.exp(-1.0 / (0.005 * rate_hz)), 1.0 - np.exp(-1.0 / (0.1 * rate_hz))
    y, level = np.empty_like(x), 1e-9
    for t in range(len(x)):
        peak = abs(x[t])
        level += (attack if peak > level else release) * (peak - level)
        over_db = max(0.0, 20.0 * np.log10(level + 1e-9) + 20.0)
        y[t] = x[t] * 10.0 ** ((6.0 - 0.75 * over_db) / 20.0)
    return y


def peak_chain(dry: Signal, rate_hz: int) -> Signal:
    """Treble up, tanh of 25 dB, low pass, a bell, and a compressor that follows peaks."""
    bright = dry + (dry - devices.one_pole(dry, rate_hz, 1500.0))
    up = devices.resample_poly(bright, devices.OVERSAMPLING, 1)
    clipped = devices.resample_poly(np.tanh(10.0 ** (25.0 / 20.0) * up), 1, devices.OVERSAMPLING)
    low = devices.one_pole(clipped, rate_hz, 5000.0)
    return _compressed(devices.peak_filter(low, rate_hz, 800.0, 6.0, 1.0), float(rate_hz))


class Trial(NamedTuple):
    """A device, a configuration, a budget and a bar."""

    device: Callable[..., Signal]
    config: str
    words: tuple[str, ...]
    budget_s: float
    bar: float


SMALL = ("model.net.hidden_dims=16",)
diode, chain, fast = devices.diode_clipper, devices.drive_chain, devices.fast_chain
TRIALS = {
    "diode_5": Trial(diode, "effect_drive", SMALL, 5.0, 0.01),
    "diode_60": Trial(diode, "effect_drive", (), 60.0, 0.002),
    "diode_120": Trial(diode, "effect_drive", (), 120.0, 0.0007),
    "chain_60": Trial(chain, "effect_drive", (), 60.0, 0.003),
    "chain_120": Trial(chain, "effect_drive", (), 120.0, 0.002),
    "chain_300": Trial(chain, "effect_drive", (), 300.0, 0.0006),
    "fast_chain_60": Trial(fast, "effect_drive", (), 60.0, 0.003),
    "fast_chain_120": Trial(fast, "effect_drive", (), 120.0, 0.002),
    "fast_chain_300": Trial(fast, "effect_drive", (), 300.0, 0.0006),
    "peak_chain_60": Trial(peak_chain, "effect_drive", (), 60.0, 0.003),
    "peak_chain_120": Trial(peak_chain, "effect_drive", (), 120.0, 0.002),
    "peak_chain_300": Trial(peak_chain, "effect_drive", (), 300.0, 0.0006),
    "tcn": Trial(peak_chain, "effect_tcn", (), 120.0, 0.015),
    "gcn": Trial(peak_chain, "effect_gcn", (), 120.0, 0.015),
    "ssm": Trial(peak_chain, "effect_ssm", (), 120.0, 0.03),
}
KNOB_TRIAL = Trial(diode, "effect_drive", (), 60.0, 0.006)


def write(root: Path, dry: Signal, device: Callable[..., Signal], drives_db: tuple[float, ...]):
    """A folder of pairs, a wet file for each drive; one at the device's own if there is none."""
    for folder in ("dry", "wet", *(["metadata/drive"] if drives_db else [])):
        (root / folder).mkdir(parents=True)
    soundfile.write(root / "dry/riff.wav", dry, RATE, subtype="FLOAT")
    if not drives_db:
        soundfile.write(root / "wet/riff.wav", device(dry, RATE), RATE, subtype="FLOAT")
        return
    lines = []
    for drive_db in drives_db:
        name = f"riff@{drive_db:g}.wav"
        wet = device(dry, RATE, drive_db=drive_db)
        soundfile.write(root / "wet" / name, wet, RATE, subtype="FLOAT")
        lines.append(f"wet/{name}\t{drive_db}\n")
    (root / "metadata/drive/metadata.txt").write_text("".join(lines), encoding="utf-8")


def epochs(data: Any) -> Iterator[Any]:
    """Batches without end."""
    batches = data.train_dataloader().batches
    while True:
        yield from batches  # each turn is the next epoch


def trained(trial: Trial, root: Path) -> tuple[EffectModel, int, int]:
    """A model that learnt for a budget of processor time, its steps, and its device's shift.

    The model is the running average; the shift is what alignment took off the wet sound, samples.
    """
    words = (f"data.dataset.root={root}", "data.dataset.validation_fraction=0.02", *trial.words)
    config = vschaos2.compose(trial.config, *words)
    settle(config)
    torch.manual_seed(config.seed)
    model = build_model(config)
    data, learns, pace = (
        material(config, model),
        objective(config, model),
        config.training.optimiser,
    )
    learns.fit(data)
    average = AveragedModel(model, multi_avg_fn=partial(move_average, decay=pace.average_decay))
    optimiser = adamw(model, pace.learning_rate, pace.weight_decay, fused=True)
    began, batches, step = time.process_time(), epochs(data), 0
    while (done := (time.process_time() - began) / trial.budget_s) < 1.0:
        factor = rate_factor(step, done, pace.warmup_steps, pace.cooldown)
        for group in optimiser.param_groups:
            group["lr"] = pace.learning_rate * factor
        optimiser.zero_grad()
        learns.loss(next(batches), Moment(step, 0)).total.backward()
        clip_apart(model, (), config.trainer.gradient_clip_val)
        optimiser.step()
        step += 1
        if step % AVERAGE_EVERY == 0:
            average.update_parameters(model)
    return average.module, step, int(data.takes[0].alignment["shift"])


def esr(model: EffectModel, dry: Signal, wet: Signal, shift: int, *knobs: float) -> float:
    """Energy of the error, of the energy of the device's sound as it was learnt."""
    wet = np.roll(wet, -shift)
    wet[slice(0, -shift) if shift < 0 else slice(len(wet) - shift, None)] = 0.0
    values = np.array(knobs, np.float32).reshape(-1, 1)
    y = rendered(model, dry[None].astype(np.float32), values)[0]
    return float(np.square(y - wet).sum() / np.square(wet).sum())


def sounds(recording: Path | None) -> tuple[Signal, dict[str, Signal]]:
    """What is trained on, and what is held out."""
    dry = plucked_strings.dry_sounds(SECONDS, SEED, RATE)
    others = {"strings": plucked_strings.strings(HELD_OUT_SECONDS, HELD_OUT_SEED, RATE)}
    if recording is not None:
        played = read_audio(recording, RATE).astype(np.float64)
        half = len(played) // 2
        dry, others[recording.stem] = np.concatenate((dry, played[:half])), played[half:]
    return dry, others


def verdict(value: float, bar: float) -> str:
    """The figure beside its bar."""
    return f"{value:.5f} (bar {bar:g}: {'held' if value <= bar else 'MISSED'})"


def trial(name: str, recording: Path | None) -> None:
    """Train once and print."""
    told, (dry, others) = TRIALS[name], sounds(recording)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pairs"
        write(root, dry, told.device, ())
        model, steps, shift = trained(told, root)
    parts = []
    for sound, heard in others.items():
        wet = told.device(heard, RATE)
        linear = best_filter_esr(heard[None].astype(np.float32), wet[None].astype(np.float32))
        found = verdict(esr(model, heard, wet, shift), told.bar)
        parts.append(f"{sound} {found}, linear {linear:.3f}")
    print(f"{name}: {steps} steps in {told.budget_s:g} s; ESR of {'; '.join(parts)}", flush=True)


def knob(recording: Path | None) -> None:
    """A drive heard at four settings, at those and at two between them."""
    dry, others = sounds(recording)
    dry = dry[: round(45 * RATE)] if recording is None else dry[-round(45 * RATE) :]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "pairs"
        write(root, dry, diode, DRIVES_DB)
        model, steps, shift = trained(KNOB_TRIAL, root)
    for sound, heard in others.items():
        found = {
            drive_db: esr(model, heard, diode(heard, RATE, drive_db=drive_db), shift, drive_db)
            for drive_db in (*DRIVES_DB, *UNHEARD_DB)
        }
        seen = ", ".join(f"{drive_db:g} dB {found[drive_db]:.5f}" for drive_db in DRIVES_DB)
        unheard = "; ".join(
            f"{drive_db:g} dB {verdict(found[drive_db], KNOB_TRIAL.bar)}" for drive_db in UNHEARD_DB
        )
        print(f"knob: {steps} steps, {sound}: heard {seen}; never heard {unheard}", flush=True)


LOAD_BARS = {64: 0.12, 512: 0.05, 2048: 0.04}  # of an LSTM of 32
KNOB = {"drive": {"lowest": 0.0, "highest": 1.0, "value": 0.5}}


def load(_: Path | None) -> None:
    """Percent of a core of every kind of network, without and with a knob, as TorchScript."""
    words = ("data.dataset.root=none", f"data.dataset.sample_rate_hz={RATE}", "model.channels_in=1")
    for name in ("effect_drive", "effect_gru", "effect_tcn", "effect_gcn", "effect_ssm"):
        for knobs in (None, KNOB):
            config = vschaos2.compose(name, *words, "model.channels_out=1")
            config.model.knobs = knobs
            script = torch.jit.script(PlayableEffect(build_model(config).eval(), {}).eager)
            shares = []
            for block, bar in LOAD_BARS.items():
                share = share_of_core(script, block)
                told = verdict(share, bar) if name == "effect_drive" else f"{share:.4f}"
                shares.append(f"{block}: {told}")
            print(f"load of {name}, {len(knobs or {})} knobs, {', '.join(shares)}", flush=True)


def share_of_core(script: Any, block: int) -> float:
    """Processor time of a second of sound in blocks: the median of five."""
    x, times = 0.1 * torch.randn(1, 1, block), []
    with torch.inference_mode():
        for _ in range(6):
            began = time.process_time()
            for _ in range(2 * RATE // block):
                script(x)
            times.append((time.process_time() - began) / 2.0)
    return statistics.median(times[1:])


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join([*TRIALS, 'knob', 'load'])}")
    parser.add_argument("--recording", type=Path, help="a dry sound, mono")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    others = {"knob": knob, "load": load}
    for name in arguments.parts or [*TRIALS, *others]:
        if name in others:
            others[name](arguments.recording)
        else:
            trial(name, arguments.recording)


if __name__ == "__main__":
    main()
