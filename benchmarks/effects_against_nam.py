"""How near `effect_drive` and Neural Amp Modeler come to a device in the same processor time.

    PYTHONPATH=examples python -m benchmarks.effects_against_nam [DEVICE ...] [--recording DRY.wav]
        [--seconds 60 120] [--seeds 0 1 2] [--nets nano feather standard] [--batch 16]

The package `neural-amp-modeler` must be installed (`--no-deps` and what it asks for). The devices
and the dry sounds, tones of keys by code and a recording, had no part in the choice of our recipe.

Its networks, its objective and its optimiser are the package's own, at the settings that it trained
amps with for years: WaveNet "nano", "feather" and "standard", 16 windows of 8192 samples a step,
Adam at .004, .993 of that after each epoch, squared error and spectra under a pre-emphasis. It
keeps the best of its states: so it is scored for the best after a half, three quarters and all of
the time. Ours is `train_model.py --config-name effect_drive` at its defaults, its last state.

Both are scored by one function on what was held out: other keys, and the recording's last quarter.
Its models get there as .nam files, by `generate.py import`.
"""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import devices
import numpy as np
import torch
from nam.train.lightning_module import LightningModule
from numba import njit

from benchmarks.effects import RATE, Trial, esr, trained, write
from vschaos2.audio import read_audio
from vschaos2.families.effect.nam_import import import_nam
from vschaos2.families.loading import load_run
from vschaos2.objectives.linear_fit import best_filter_esr

Signal = devices.Signal
KEYS_SECONDS, HELD_OUT_SECONDS, PEAK = 65.0, 12.0, 0.7
SEED, HELD_OUT_SEED = 5, 91
WINDOW, RATE_OF_LEARNING, DECAY = 8192, 0.004, 0.993
LOSS = {"val_loss": "esr", "pre_emph_mrstft_weight": 2e-4, "pre_emph_mrstft_coef": 0.85}
OCTAVES = [2**n for n in range(10)]
SPLITS = {"nano": (4, 7), "feather": (8, 7), "standard": (16, 10)}
BAR = 0.5  # ours over its best


def keys(duration_s: float, seed: int) -> Signal:
    """Struck tones with stiff partials, one to four at once, soft and loud, and rests between."""
    rng, sound = np.random.default_rng(seed), np.zeros(round(duration_s * RATE))
    now_s = 0.0
    while now_s < duration_s - 0.1:
        lasts_s, level = rng.uniform(0.1, 1.6), 10.0 ** rng.uniform(-1.7, 0.0)
        t = np.arange(round((lasts_s + 0.3) * RATE)) / RATE
        for _ in range(rng.integers(1, 5)):
            f0_hz, stiffness = 440.0 * 2 ** (rng.integers(-32, 20) / 12), rng.uniform(0.0, 6e-4)
            for n in range(1, 14):
                partial_hz = n * f0_hz * math.sqrt(1.0 + stiffness * n * n)
                if partial_hz < 0.4 * RATE:
                    fall = np.exp(-t * (1.2 + 0.5 * n)) * (1.0 - np.exp(-t / 0.002))
                    phase = rng.uniform(0.0, 2.0 * np.pi)
                    bent = np.sin(2.0 * np.pi * partial_hz * t + phase)
                    release = np.clip((lasts_s + 0.3 - t) / 0.3, 0.0, 1.0)
                    tone = level / n**1.3 * fall * release * bent
                    first = round(now_s * RATE)
                    room = sound[first : first + len(tone)]
                    room += tone[: len(room)]
        now_s += lasts_s * rng.uniform(0.7, 1.4)
    return PEAK * sound / np.abs(sound).max()


@njit(cache=True)
def _valve(x: Signal, rate_hz: float, gain: float, bias: float) -> Signal:
    """A valve behind a capacitor, which its grid charges when it is driven beyond 0."""
    y, charge = np.empty_like(x), 0.0
    charging, leaking = 1.0 / (0.004 * rate_hz), 1.0 / (0.06 * rate_hz)
    for t in range(len(x)):
        grid = gain * x[t] - charge + bias
        over = grid if grid > 0.0 else 0.0
        charge += charging * over - leaking * charge
        limited = grid - 0.6 * over
        y[t] = np.tanh(limited) if limited < 0.0 else np.tanh(0.7 * limited) / 0.7
    return y - math.tanh(bias)


