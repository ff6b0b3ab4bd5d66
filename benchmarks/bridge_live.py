"""What a bridge costs a host, and whether it keeps the pitch that is sung to it.

    python -m benchmarks.bridge_live spread FOLDER --out FOLDER --semitones -8 4
    python -m benchmarks.bridge_live load RUN --to violin
    python -m benchmarks.bridge_live pitch RUN --to trumpet --voice FOLDER [--truth FOLDER]

`spread` writes every sound of a folder again, played faster and slower by steps of half a semitone:
a few seconds of an instrument then hold every key of a range.

`load` exports RUN by each way that it learnt, and the VAE alone, and prints what share of a core
each method takes at blocks of 512 to 4096 samples: medians of processor time, one thread. In
brackets stands what is more than that of the VAE alone, a difference of two large numbers; behind
it what `forward` does beside the VAE, timed by itself: latents carried over, and levels.

`pitch` plays every FOLDER/NAME.wav that has its f0 beside it, in FOLDER/NAME_f0.csv (seconds,
Hz; 0 where it is unvoiced), through the live signal path, by each way and kind of phase, and prints
in what part of the voiced moments the result is within 50 cents of that f0, octaves folded: first
of those in which the result has a clear pitch, then of all, where none counts as wrong. What is
transposed is chosen by the range of the target, in whole octaves. Where --truth holds NAME.wav, the
same music by the target, the mean distance of mel bands from that is printed, too, levels left
out; and always how the level follows that of the voice, as a correlation. Sounds go to --out.
"""

import argparse
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
import torch

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.export.card import BLOCK_SIZES
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.trial import opened
from vschaos2.families.bridge.bridge_core import BridgeCore
from vschaos2.families.bridge.hearing import level_db, magnitudes_of, pitch_tracker
from vschaos2.families.bridge.live_way import LIVE_WAYS
from vschaos2.families.bridge.playable import PlayableBridge, playable
from vschaos2.families.bridge.streaming_bridge import FARTHEST
from vschaos2.families.bridge.ways import BRIDGE, TRANSLATOR, ways_of
from vschaos2.families.loading import load_run
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.families.vae.vae import VAE
from vschaos2.generation.transfer import octaves_for
from vschaos2.generation.transfer_judges import Ears
from vschaos2.generation.transfer_measures import correlation, spectral_distance_db
from vschaos2.labels.ports import LabelPorts
from vschaos2.pitch.extraction import hz_to_midi
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ, Tracker
from vschaos2.runs.folder import Run

WITHIN_CENTS = 50.0
MOST_CENTS = 1200.0
ROUNDS = 6  # in which all are measured in turn: what else the machine does meets all of them
AUDIBLE_DB = 30.0  # below the loudest frame
BLOCK_HOPS = 4  # of what is played live
SPREAD_HZ = 44_100
PHASES = ("live", "balanced", "keep_input")
BESIDE = "beside the VAE"
WAY_STEPS = {"bridge": (1, 2, 4)}
Values = npt.NDArray[np.float64]


def cents_apart(found_hz: Values, wanted_hz: Values) -> Values:
    """How far pitches are from each other, octaves folded: [N], [N] → [N], 0 to 600."""
    with np.errstate(divide="ignore", invalid="ignore"):
        cents = MOST_CENTS * np.log2(found_hz / wanted_hz)
    return np.asarray(np.abs((cents + MOST_CENTS / 2) % MOST_CENTS - MOST_CENTS / 2))


def kept_pitch(
    times_s: Values, wanted_hz: Values, at_s: Values, found_hz: Values, is_clear: npt.NDArray[Any]
) -> tuple[float, float]:
    """The parts of voiced moments whose pitch is kept: of those with a clear pitch, and of all.

    Args:
        times_s: of the pitch that is wanted, rising, [N].
        wanted_hz: 0 where there is none, [N].
        at_s: moments at which a pitch was looked for, [F].
        found_hz: [F].
        is_clear: whether there is one, [F].
    """
    nearest = np.abs(at_s[:, None] - times_s[None]).argmin(1)
    wanted = wanted_hz[nearest]
    voiced = wanted > 0
    near = cents_apart(found_hz, np.where(voiced, wanted, 1.0)) <= WITHIN_CENTS
    clear = voiced & is_clear
    right = float((near & clear).sum())
    return right / max(1, clear.sum()), right / max(1, voiced.sum())


