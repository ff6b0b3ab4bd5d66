"""What drawn hits are worth, beside recorded ones that nothing was learnt from.

Distances are of the leading principal components, in their deviations. Beside what is drawn stands
a baseline, for each wish the training hit of the same classes whose velocity is nearest, and what
is recorded itself: the hits that were held out.
"""

import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.families.foley.hit_model import STEPS, HitModel, Hits, heard
from vschaos2.families.foley.hit_set import HitSet, hit_set
from vschaos2.families.foley.levels import USUAL_LEVEL, brought_to
from vschaos2.generation.written_tables import even_table, finite, number
from vschaos2.objectives.frechet import frechet_squared
from vschaos2.placing import place_together
from vschaos2.runs.folder import Run

LEADING = 16  # components that distances are of
DRAWS = 4  # for each held-out hit
LESSONS = 400  # of the judge of a label
FEWEST = 4  # held-out hits that anything is said of
TIMED = 64  # hits, together, whose cost is measured


class Row(NamedTuple):
    """One measure.

    Attributes:
        name: of it.
        drawn: of drawn hits.
        baseline: of training hits taken for the same wishes; NaN where that says nothing.
        recorded: of the recordings that were held out; NaN where that says nothing.
    """

    name: str
    drawn: float
    baseline: float = float("nan")
    recorded: float = float("nan")


class Drawn(NamedTuple):
    """Draws for the labels and velocities of some hits, `DRAWS` of each.

    Attributes:
        components: [N, K].
        classes: [N, labels].
        velocity: [N].
        level_db: of their sound, [N].
    """

    components: Tensor
    classes: Tensor
    velocity: Tensor
    level_db: Tensor


def evaluate_hits(run: Run, dataset: Path | None = None) -> list[Row]:
    """Measure a run on the hits that were held out of its training, or on another folder's.

    Raises:
        InputError: if there are too few of them, or they have other labels.
    """
    model: HitModel = run.model
    hits = hits_of(run, dataset)
    if len(hits.held_out) < FEWEST:
        raise InputError(
            f"{run.folder}: {len(hits.held_out)} hits are held out: at least {FEWEST} are needed; "
            "train with a greater data.dataset.validation_fraction, or give --dataset"
        )
    velocity = torch.from_numpy(hits.velocity.velocity).float()
    every = components_of(model, hits)
    real, kept_back = every[hits.training], every[hits.held_out]
    copied = every[copies(hits)]
    drawn = drawn_for(model, hits, hits.held_out)
    rows = [
        Row(
            "Fréchet distance to what was held out",
            distance(drawn.components, kept_back),
            distance(copied, kept_back),
            distance(real, kept_back),
        ),
        Row(
            "distance to the nearest training hit",
            nearest(drawn.components, real), nearest(copied, real), nearest(kept_back, real),
        ),
        Row("two draws of one wish, apart", apart(drawn, len(hits.held_out))),
        Row(
            "velocity to level, r",
            correlation(drawn.velocity, drawn.level_db),
            correlation(velocity[hits.held_out], hits.level_db[copies(hits)]),
            correlation(velocity[hits.held_out], hits.level_db[hits.held_out]),
        ),
    ]  # fmt: skip
    for place, (name, known) in enumerate(model.labels.items()):
        judge = judge_of(real, hits.classes[hits.training, place], len(known))
        due = hits.classes[hits.held_out, place]
        rows.append(
            Row(
                f"{name} recognised, part",
                recognised(judge, drawn.components, drawn.classes[:, place]),
                recognised(judge, copied, due),
                recognised(judge, kept_back, due),
            )
        )
    magnitudes, sound = convergence(model, hits)
    draw_ms, sound_ms = cost_ms(model)
    rows += [
        Row("spectral convergence of the VAE, held out", magnitudes),
        Row("the same of its sound, phases recovered", sound),
        Row("ms to draw a hit", draw_ms),
        Row("ms to make its sound", sound_ms),
    ]
    return rows