def valve_amp(dry: Signal, rate_hz: int) -> Signal:
    """Two valves with coupling capacitors that remember 60 ms, a tone stack, and a dark end."""
    up = devices.resample_poly(dry, devices.OVERSAMPLING, 1)
    fast = rate_hz * devices.OVERSAMPLING
    first = _valve(up, float(fast), 6.0, -0.3)
    bright = first - devices.one_pole(first, fast, 90.0)
    second = _valve(0.7 * bright, float(fast), 5.0, -0.2)
    sound = devices.resample_poly(second, 1, devices.OVERSAMPLING)
    sound = sound - devices.one_pole(sound, rate_hz, 50.0)
    sound = devices.peak_filter(sound, rate_hz, 500.0, -7.0, 0.6)
    return 0.6 * devices.one_pole(sound, rate_hz, 4500.0)


def fuzz(dry: Signal, rate_hz: int) -> Signal:
    """Bass down, 36 dB, two unlike hard ends with round corners, a hollow and a low pass."""
    thin = dry - devices.one_pole(dry, rate_hz, 180.0)
    up = 10.0 ** (36.0 / 20.0) * devices.resample_poly(thin, devices.OVERSAMPLING, 1) + 0.25
    above, below = up / (1.0 + np.abs(up) ** 3) ** (1.0 / 3.0), up / np.sqrt(1.0 + 0.5 * up**2)
    bent = devices.resample_poly(np.where(up > 0.0, above, below), 1, devices.OVERSAMPLING)
    sound = bent - devices.one_pole(bent, rate_hz, 30.0)
    sound = devices.peak_filter(sound, rate_hz, 650.0, -9.0, 0.8)
    return 0.6 * devices.one_pole(sound, rate_hz, 6000.0)


DEVICES: dict[str, Callable[..., Signal]] = {"valve_amp": valve_amp, "fuzz": fuzz}


def sounds(recording: Path | None) -> tuple[Signal, dict[str, Signal]]:
    """What is trained on, and what is held out."""
    dry, others = keys(KEYS_SECONDS, SEED), {"keys": keys(HELD_OUT_SECONDS, HELD_OUT_SEED)}
    if recording is not None:
        played = read_audio(recording, RATE).astype(np.float64)
        played *= PEAK / np.abs(played).max()
        part = 3 * len(played) // 4
        dry, others[recording.stem] = np.concatenate((dry, played[:part])), played[part:]
    return dry, others


