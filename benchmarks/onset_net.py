"""Teaches the net that hears onsets, and holds it against the flux, at the same delay.

    python -m benchmarks.onset_net --choose FOLDER --judge FOLDER… [--steps N] [--write]

The net is taught on sounds by code whose onsets are known: struck things (`examples.struck`, other
objects than any folder has), notes with slow and quick attacks, vibrato and tremolo, bursts of
noise, over noise and drones, with rooms. Its threshold is chosen on the sounds of --choose; the
flux has its usual one. Each FOLDER holds NAME.wav with NAME.times.csv, such as
`benchmarks.onset_sounds` writes. Both listen as the program does, 30 ms late. --write puts the
weights where the package has them.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

import vschaos2
from examples.struck import MATERIALS, struck
from vschaos2.audio import read_audio
from vschaos2.errors import InputError
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.onset_net import WAIT, WEIGHTS, OnsetNet
from vschaos2.events.onsets import find_times, read_onsets
from vschaos2.events.scores import Agreement, agreement, pooled

Samples = npt.NDArray[np.float64]
RATE_HZ = 44_100
SECONDS = 12.0
PIECES = 60
STEPS, WINDOWS, LENGTH, LEAD = 1600, 16, 300, 24  # frames of 5 ms
TOLERANCE_S = 0.05
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)
File = tuple[str, Samples, Samples]  # a name, a sound, when something begins in it


def note(random: np.random.Generator, seconds: float) -> Samples:
    """A tone of some partials that begins within 2 to 60 ms, and may tremble."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    bent = random.uniform(0.0, 0.04) * np.sin(2 * np.pi * random.uniform(4, 7) * t)
    hz = 110.0 * 2.0 ** random.uniform(0.0, 4.0)
    turns = 2 * np.pi * hz * np.cumsum(2.0 ** (bent * random.integers(2))) / RATE_HZ
    tilt, count = random.uniform(0.5, 2.5), max(1, min(20, int(12_000 / hz)))
    sound = sum(
        np.sin(n * turns + random.uniform(0, 6)) * n**-tilt * random.uniform(0.3, 1)
        for n in range(1, count + 1)
    )
    rise = 1.0 - np.exp(-t / (0.001 * 30.0 ** random.uniform(0.0, 1.0)))
    fall = np.exp(-t / random.uniform(0.08, 1.5)) if random.random() < 0.7 else 1.0
    tremble = 1.0 + random.uniform(0.0, 0.3) * np.sin(2 * np.pi * random.uniform(3, 8) * t)
    ended = np.clip((seconds - t) / random.uniform(0.01, 0.08), 0.0, 1.0)
    return np.asarray(sound * rise * fall * tremble * ended)