def hits_of(run: Run, dataset: Path | None) -> HitSet:
    """The hits that a run learnt from; or with these another folder's, all of them held out.

    Raises:
        InputError: if they cannot be read, or know other classes.
    """
    config, model = run.config.copy(), run.model
    own = hit_set(config, model.sample_rate_hz)
    if dataset is None:
        return own
    config.data.dataset.root = str(dataset)
    others = hit_set(config, model.sample_rate_hz)
    if {name: tuple(of) for name, of in others.labels.items()} != dict(model.labels):
        raise InputError(
            f"{dataset}: its labels are not those that {run.folder} knows: "
            + "; ".join(f"{name}: {', '.join(of)}" for name, of in model.labels.items())
        )
    count = len(own.names)
    length = max(own.sounds.shape[1], others.sounds.shape[1])
    sounds = [
        nn.functional.pad(of.sounds, (0, length - of.sounds.shape[1])) for of in (own, others)
    ]
    struck = np.concatenate((own.velocity.velocity, others.velocity.velocity))
    return own._replace(
        names=own.names + others.names,
        sounds=torch.cat(sounds),
        level_db=torch.cat((own.level_db, others.level_db)),
        classes=torch.cat((own.classes, others.classes)),
        velocity=own.velocity._replace(velocity=struck),
        held_out=list(range(count, count + len(others.names))),
    )


def components_of(model: HitModel, hits: HitSet) -> Tensor:
    """The numbers that stand for recorded hits: [N, K]."""
    latents = heard(model.vae, hits.sounds, model.frames)
    velocity = torch.from_numpy(hits.velocity.velocity).float()
    return model.components_of(latents, hits.level_db, velocity)


def cloud(components: Tensor) -> Tensor:
    """What distances are of: [N, K] → [N, ≤ 16]."""
    return components[:, : min(LEADING, components.shape[1] - 1)].double()


def distance(ours: Tensor, theirs: Tensor) -> float:
    """Fréchet distance of two sets of components."""
    a, b = cloud(ours).numpy(), cloud(theirs).numpy()
    covariances = [np.atleast_2d(np.cov(of, rowvar=False)) for of in (a, b)]
    return frechet_squared(a.mean(0), covariances[0], b.mean(0), covariances[1])


def nearest(ours: Tensor, theirs: Tensor) -> float:
    """Mean distance of each of ours to the nearest of theirs."""
    return float(torch.cdist(cloud(ours), cloud(theirs)).amin(1).mean())


def apart(drawn: Drawn, wishes: int) -> float:
    """Mean distance of two draws of one wish."""
    first, last = cloud(drawn.components[:wishes]), cloud(drawn.components[-wishes:])
    return float((first - last).norm(dim=1).mean())


def correlation(one: Tensor, other: Tensor) -> float:
    """r; NaN where one of both stands still."""
    if float(one.std()) < 1e-9 or float(other.std()) < 1e-9:
        return float("nan")
    return float(np.corrcoef(one.numpy(), other.numpy())[0, 1])


def copies(hits: HitSet) -> list[int]:
    """For every held-out hit the training hit of its classes whose velocity is nearest."""
    found, velocity = [], hits.velocity.velocity
    for wanted in hits.held_out:
        same = [n for n in hits.training if bool((hits.classes[n] == hits.classes[wanted]).all())]
        gaps = {n: abs(velocity[n] - velocity[wanted]) for n in same or hits.training}
        found.append(min(gaps, key=gaps.__getitem__))
    return found


@torch.no_grad()
def drawn_for(model: HitModel, hits: HitSet, numbers: list[int], steps: int = STEPS) -> Drawn:
    """Draws for the labels and velocities of some hits."""
    classes = hits.classes[numbers].repeat(DRAWS, 1)
    velocity = torch.from_numpy(hits.velocity.velocity).float()[numbers].repeat(DRAWS)
    components = components_for(model, hits, numbers, steps)
    sound = model.sound(Hits(model.latents_of(components), model.gain_of(components, velocity)))
    level_db = brought_to(sound, model.sample_rate_hz, USUAL_LEVEL)[1]
    return Drawn(components, classes, velocity, level_db)


