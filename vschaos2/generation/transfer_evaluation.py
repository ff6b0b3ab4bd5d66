"""How well a bridge carries over: every way it knows beside what is done without it.

Ways are judged by what the VAE makes of their latents, before phases are recovered. What stands
beside them always: the source untouched, and the shortest way between two Gaussians, which needs no
training and sounds better than one would think. Where the same music was played by both
instruments, the distance to what the target really played is the measure that tells ways apart.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.data.latent_takes import LatentTake, octaves_between
from vschaos2.dsp.transposition import transposed
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import (
    centre_seconds,
    hear_frames,
    keys_of_file,
    level_db,
    magnitudes_of,
    pitch_tracker,
)
from vschaos2.families.bridge.instruments import name_of
from vschaos2.families.bridge.takes import takes_of
from vschaos2.families.bridge.ways import AFFINE, BRIDGE, TRANSLATOR, WARM, Way, ways_of
from vschaos2.flows.paths import level_of_sigma
from vschaos2.generation.transfer import instrument_number
from vschaos2.generation.transfer_judges import Ears, Judge, trained_judge
from vschaos2.generation.transfer_measures import (
    class_distance,
    cloud_distance,
    correlation,
    melody_distance,
    spectral_distance_db,
)
from vschaos2.progress import Progress
from vschaos2.runs.folder import Run

UNTOUCHED, LIMIT = "untouched", "target itself"
SIGMAS = (0.43, 1.0, 2.33, 5.67, 19.0)  # t = .3, .5, .7, .85, .95
SWEEP_STEPS, CYCLE_STEPS = 4, 8
AUDIBLE = 0.3  # of the median level of a domain, in amplitude: softer frames are not judged
EDGE_FRAMES = 2  # around a change of pitch that are not judged
FEWEST_FRAMES = 20  # of a key that a judge can learn
MELODY_EVERY = 3  # frames, of those that a melody's distance is measured over
MOST_LEARNT = 20_000
LEARNT_FILES = 10  # of each instrument, that judges learn from


class Score(NamedTuple):
    """What one way made of one instrument.

    Attributes:
        source: name of the instrument that was heard.
        target: of the one that was wanted.
        way: name of the way; its level and steps behind it.
        values: measures by name, NaN for what cannot be measured.
    """

    source: str
    target: str
    way: str
    values: dict[str, float]


class Example(NamedTuple):
    """Something to carry over, and what it should become, where that is known.

    Attributes:
        take: as it is heard.
        truth: the same by the target, or None.
        raised: latents of the take raised by the octaves that suit the target.
    """

    take: LatentTake
    truth: tuple[LatentTake, Tensor] | None
    raised: Tensor


def evaluate_bridge(run: Run, paired: Sequence[Path] = (), sweep: bool = True) -> list[Score]:
    """Measure a bridge on what it never trained on, or on two folders of the same music.

    Args:
        run: a trained bridge.
        paired: a folder of each of two instruments, files of the same names in both, carried over
            both ways; or none, for the recordings that the training held out.
        sweep: measure the flow at several levels, too.

    Raises:
        InputError: for folders that do not go together, or recordings that are not there.
    """
    model: BridgeModel = run.model
    takes, kept_back = takes_of(run.config, model, LEARNT_FILES)
    if paired:
        pairs = paired_examples(model, paired)
    else:
        root = Path(str(run.config.data.dataset.root)).expanduser()
        pairs = _held_out(model, kept_back or takes, root)
    scores: list[Score] = []
    judges = Judges(model, takes)
    ways = _ways(model, sweep)
    with Progress("measuring", "way", len(pairs) * (len(ways) + 2)) as progress:
        for (source, target), examples in pairs.items():
            others = _target_latents(examples, kept_back or takes, target)
            for name, way in [(UNTOUCHED, None), *ways]:
                progress.say(name)
                values = _measured(judges, examples, source, target, way, others)
                scores.append(
                    Score(model.instruments[source], model.instruments[target], name, values)
                )
                progress.update()
            if examples[0].truth is not None:
                played = [each.truth[0] for each in examples if each.truth]
                truth = [take.latents for take in played]
                octaves = octaves_between([each.take for each in examples], played)
                values = judges.values(examples, truth, target, source, others, octaves)
                names = model.instruments[source], model.instruments[target]
                scores.append(Score(*names, LIMIT, values))
            progress.update()
    return scores


def _ways(model: BridgeModel, sweep: bool) -> list[tuple[str, Way]]:
    found: list[tuple[str, Way]] = [(AFFINE, Way(model, AFFINE))]
    if TRANSLATOR in ways_of(model):
        found.append((TRANSLATOR, Way(model, TRANSLATOR)))
    if BRIDGE in ways_of(model):
        usual = Way(model, BRIDGE)
        found.append((f"{BRIDGE}, 2 steps", usual))
        found.append((f"{WARM}, {SWEEP_STEPS} steps", Way(model, WARM, None, SWEEP_STEPS)))
        for sigma in SIGMAS if sweep else ():
            level = level_of_sigma(model.path, sigma)
            name = f"{BRIDGE} {level:.2g}, {SWEEP_STEPS} steps"
            found.append((name, Way(model, BRIDGE, level, SWEEP_STEPS)))
    return found


class Judges:
    """Who judges, and what they need.

    Args:
        model: the bridge whose VAE all is heard through.
        takes: recordings that it learnt from.
    """

    def __init__(self, model: BridgeModel, takes: Sequence[LatentTake]) -> None:
        self.model, self.ears = model, Ears(model.vae.transform)
        latents = torch.cat([take.latents for take in takes])
        domains = torch.cat([torch.full((len(t.latents),), t.domain) for t in takes])
        keys = torch.cat([take.keys for take in takes])
        levels = torch.cat([take.levels_db for take in takes])
        heard = ~keys.isnan()
        self.floors_db = {}
        for number in range(len(model.instruments)):
            own = domains == number
            floor = float(levels[own].median()) + 20.0 * np.log10(AUDIBLE)
            self.floors_db[number] = floor
            heard &= ~own | (levels > floor)
        rows = heard.nonzero()[:, 0]
        rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))]
        rows = rows[:MOST_LEARNT]
        magnitude = self.magnitude(latents[rows])
        self.timbre = trained_judge(self.ears.timbre(magnitude), domains[rows])
        self.pitch = self._pitch(magnitude, keys[rows].round().long())

    def _pitch(self, magnitude: Tensor, keys: Tensor) -> Judge | None:
        classes, counts = keys.unique(return_counts=True)
        known = torch.isin(keys, classes[counts >= FEWEST_FRAMES])
        if not bool(known.any()):
            return None
        return trained_judge(self.ears.pitch(magnitude[known]), keys[known])

    @torch.no_grad()
    def magnitude(self, latents: Tensor) -> Tensor:
        """Magnitudes of latents: [F, Z] → [F, K]."""
        vae = self.model.vae
        parts = [vae.to_magnitude(vae.decode(part).mean) for part in latents.split(2048)]
        return torch.cat(parts)

    def values(
        self,
        examples: Sequence[Example],
        made: Sequence[Tensor],
        target: int,
        source: int,
        others: Tensor,
        octaves: int,
    ) -> dict[str, float]:
        """The measures of what a way made: latents of each example."""
        right, pitched, judged, with_key = 0.0, 0.0, 0, 0
        rows: dict[str, list[float]] = {"DPD": [], "JD": [], "distance_db": [], "level_r": []}
        for example, latents in zip(examples, made, strict=True):
            take = example.take
            latents = latents[: len(take.latents)]
            stable = _stable(take.keys) & (take.levels_db > self.floors_db[source])
            if not bool(stable.any()):
                continue
            stable = stable[: len(latents)]
            magnitude, heard = self.magnitude(latents), self.magnitude(take.latents)
            said = self.timbre(self.ears.timbre(magnitude[stable]))
            right += float((said == target).sum())
            judged += int(stable.sum())
            if self.pitch is not None:
                keys = self.pitch(self.ears.pitch(magnitude[stable]))
                wanted = take.keys[: len(latents)][stable].round().long() + 12 * octaves
                pitched += float((keys == wanted).sum())
                with_key += len(keys)
                before = self.pitch(self.ears.pitch(heard[: len(latents)][stable]))
                melodies = (before.numpy(), keys.numpy())
                thinned = [of[::MELODY_EVERY] for of in melodies]
                rows["DPD"].append(melody_distance(*thinned))
                rows["JD"].append(class_distance(*melodies))
            levels = [level_db(of[: len(latents)][stable]) for of in (heard, magnitude)]
            rows["level_r"].append(correlation(*levels))
            if example.truth is not None:
                truth = example.truth[1]
                count = min(len(truth), len(latents))
                kept = stable[:count]
                ours, theirs = (self.ears.levels(of[:count][kept]) for of in (magnitude, truth))
                rows["distance_db"].append(spectral_distance_db(ours, theirs))
        standard = self.model.standardised(torch.cat(list(made)))
        means = {name: float(np.mean(of)) if of else float("nan") for name, of in rows.items()}
        return {
            "timbre": right / judged if judged else float("nan"),
            "pitch": pitched / with_key if with_key else float("nan"),
            **means,
            "FD": cloud_distance(standard, self.model.standardised(others)),
        }


def _measured(
    judges: Judges,
    examples: Sequence[Example],
    source: int,
    target: int,
    way: Way | None,
    others: Tensor,
) -> dict[str, float]:
    """The measures of a way; None leaves the source as it is."""
    model = judges.model
    octaves = int(model.octaves[source, target])
    frame_s = model.vae.transform.hop / model.vae.transform.sample_rate_hz
    made, began = [], time.process_time()
    through_noise = way is not None and way.name in (BRIDGE, WARM)
    for example in examples:
        heard = example.raised if through_noise else example.take.latents
        if way is None:
            made.append(heard)
            continue
        way.reset()
        made.append(way(heard[None], source, target)[0])
    spent = time.process_time() - began
    raised = octaves if way is not None and way.name != AFFINE else 0
    values = judges.values(examples, made, target, source, others, raised)
    values |= {"cycle": float("nan"), "x_real_time": float("nan")}
    if way is not None:
        seconds = frame_s * sum(len(latents) for latents in made)
        values["x_real_time"] = seconds / max(spent, 1e-6)
        if way.name == BRIDGE and octaves == 0:
            values["cycle"] = _cycle(model, examples[0].take.latents, source, target, way)
    return values


def _cycle(model: BridgeModel, latents: Tensor, source: int, target: int, way: Way) -> float:
    """Mean square of what is missed by going there and back, standardised, in 8 steps."""
    finer = Way(model, BRIDGE, way.level, CYCLE_STEPS)
    there = finer(latents[None], source, target)
    finer.reset()
    back = finer(there, target, source)[0]
    return float((model.standardised(back) - model.standardised(latents)).square().mean())


def _stable(keys: Tensor) -> Tensor:
    """Frames around which the nearest key stays the same: [F] → [F]."""
    nearest = keys.round()
    stable = ~keys.isnan()
    for step in range(1, EDGE_FRAMES + 1):
        stable[step:] &= nearest[step:] == nearest[:-step]
        stable[:-step] &= nearest[:-step] == nearest[step:]
    return stable


def _held_out(
    model: BridgeModel, kept_back: Sequence[LatentTake], root: Path
) -> dict[tuple[int, int], list[Example]]:
    """What was held out, to be carried over to every other instrument."""
    count = len(model.instruments)
    found: dict[tuple[int, int], list[Example]] = {}
    for source in range(count):
        own = [take for take in kept_back if take.domain == source]
        for target in range(count):
            if source != target and own:
                found[source, target] = [
                    Example(take, None, _raised(model, take, root, source, target)) for take in own
                ]
    return found


def _raised(model: BridgeModel, take: LatentTake, root: Path, source: int, target: int) -> Tensor:
    octaves = float(model.octaves[source, target])
    path = root / take.name
    if octaves == 0.0 or not path.is_file():  # the end of a file is no file
        return take.latents
    return _raised_latents(model, path, octaves)


@torch.no_grad()
def _raised_latents(model: BridgeModel, path: Path, octaves: float) -> Tensor:
    vae = model.vae
    sound = torch.from_numpy(read_audio(path, vae.transform.sample_rate_hz))
    parts = [
        vae.encode(vae.transform.to_frames(transposed(part, 12.0 * octaves))).mean
        for part in magnitudes_of(sound, vae)
    ]
    return torch.cat(parts)


def paired_examples(
    model: BridgeModel, folders: Sequence[Path]
) -> dict[tuple[int, int], list[Example]]:
    """The music of two folders, to be carried over both ways."""
    files = [{p.relative_to(f).as_posix(): p for p in find_audio_files(f)} for f in folders]
    shared = sorted(files[0].keys() & files[1].keys())
    if not shared:
        raise InputError(
            f"--paired: {folders[0]} and {folders[1]} have no file of the same name: the same "
            "music by both instruments is called alike"
        )
    numbers = [_instrument_of(model, folder) for folder in folders]
    if numbers[0] == numbers[1]:
        raise InputError(f"--paired: both folders are of {model.instruments[numbers[0]]}")
    takes = [
        [_heard(model, of[name], number) for name in shared]
        for of, number in zip(files, numbers, strict=True)
    ]
    found = {}
    for first, second in ((0, 1), (1, 0)):
        source, target = numbers[first], numbers[second]
        octaves = float(model.octaves[source, target])
        found[source, target] = [
            Example(
                take,
                truth,
                take.latents
                if not octaves
                else _raised_latents(model, files[first][name], octaves),
            )
            for name, (take, _), truth in zip(shared, takes[first], takes[second], strict=True)
        ]
    return found


def _instrument_of(model: BridgeModel, folder: Path) -> int:
    """The instrument that a folder, or the first file in it, is called after."""
    name = folder.resolve().name
    if name not in model.instruments:
        first = next(iter(find_audio_files(folder)), folder)
        if name_of(first.name) in model.instruments:
            name = name_of(first.name)
    return instrument_number(model, "--paired", name)


def _heard(model: BridgeModel, path: Path, number: int) -> tuple[LatentTake, Tensor]:
    """A file as a take, and its magnitudes."""
    vae = model.vae
    sound = torch.from_numpy(read_audio(path, vae.transform.sample_rate_hz))
    latents, levels_db = hear_frames(sound, vae)
    magnitude = torch.cat(list(magnitudes_of(sound, vae)))
    tracker, seconds = pitch_tracker(), centre_seconds(len(latents), vae)
    keys = torch.full((len(latents),), torch.nan)
    if tracker is not None:
        keys = torch.from_numpy(keys_of_file(path, tracker, seconds))
    return LatentTake(path.name, number, latents, keys, levels_db), magnitude


def _target_latents(
    examples: Sequence[Example], takes: Sequence[LatentTake], target: int
) -> Tensor:
    """Latents that the target really played, of what is measured where there are such."""
    if examples[0].truth is not None:
        return torch.cat([each.truth[0].latents for each in examples if each.truth])
    return torch.cat([take.latents for take in takes if take.domain == target])