def burst(random: np.random.Generator, seconds: float) -> Samples:
    """Noise of some colour that dies away."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    spectrum = np.fft.rfft(random.standard_normal(len(t)))
    hz = np.fft.rfftfreq(len(t), 1 / RATE_HZ) + 1.0
    middle, wide = 100.0 * 2.0 ** random.uniform(0.0, 6.5), random.uniform(0.3, 3.0)
    shaped = np.fft.irfft(spectrum * np.exp(-np.square(np.log2(hz / middle) / wide)), len(t))
    return np.asarray(shaped * np.exp(-t / 0.01 / 20.0 ** random.uniform(0.0, 1.0)))


def drone(random: np.random.Generator, samples: int) -> Samples:
    """Partials that beat slowly, and grow and fade."""
    t = np.arange(samples) / RATE_HZ
    made = np.zeros(samples)
    for _ in range(random.integers(2, 9)):
        swell = 1.0 + 0.9 * np.sin(2 * np.pi * random.uniform(0.2, 5.0) * t + random.uniform(0, 6))
        hz = 50.0 * 2.0 ** random.uniform(0.0, 6.0)
        made += swell * np.sin(2 * np.pi * hz * t + random.uniform(0, 6)) / hz**0.5
    return made / np.abs(made).max()


def piece(seed: int) -> tuple[Samples, Samples]:
    """A drawn sound, and when something begins in it."""
    random = np.random.default_rng([9, seed])
    total = np.zeros(round(SECONDS * RATE_HZ))
    kinds = [("struck", "note", "burst"), ("struck",), ("note",), ("burst", "struck")][seed % 4]
    things = [(random.choice(list(MATERIALS)), int(random.integers(100, 400))) for _ in range(3)]
    times, at = [], 0.3
    while at < SECONDS - 0.5:
        kind, seconds = random.choice(kinds), random.uniform(0.15, 1.5)
        if kind == "struck":
            material, thing = things[random.integers(3)]
            made = struck(material, thing, random.uniform(0.1, 1.0), random, RATE_HZ, 1.0)
        else:
            made = (note if kind == "note" else burst)(random, seconds)
        made = made / np.abs(made).max() * 10 ** (-random.uniform(0.0, 24.0) / 20)
        place = round(at * RATE_HZ)
        made = made[: len(total) - place]
        total[place : place + len(made)] += made
        times.append(at)
        at += 0.07 + min(1.0, random.exponential(0.25))
    if random.random() < 0.5:  # a room
        t = np.arange(RATE_HZ // 2) / RATE_HZ
        room = random.standard_normal(len(t)) * np.exp(-t / random.uniform(0.03, 0.15))
        size = 2 ** int(np.ceil(np.log2(len(total) + len(room))))
        wet = np.fft.irfft(np.fft.rfft(total, size) * np.fft.rfft(room, size))[: len(total)]
        total = total + random.uniform(0.05, 0.5) * wet * np.abs(total).max() / np.abs(wet).max()
    colour = np.fft.rfft(random.standard_normal(len(total)))
    behind = np.fft.irfft(colour / np.arange(1, len(colour) + 1) ** random.uniform(0.0, 0.7))
    behind = np.resize(behind / np.abs(behind).max(), len(total))
    if random.random() < 0.5:
        behind = behind + drone(random, len(total)) * random.uniform(0.3, 3.0)
    total += np.abs(total).max() * behind * 10 ** (-random.uniform(30.0, 70.0) / 20)
    level = 10 ** (-random.uniform(0.0, 20.0) / 20)
    return total / np.abs(total).max() * level, np.array(times)


@torch.inference_mode()
def heard(sound: Samples, detector: OnsetDetector) -> Tensor:
    """What the net hears of a sound, as the detector hands it over: [T] → [F, 2·groups]."""
    detector.reset()
    count = len(sound) // detector.hop
    lead = detector.window_samples - detector.hop
    padded = np.pad(sound, (lead, 0))[: lead + count * detector.hop].astype(np.float32)
    loud, grown = detector.loudness(torch.from_numpy(padded)[None, None], count)
    return detector.gather(loud, grown, 1, count)[0]


def due(times_s: Samples, frames: int, hop: int) -> Tensor:
    """What is to be said of each frame: 1 where an onset was `WAIT` frames ago, ½ beside it."""
    made = torch.zeros(frames)
    for time_s in times_s:
        at = int(time_s * RATE_HZ) // hop + WAIT
        for step, value in ((-1, 0.3), (1, 0.3), (0, 1.0)):
            if 0 <= at + step < frames:
                made[at + step] = max(float(made[at + step]), value)
    return made


def taught(steps: int, seed: int) -> OnsetNet:
    """A net that was shown drawn sounds."""
    torch.manual_seed(seed)
    net = OnsetNet()
    detector = OnsetDetector(RATE_HZ, 1, net)
    shown = [piece(number) for number in range(PIECES)]
    x = torch.stack([heard(sound, detector) for sound, _ in shown])
    y = torch.stack([due(times, x.shape[1], detector.hop) for _, times in shown])
    optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (WINDOWS,)).tolist()
        firsts = torch.randint(x.shape[1] - LENGTH, (WINDOWS,)).tolist()
        pairs = [*zip(rows, firsts, strict=True)]
        parts = torch.stack([x[row, first : first + LENGTH] for row, first in pairs])
        wanted = torch.stack([y[row, first : first + LENGTH] for row, first in pairs])
        said, _ = net(parts, torch.zeros(WINDOWS, net.state_size))
        loss = nn.functional.binary_cross_entropy_with_logits(
            said[:, LEAD:], wanted[:, LEAD:], pos_weight=torch.tensor(3.0)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
    return net.eval().requires_grad_(False)


@torch.inference_mode()
def found(sound: Samples, detector: OnsetDetector) -> Samples:
    """The onsets that a detector tells of, in seconds."""
    detector.reset()
    padded = np.pad(sound, (0, detector.delay_samples)).astype(np.float32)
    impulses = detector(torch.from_numpy(padded)[None, None])[0]
    places = impulses.nonzero()[:, 0].numpy() - detector.delay_samples
    return np.asarray(places[places >= 0] / RATE_HZ)


def files_of(folder: Path) -> list[File]:
    """The sounds of a folder, with what is true of them."""
    files = []
    for path in sorted(folder.glob("*.wav")):
        beside = find_times(path)
        if beside is None:
            raise InputError(f"{path}: has no {path.stem}.times.csv beside it")
        sound = read_audio(path, RATE_HZ).astype(np.float64)
        files.append((path.stem, sound, read_onsets(beside).times_s))
    return files


def score(files: list[File], detector: OnsetDetector) -> list[Agreement]:
    """How right a detector is about each file."""
    return [agreement(found(sound, detector), true, TOLERANCE_S) for _, sound, true in files]


def told(parts: list[Agreement]) -> str:
    """Their scores together."""
    of = pooled(parts)
    return f"F {of.f_measure:.3f}, {of.paired} of {of.true} found, {of.found - of.paired} too many"


def main() -> None:
    """Teach the net, and print what both hear."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--choose", type=Path, required=True)
    parser.add_argument("--judge", type=Path, nargs="*", default=[])
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    net = taught(options.steps, options.seed)
    weights = sum(of.numel() for of in net.parameters())
    print(f"{weights} weights, {time.process_time() - start:.0f} s of CPU", flush=True)
    if options.write:
        content = io.BytesIO()
        halves = {key: of.numpy().astype(np.float16) for key, of in net.state_dict().items()}
        np.savez_compressed(content, **halves)
        place = Path(vschaos2.__file__).parent / "events" / WEIGHTS
        place.write_bytes(content.getvalue())
        print(f"{place}: {len(content.getvalue())} bytes")
    by_net, by_flux = OnsetDetector(RATE_HZ, 1, net).eval(), OnsetDetector(RATE_HZ).eval()
    by_net.by_net = True
    files, best = files_of(options.choose), (0.0, 0.0)
    for threshold in THRESHOLDS:
        by_net.likelihood = threshold
        of = score(files, by_net)
        print(f"{options.choose}: net at {threshold:.2f} {told(of)}", flush=True)
        best = max(best, (pooled(of).f_measure, threshold))
    print(f"{options.choose}: flux {told(score(files, by_flux))}")
    by_net.likelihood = best[1]
    for folder in options.judge:
        files = files_of(folder)
        ours, others = score(files, by_net), score(files, by_flux)
        for (name, _, _), one, other in zip(files, ours, others, strict=True):
            print(f"  {name:24} net {told([one])}   flux {told([other])}")
        print(f"{folder}: net at {best[1]:.2f} {told(ours)}; flux {told(others)}", flush=True)


if __name__ == "__main__":
    main()
