"""How an instrument plays in hosts of another sample rate: pitch, spectra, labels, cost.

    python -m benchmarks.host_rates [RUN] [--sounds FOLDER] [--minutes 3] [--every 3]

Without a RUN, `dgt_pitch_prediction` is trained for some minutes on the demo's tones, and measured
on tones of another seed. Of the scripted instrument, at its own rate and at every other that it can
be made for, are printed

    pitch    by how many cents the spectrum of `forward`, and of `decode` where a frame of each
             tone, after its attack, stands still, must be moved to fit that at the own rate:
             median, largest, and what it would be without a warp
    SC       ‖S - Ŝ‖ / ‖S‖ of the magnitudes of `forward`'s sound, the input's phase kept, mean over
             the sounds; and how much louder or softer the sound is than at the own rate, in dB
    labels   of the sounding frames, those whose guess is the one at the own rate at that time
    cost     processor time of a block over its duration, by method, median of calls taken in turn
"""

import argparse
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr
import torch
from torch import Tensor

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.dsp.host_rate import window_factors
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.families.export import playable_of
from vschaos2.families.loading import load_run
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.runs.folder import Run

ROOT = Path(__file__).parents[1]
SECONDS = 3.0  # of each sound
SOUNDING_DB = 40.0  # below the loudest frame
HELD_FRAMES = 96
STEADY_FRAMES = 20  # after the loudest, where attacks are over
MOST_CENTS = 300  # that spectra are moved by
FloatArray = npt.NDArray[np.float64]
CALLS = 200


class Host(NamedTuple):
    """An instrument, scripted, in a host of some rate."""

    rate_hz: int
    playable: PlayableVAE
    module: torch.jit.ScriptModule

    @property
    def seconds(self) -> float:
        """From frame to frame."""
        return self.playable.core.hop / self.rate_hz

    def __call__(self, method: str, block: Tensor) -> Tensor:
        """What a method returns when it has heard nothing before."""
        self.module.set_reset(True)
        made: Tensor = getattr(self.module, method)(block)
        return made


def hosts(run: Run) -> Iterator[Host]:
    """The instrument at every rate that it can be made for, its own first."""
    for rate_hz in window_factors(run.model.transform.sample_rate_hz):
        playable = playable_of(run, {"rate": rate_hz, "texture": 0.0})
        assert isinstance(playable, PlayableVAE)
        module = playable.script()
        module.get_methods()
        module.set_limiter("off")
        yield Host(rate_hz, playable, module)