def voices(folder: Path) -> Iterator[tuple[Path, Values, Values]]:
    """Sounds of a folder that have their f0 beside them: path, seconds [N], Hz [N]."""
    for path in sorted(folder.glob("*.wav")):
        table = path.with_name(f"{path.stem}_f0.csv")
        if table.exists():
            seconds, hz = np.loadtxt(table, delimiter=",", ndmin=2).T
            yield path, seconds, hz


@torch.inference_mode()
def played_live(module: Any, hop: int, sound: torch.Tensor) -> torch.Tensor:
    """What an instrument plays of a sound in short blocks, without its delay: [T] → [T]."""
    delay, size = int(module.get_delay()[0]), BLOCK_HOPS * hop
    padded = torch.nn.functional.pad(sound, (0, delay + -(len(sound) + delay) % size))
    blocks = [module.forward(block[None, None])[0, 0] for block in padded.split(size)]
    return torch.cat(blocks)[delay : delay + len(sound)]


def pitch_of(
    tracker: Tracker, sound: npt.NDArray[np.float32], rate_hz: int
) -> tuple[Values, Values, Any]:
    """Moments in s, pitches in Hz and whether they are clear, of samples [T] at a rate."""
    low = soxr.resample(sound, rate_hz, SAMPLE_RATE_HZ).astype(np.float32)
    hz, periodicity = tracker(low)
    at_s = (np.arange(len(hz)) + 0.5) * tracker.hop_samples / SAMPLE_RATE_HZ
    return at_s, hz, periodicity >= tracker.threshold