@torch.no_grad()
def components_for(model: HitModel, hits: HitSet, numbers: list[int], steps: int = STEPS) -> Tensor:
    """The numbers that stand for these draws: [DRAWS·N, K]."""
    classes = hits.classes[numbers].repeat(DRAWS, 1)
    velocity = torch.from_numpy(hits.velocity.velocity).float()[numbers].repeat(DRAWS)
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(len(velocity), model.noise_dims, generator=generator)
    labels = {name: classes[:, place] for place, name in enumerate(model.labels)}
    told = model.told(model.classes(labels, len(velocity)), velocity)
    return model.flow.drawn(noise, told, steps)


def judge_of(components: Tensor, classes: Tensor, count: int) -> nn.Module:
    """A small net that tells classes by components, taught on recorded hits."""
    dims = components.shape[1] - 1
    known = classes >= 0
    components, classes = components[known], classes[known]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(dims, 64), nn.SiLU(), nn.Linear(64, count))
        optimiser = torch.optim.AdamW(net.parameters(), 3e-3, weight_decay=1e-2)
        for _ in range(LESSONS):
            heard_so = components[:, :dims] + 0.1 * torch.randn(len(components), dims)
            loss = nn.functional.cross_entropy(net(heard_so), classes)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return net.eval()


@torch.no_grad()
def recognised(judge: nn.Module, components: Tensor, classes: Tensor) -> float:
    """The part of some hits whose class is told right; NaN where none is known."""
    known = classes >= 0
    right = judge(components[known, :-1]).argmax(1) == classes[known]
    return float(right.float().mean()) if len(right) else float("nan")


@torch.no_grad()
def convergence(model: HitModel, hits: HitSet) -> tuple[float, float]:
    """Spectral convergence of the VAE's magnitudes, and of its sound, over held-out hits."""
    sounds = hits.sounds[hits.held_out]
    latents = heard(model.vae, sounds, model.frames)
    transform = model.vae.transform

    def spectra(sound: Tensor) -> Tensor:
        pad = transform.n_fft - transform.hop
        return transform.analyse(nn.functional.pad(sound, (pad, pad))).abs()

    due = spectra(nn.functional.pad(sounds, (0, max(0, model.samples - sounds.shape[1]))))
    made = model.sounding.magnitudes(latents)
    played = spectra(model.sound(Hits(latents, torch.ones(len(latents)))))
    count = min(due.shape[1], made.shape[1], played.shape[1])
    errors = []
    for of in (made, played):
        missed = of[:, :count] - due[:, :count]
        errors.append(float((missed.norm(dim=(1, 2)) / due.norm(dim=(1, 2))).mean()))
    return errors[0], errors[1]


@torch.no_grad()
def cost_ms(model: HitModel) -> tuple[float, float]:
    """Processor time of drawing a hit, and of its sound, in ms, in batches."""
    velocity, noise = torch.rand(TIMED), torch.randn(TIMED, model.noise_dims)
    start = time.process_time()
    hits = model.draw({}, velocity, noise)
    drawn = time.process_time()
    model.sound(Hits(hits.latents[:16], hits.gain[:16]))
    sounded = time.process_time()
    return 1000.0 * (drawn - start) / TIMED, 1000.0 * (sounded - drawn) / 16


def markdown(rows: list[Row]) -> str:
    """The table for people."""
    heads = ("", "drawn", "a training hit taken instead", "recorded, held out")
    cells = [(row.name, *(number(value) for value in row[1:])) for row in rows]
    return even_table([heads, *cells])


def write_evaluation(run: Run, rows: list[Row], folder: Path) -> list[Path]:
    """Write it as a table and as JSON; → the files."""
    told = []
    for row in rows:
        values = {key: value for key, value in row._asdict().items() if key != "name"}
        told.append({"name": row.name, **finite(values)})
    files: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(rows) + "\n",
        folder / "evaluation.json": json.dumps({"run": str(run.folder), "scores": told}, indent=2),
    }
    place_together(files)
    return list(files)