def sound_at(path: Path, host: Host) -> Tensor:
    """The beginning of a file at a host's rate, whole hops, [T]."""
    own_hz = host.playable.core.transform.sample_rate_hz
    sound = read_audio(path, own_hz)[: int(SECONDS * own_hz)]
    sound = np.asarray(soxr.resample(sound, own_hz, host.rate_hz, quality="VHQ"), np.float32)
    return torch.from_numpy(sound[: len(sound) // host.playable.core.hop * host.playable.core.hop])


def with_labels(host: Host, sound: Tensor) -> Tensor:
    """A sound, and label inlets that leave everything to the model: [1, 1 + labels, T]."""
    labels = torch.full((host.playable.core.labels.n_labels, len(sound)), -1.0)
    return torch.cat((sound[None], labels))[None]


def encoded(host: Host, sound: Tensor) -> tuple[Tensor, Tensor]:
    """Axes and guesses of every frame: [F, axes], [F, guesses]."""
    inlets = int(host.module.encode_params[0])
    values = host("encode", with_labels(host, sound)[:, :inlets])[0].T
    axes = host.playable.core.latent_dims
    return values[:, :axes], values[:, axes:]


def spectra(host: Host, sound: Tensor) -> Tensor:
    """Magnitudes of a sound's frames, [F, K]."""
    core = host.playable.core
    return StreamingAnalysis(core.n_fft, core.hop)(sound[None])[0].abs()


def reconstruction(host: Host, sound: Tensor) -> tuple[float, float]:
    """Spectral convergence of `forward`, and its level over the input's in dB."""
    delay = host.module.get_delay()[0]
    tail = torch.zeros(-(-delay // host.playable.core.hop) * host.playable.core.hop)
    heard = host("forward", with_labels(host, torch.cat((sound, tail))))[0, 0]
    given, made = spectra(host, sound), spectra(host, heard[delay : delay + len(sound)])
    level = 10.0 * math.log10(float(made.square().sum() / given.square().sum()) + 1e-12)
    return float((given - made).norm() / given.norm()), level


def over_cents(sound: Tensor, rate_hz: int) -> FloatArray:
    """Magnitudes of a steady sound in steps of a cent from 60 Hz to 8 kHz."""
    samples = sound.double().numpy() * np.hanning(len(sound))
    magnitude = np.abs(np.fft.rfft(samples, 4 * len(samples)))
    frequency_hz = np.fft.rfftfreq(4 * len(samples), 1.0 / rate_hz)
    grid_hz = 60.0 * 2.0 ** (np.arange(round(1200 * math.log2(8000 / 60))) / 1200.0)
    found: FloatArray = np.interp(grid_hz, frequency_hz, magnitude)
    return found


def cents_between(one: FloatArray, other: FloatArray) -> float:
    """By how many cents one spectrum must be moved to be most like the other."""
    alike = np.correlate(np.pad(one, MOST_CENTS), other, "valid")
    return float(abs(int(alike.argmax()) - MOST_CENTS))


def held(host: Host, point: Tensor) -> FloatArray:
    """The spectrum of latents and labels that stand still."""
    sound = host("decode", point[None, :, None].expand(1, -1, HELD_FRAMES))[0, 0]
    return over_cents(sound[len(sound) // 4 :], host.rate_hz)


def passed(host: Host, sound: Tensor) -> FloatArray:
    """The spectrum of a sound through `forward`."""
    return over_cents(host("forward", with_labels(host, sound))[0, 0], host.rate_hz)


def point_of(host: Host, sound: Tensor) -> Tensor:
    """Latents, and labels as guessed, a while after the loudest frame: [axes + labels]."""
    axes, guesses = encoded(host, sound)
    loudest = int(spectra(host, sound).square().sum(1).argmax())
    loudest = min(loudest + STEADY_FRAMES, len(axes) - 1)
    model = host.playable.core.model
    known = dict(zip(model.prediction.tasks, guesses[loudest].tolist(), strict=True))
    labels = [known.get(task, 0.0) for task in model.conditioning.tasks]
    return torch.cat((axes[loudest], torch.tensor(labels)))


def agreement(own: Host, host: Host, sounds: tuple[Tensor, Tensor]) -> Tensor:
    """Whether guesses of sounding frames are those at the own rate: bool [F, guesses]."""
    (_, expected), (_, guesses) = encoded(own, sounds[0]), encoded(host, sounds[1])
    level = spectra(own, sounds[0]).square().sum(1).log10() * 10.0
    # Of the frames whose centre is nearest in time.
    shift = (host.playable.core.n_fft / host.rate_hz - own.playable.core.n_fft / own.rate_hz) / 2
    moments = (torch.arange(len(expected)) + 1.0) * own.seconds + shift
    nearest = (moments / host.seconds - 1.0).round().long().clamp(0, len(guesses) - 1)
    return (guesses[nearest].round() == expected.round())[level > level.max() - SOUNDING_DB]


def factors(own: Host, host: Host, blocks: int) -> dict[str, tuple[float, float]]:
    """Real-time factors by method at the own rate and at the host's, calls taken in turn."""
    found = {}
    for name, (inlets, in_ratio, _, _) in host.playable.methods.items():
        seconds: tuple[list[float], list[float]] = ([], [])
        for _ in range(CALLS):
            for taken, each in zip(seconds, (own, host), strict=True):
                hop = each.playable.core.hop
                size = blocks * hop if in_ratio == 1 else blocks
                block = 0.1 * torch.randn(1, inlets, size)
                start = time.process_time()
                getattr(each.module, name)(block)
                taken.append((time.process_time() - start) / (blocks * each.seconds))
        found[name] = (float(np.median(seconds[0])), float(np.median(seconds[1])))
    return found


def trained(folder: Path, minutes: float) -> tuple[Path, Path]:
    """A run on the demo's tones, and tones of another seed."""
    for seed, name in ((0, "known"), (1, "other")):
        command = [ROOT / "examples/demo_dataset.py", folder / name, "--seed", str(seed)]
        subprocess.run([sys.executable, *map(str, command)], check=True)
    settings = ["name=rates", f"rundir={folder}/runs", f"data.dataset.root={folder}/known"]
    command = ["-m", "vschaos2", "train", "--config-name", "dgt_pitch_prediction", *settings]
    subprocess.run([sys.executable, *command, f"minutes={minutes:g}"], check=True, cwd=ROOT)
    return folder / "runs/rates", folder / "other/data"


@torch.inference_mode()
def report(run: Run, paths: list[Path]) -> None:
    """Print a line for every rate, then what it costs."""
    every = list(hosts(run))
    own = every[0]
    sounds = {host.rate_hz: [sound_at(path, host) for path in paths] for host in every}
    points = [point_of(own, sound) for sound in sounds[own.rate_hz]]
    due = [(passed(own, sound), held(own, point))
           for sound, point in zip(sounds[own.rate_hz], points, strict=True)]  # fmt: skip
    print(f"{len(paths)} sounds")
    first = (1.0, 0.0)
    for host in every:
        every_one = zip(sounds[host.rate_hz], points, due, strict=True)
        off = np.array([
            (cents_between(passed(host, sound), through), cents_between(held(host, point), still))
            for sound, point, (through, still) in every_one
        ])  # fmt: skip
        made = [reconstruction(host, sound) for sound in sounds[host.rate_hz]]
        convergence, level = np.mean(made, 0).tolist()
        first = (convergence, level) if host is own else first
        both = zip(sounds[own.rate_hz], sounds[host.rate_hz], strict=True)
        alike = torch.cat([agreement(own, host, pair) for pair in both]).float()
        print(
            f"{host.rate_hz} Hz: forward is off by {np.median(off[:, 0]):.0f} cents, at most "
            f"{off[:, 0].max():.0f}, decode by {np.median(off[:, 1]):.0f}, at most "
            f"{off[:, 1].max():.0f}, within 5 in {np.mean(off[:, 1] <= 5.0):.0%} (without a warp "
            f"{1200.0 * abs(math.log2(host.rate_hz / own.rate_hz)):.0f}); SC {convergence:.4f}, "
            f"{convergence / first[0]:.3f} of the own; level {level - first[1]:+.2f} dB; labels "
            f"equal in {float(alike.mean()):.2%} of {len(alike)} frames",
            flush=True,
        )
    blocks = (1, 4)
    print(
        "| method | " + " | ".join(f"{h.rate_hz} Hz, {n} hops" for h in every[1:] for n in blocks)
    )
    costs = [factors(own, host, n) for host in every[1:] for n in blocks]
    for name in costs[0]:
        cells = [f"{of[name][0]:.4f} → {of[name][1]:.4f}" for of in costs]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--sounds", type=Path, help="to measure on; of a RUN given, needed")
    parser.add_argument("--minutes", type=float, default=3.0, help="of training (%(default)g)")
    parser.add_argument("--every", type=int, default=3, help="every Nth sound (%(default)s)")
    arguments = parser.parse_args()
    if (arguments.run is None) != (arguments.sounds is None):
        parser.error("give a RUN and --sounds FOLDER, or neither")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        run, sounds = arguments.run, arguments.sounds
        if run is None:
            run, sounds = trained(Path(folder), arguments.minutes)
        report(load_run(run), find_audio_files(sounds)[:: arguments.every])


if __name__ == "__main__":
    main()