def wavenet(name: str) -> dict[str, Any]:
    """One of its networks, as its own configurations have it."""
    channels, split = SPLITS[name]
    # The smaller ones have 7 layers in the wider array and 13 in the other.
    dilations = (OCTAVES, OCTAVES) if split == 10 else (OCTAVES[:7], OCTAVES[7:] + OCTAVES)
    sizes = ((1, channels, channels // 2, False), (channels, channels // 2, 1, True))
    layers = [
        {
            "input_size": n_in, "condition_size": 1, "channels": width, "kernel_size": 3,
            "dilations": of, "activation": "Tanh",
            "head": {"out_channels": head, "kernel_size": 1, "bias": has_bias},
        }
        for (n_in, width, head, has_bias), of in zip(sizes, dilations, strict=True)
    ]  # fmt: skip
    return {"layers_configs": layers, "head": None, "head_scale": 0.02, "sample_rate": RATE}


class State(NamedTuple):
    """One of its networks after some training: s of processor time, steps, and the model."""

    at_s: float
    steps: int
    model: Any


def marks_of(seconds: list[float]) -> list[float]:
    """When its networks are looked at: a half, three quarters and the end of every budget."""
    return sorted({part * budget for budget in seconds for part in (0.5, 0.75, 1.0)})


def learnt(
    name: str, dry: Signal, wet: Signal, seed: int, marks_s: list[float], folder: Path, batch: int
) -> list[State]:
    """One of its networks trained until the last mark, as it is at each."""
    torch.manual_seed(seed)
    chance = torch.Generator().manual_seed(seed)
    module = LightningModule.init_from_config(
        {
            "net": {"name": "WaveNet", "config": wavenet(name)},
            "loss": LOSS,
            "optimizer": {"lr": RATE_OF_LEARNING},
            "lr_scheduler": {"class": "ExponentialLR", "kwargs": {"gamma": DECAY}},
        }
    )
    moved = module.configure_optimizers()
    optimiser, scheduler = moved["optimizer"], moved["lr_scheduler"]["scheduler"]
    past = module.net.receptive_field - 1
    x = torch.from_numpy(np.concatenate((np.zeros(past), dry)).astype(np.float32))
    y = torch.from_numpy(wet.astype(np.float32))
    count, states, step, spent, left = len(y) // WINDOW, [], 0, 0.0, list(marks_s)
    module.train()
    while left:
        order = torch.randperm(count, generator=chance)
        for windows in order[: count // batch * batch].split(batch):
            began = time.process_time()
            firsts = [int(window) * WINDOW for window in windows]
            heard = torch.stack([x[first : first + past + WINDOW] for first in firsts])
            due = torch.stack([y[first : first + WINDOW] for first in firsts])
            optimiser.zero_grad()
            module.training_step((heard, due), step).backward()
            optimiser.step()
            step, spent = step + 1, spent + time.process_time() - began
            if spent >= left[0]:
                at_s = left.pop(0)
                module.net.export(folder, basename=f"{name}{at_s:g}")
                module.train()
                file = folder / f"{name}{at_s:g}.nam"
                run = load_run(import_nam(file, folder / "runs", file.stem))
                states.append(State(at_s, step, run.model))
                if not left:
                    break
        scheduler.step()
    return states


def compared(device: str, told: argparse.Namespace) -> None:
    """Train all on one device and print."""
    seconds, seeds, nets = sorted(told.seconds), told.seeds, told.nets
    dry, others = sounds(told.recording)
    wet = DEVICES[device](dry, RATE)
    held_out = {name: (heard, DEVICES[device](heard, RATE)) for name, heard in others.items()}
    found: dict[tuple[str, float, str], list[float]] = {}
    for sound, pair in held_out.items():
        linear = best_filter_esr(*(of[None].astype(np.float32) for of in pair))
        print(f"{device}, {sound}: a linear filter leaves {linear:.3f}", flush=True)

    def keep(name: str, budget: float, scores: dict[str, float], steps: int) -> None:
        for sound, score in scores.items():
            found.setdefault((name, budget, sound), []).append(score)
        each = ", ".join(f"{sound} {score:.5f}" for sound, score in scores.items())
        print(f"{device}, {name}, {budget:g} CPU s, {steps} steps: ESR of {each}", flush=True)

    for seed in seeds:
        with tempfile.TemporaryDirectory() as place:
            root = Path(place)
            write(root / "pairs", dry, DEVICES[device], ())
            for budget in seconds:
                trial = Trial(DEVICES[device], "effect_drive", (f"seed={seed}",), budget, BAR)
                model, steps, shift = trained(trial, root / "pairs")
                scores = {of: esr(model, *pair, shift) for of, pair in held_out.items()}
                keep("ours", budget, scores, steps)
            for name in nets:
                states = learnt(name, dry, wet, seed, marks_of(seconds), root, told.batch)
                for budget in seconds:
                    heard = [
                        {of: esr(state.model, *pair, 0) for of, pair in held_out.items()}
                        for state in states
                        if state.at_s <= budget
                    ]
                    best = {of: min(scores[of] for scores in heard) for of in held_out}
                    steps = max(state.steps for state in states if state.at_s <= budget)
                    keep(name, budget, best, steps)
    for budget in seconds:
        for sound in held_out:
            middle = {
                name: statistics.median(found[name, budget, sound]) for name in (*nets, "ours")
            }
            share = middle["ours"] / min(middle[name] for name in nets)
            each = ", ".join(f"{name} {value:.5f}" for name, value in middle.items())
            verdict = "held" if share <= BAR else "MISSED"
            print(
                f"{device}, {budget:g} CPU s, {sound}, median of {len(seeds)}: ESR {each}; ours is "
                f"{share:.3f} of its best (bar {BAR:g}: {verdict})",
                flush=True,
            )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("devices", nargs="*", help=f"of {', '.join(DEVICES)} (all)")
    parser.add_argument("--recording", type=Path, help="a dry sound, mono")
    parser.add_argument("--seconds", type=float, nargs="+", default=[60.0, 120.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--nets", nargs="+", default=list(SPLITS), help="of its networks (all)")
    parser.add_argument("--batch", type=int, default=16, help="of its steps, windows (16)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for device in arguments.devices or DEVICES:
        compared(device, arguments)


if __name__ == "__main__":
    main()