@torch.no_grad()
def heard_by(
    ears: Ears, vae: VAE, sound: npt.NDArray[np.float32]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mel bands of the frames of a sound, as logarithms, and their levels: [F, 80], [F] in dB."""
    magnitude = torch.cat(list(magnitudes_of(torch.from_numpy(sound), vae)))
    return ears.levels(magnitude), level_db(magnitude)


def beside(
    ears: Ears,
    vae: VAE,
    result: npt.NDArray[np.float32],
    sound: npt.NDArray[np.float32],
    truth: npt.NDArray[np.float32] | None,
) -> str:
    """How the level follows, and how far bands are from the truth where both sound."""
    bands, levels = heard_by(ears, vae, result)
    given = heard_by(ears, vae, sound)[1]
    count = min(len(levels), len(given))
    loud = given[:count] > given.max() - AUDIBLE_DB
    said = f"level r {correlation(levels[:count][loud], given[:count][loud]):.3f}"
    if truth is None:
        return said
    wanted, due = heard_by(ears, vae, truth)
    count = min(count, len(due))
    both = loud[:count] & (due[:count] > due.max() - AUDIBLE_DB)
    apart = spectral_distance_db(bands[:count][both], wanted[:count][both])
    return f"{said}, {apart:.2f} dB"


def spread(folder: Path, out: Path, lowest: float, highest: float) -> None:
    """Write the sounds of a folder transposed by speed, in steps of half a semitone."""
    out.mkdir(parents=True, exist_ok=True)
    for path in find_audio_files(folder):
        sound = read_audio(path, SPREAD_HZ)
        for step in range(round(2 * lowest), round(2 * highest) + 1):
            ratio = 2.0 ** (step / 24.0)
            made = soxr.resample(sound, SPREAD_HZ * ratio, SPREAD_HZ)
            file = f"{path.stem}_{'low' if step < 0 else 'high'}{abs(step):02d}.wav"
            soundfile.write(out / file, made, SPREAD_HZ)


def methods_of(run: Run) -> list[dict[str, Any]]:
    """Wishes of every way that a run can play live."""
    wishes: list[dict[str, Any]] = []
    for way in ways_of(run.model):
        if way == BRIDGE and run.model.flow.delay:
            continue  # hears what comes
        if way in LIVE_WAYS:
            steps = WAY_STEPS.get(way, (None,))
            wishes += [{"method": way} | ({"steps": n} if n else {}) for n in steps]
    return wishes


def named(wishes: Mapping[str, Any]) -> str:
    """Wishes as a word."""
    return " ".join(f"{v}" if key == "method" else f"{key} {v}" for key, v in wishes.items())


def vae_alone(made: PlayableBridge) -> PlayableVAE:
    """The VAE of a bridge as an instrument, set as the bridge is."""
    core = InstrumentCore(
        *(made.core.model, dict.fromkeys(PROJECTIONS, made.axes), made.core.latent_dims),
        *(made.core.forward_inversion.mode, made.core.decode_inversion.mode),
        is_hosted=True,
        texture=made.core.texture if made.core.has_texture else None,
    )
    return PlayableVAE(core.eval(), made.axes, made.latents, LabelPorts())


class Beside(torch.nn.Module):
    """What `forward` of a bridge does beside its VAE: latents carried over, levels carried on."""

    def __init__(self, core: BridgeCore) -> None:
        super().__init__()
        self.core = core

    def forward(self, latent: torch.Tensor, magnitude: torch.Tensor) -> torch.Tensor:
        """Latents [F, Z] and magnitudes [1, F, K] → magnitudes."""
        latent = self.core.carried(latent, 1)
        return self.core.levelled(magnitude + 0.0 * latent.sum(), magnitude)


def load(run: Run, ends: Mapping[str, str], blocks: int) -> None:
    """Print the load of every way, and that of the VAE alone, all measured in turn."""
    first = playable(run, dict(ends))
    made = {"VAE alone": vae_alone(first)}
    made |= {named(wishes): playable(run, {**ends, **wishes}) for wishes in methods_of(run)}
    files = {name: opened(each.script().save_to_buffer()) for name, each in made.items()}
    for file in files.values():
        file.get_methods()
    sides = {n: torch.jit.script(Beside(made[n].core).eval()) for n in [*made][1:]}  # type: ignore[arg-type]
    calls = [("VAE alone", "forward")]
    calls += [(name, of) for name in [*made][1:] for of in ("forward", BESIDE, "translate")]
    generator, rate_hz = torch.Generator().manual_seed(0), first.sample_rate_hz
    shares: dict[tuple[str, str, int], float] = {}
    for size in BLOCK_SIZES:
        examples = {m: first.example(m, size, generator) for m in ("forward", "translate")}
        spent: dict[tuple[str, str], list[float]] = {call: [] for call in calls}
        with torch.inference_mode():
            frames = size // first.core.hop
            latent = torch.randn(frames, run.model.latent_dim)
            magnitude = torch.rand(1, frames, first.core.n_fft // 2 + 1)
            for name, method in calls * ROUNDS:
                is_beside = method == BESIDE
                call = sides[name] if is_beside else getattr(files[name], method)
                given = (latent, magnitude) if is_beside else (examples[method],)
                for _ in range(blocks // ROUNDS):
                    start = time.thread_time()
                    call(*given)
                    spent[name, method].append(time.thread_time() - start)
        for (name, method), seconds in spent.items():
            shares[name, method, size] = 100.0 * float(np.median(seconds)) * rate_hz / size
    print("share of one core, %, at a block of … samples:")
    print("forward (more than the VAE alone), what it does beside the VAE, translate")
    print(f"{'':16}" + "".join(f"{size:>28}" for size in BLOCK_SIZES))
    for name in made:
        cells = []
        for size in BLOCK_SIZES:
            whole = shares[name, "forward", size]
            cell = f"{whole:.2f}"
            if name != "VAE alone":
                more = whole - shares["VAE alone", "forward", size]
                beside, translated = (shares[name, of, size] for of in (BESIDE, "translate"))
                cell += f" ({more:+.2f}), {beside:.2f}, {translated:.2f}"
            cells.append(f"{cell:>28}")
        print(f"{name:16}" + "".join(cells), flush=True)


def pitch(
    run: Run,
    ends: Mapping[str, str],
    folder: Path,
    truths: Path | None,
    out: Path | None,
    phases: Sequence[str] = PHASES,
) -> None:
    """Print how much of the pitch of every voice is kept, by way and kind of phase."""
    tracker = pitch_tracker()
    if tracker is None:
        raise SystemExit("needs a pitch tracker: pip install --no-deps swift-f0")
    rate_hz = run.model.vae.transform.sample_rate_hz
    found = list(voices(folder))
    if not found:
        raise SystemExit(f"{folder}: holds no NAME.wav with NAME_f0.csv beside it")
    ears = Ears(run.model.vae.transform)
    print("part of voiced moments within 50 cents of the sung f0, octaves folded: clear / all")
    for path, times_s, wanted_hz in found:
        sound = read_audio(path, rate_hz)
        other = None if truths is None else truths / path.name
        truth = read_audio(other, rate_hz) if other is not None and other.exists() else None
        itself = kept_pitch(times_s, wanted_hz, *pitch_of(tracker, sound, rate_hz))
        near = beside(ears, run.model.vae, sound, sound, truth)
        print(f"{path.name}: as it is {itself[0]:.3f} / {itself[1]:.3f}, {near}", flush=True)
        keys = hz_to_midi(wanted_hz[wanted_hz > 0])
        for wishes in methods_of(run):
            made = playable(run, {**ends, **wishes})
            # A translator was taught the octave; what goes through noise keeps what it hears.
            of = made.core.source if wishes["method"] == TRANSLATOR else made.core.target
            low, high = run.model.ranges[of].tolist()
            semitones = max(-FARTHEST, min(FARTHEST, 12.0 * octaves_for(keys, low, high)))
            print(f"  {named(wishes)}, {semitones:+.0f} semitones")
            for phase in phases:
                for name, value in (("inversion", phase), ("transpose", semitones)):
                    assert set_attribute(made.eager, name, value) == 0
                made.reset()
                result = played_live(made.eager, made.core.hop, torch.from_numpy(sound)).numpy()
                kept = kept_pitch(times_s, wanted_hz, *pitch_of(tracker, result, rate_hz))
                near = beside(ears, run.model.vae, result, sound, truth)
                print(f"    {phase:12} {kept[0]:.3f} / {kept[1]:.3f}, {near}", flush=True)
                if out is not None:
                    out.mkdir(parents=True, exist_ok=True)
                    file = f"{path.stem}_{named(wishes).replace(' ', '_')}_{phase}.wav"
                    soundfile.write(out / file, result, rate_hz)


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("spread", "load", "pitch"))
    parser.add_argument("run", type=Path, help="of a bridge, or the folder to spread")
    parser.add_argument("--to")
    parser.add_argument("--from", dest="origin")
    parser.add_argument("--voice", type=Path, help="folder of sounds with their f0")
    parser.add_argument("--truth", type=Path, help="folder of the same music by the target")
    parser.add_argument("--out", type=Path, help="folder to write sounds to")
    parser.add_argument("--phases", nargs="+", default=PHASES, help="kinds of inversion")
    parser.add_argument("--semitones", type=float, nargs=2, default=(-6.0, 6.0))
    parser.add_argument("--blocks", type=int, default=300, help="calls to time of each")
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    torch.set_num_threads(1)
    if arguments.what == "spread":
        if arguments.out is None:
            parser.error("spread needs --out")
        spread(arguments.run, arguments.out, *arguments.semitones)
        return
    run = load_run(arguments.run)
    ends = {"to": arguments.to, "from": arguments.origin}
    wanted = {name: end for name, end in ends.items() if end is not None}
    if arguments.what == "load":
        load(run, wanted, arguments.blocks)
    elif arguments.voice is None:
        parser.error("pitch needs --voice")
    else:
        pitch(run, wanted, arguments.voice, arguments.truth, arguments.out, arguments.phases)


if __name__ == "__main__":
    main()
