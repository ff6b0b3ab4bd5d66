"""What drawn hits are worth, beside recorded ones that nothing was learnt from.

    python examples/struck.py HITS
    python train_model.py --config-name oneshots name=struck data.dataset.root=HITS
    python -m benchmarks.hits runs/struck

    python train_model.py --config-name oneshots name=drums data.dataset.root=RECORDED
    python -m benchmarks.hits runs/drums --recorded

Prints every bar with what was measured: held or missed. With --recorded, only what needs no
labels: how near the VAE comes to held-out recordings, and what a hit costs. Distances are of the
first 16 principal components, in their deviations. The baseline takes, for each wish, the training
hit of the same material whose velocity is nearest, and sets its level.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vschaos2.families.foley.hit_model import HitModel, Hits, heard
from vschaos2.families.foley.hit_set import HitSet, hit_set
from vschaos2.families.foley.levels import USUAL_LEVEL, brought_to
from vschaos2.families.foley.playable import PlayableHits, load_of_voices
from vschaos2.families.loading import load_run
from vschaos2.objectives.frechet import frechet_squared

LEADING = 16  # components that distances are of
DRAWS = 4  # for each held-out hit
STEPS = (1, 2, 4, 8)
LESSONS = 400  # of the judge of materials


def cloud(components: Tensor) -> Tensor:
    """What distances are of: [N, K] → [N, ≤ 16]."""
    return components[:, : min(LEADING, components.shape[1] - 1)].double()


def distance(ours: Tensor, theirs: Tensor) -> float:
    """Fréchet distance of two sets of components."""
    a, b = cloud(ours).numpy(), cloud(theirs).numpy()
    covariances = [np.cov(of, rowvar=False) for of in (a, b)]
    return frechet_squared(a.mean(0), covariances[0], b.mean(0), covariances[1])


def nearest(ours: Tensor, theirs: Tensor) -> float:
    """Mean distance of each of ours to the nearest of theirs."""
    return float(torch.cdist(cloud(ours), cloud(theirs)).amin(1).mean())


def judge_of(components: Tensor, classes: Tensor, count: int) -> nn.Module:
    """A small net that tells materials by components, taught on recorded hits."""
    torch.manual_seed(0)
    dims = components.shape[1] - 1
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
    """The part of some hits whose material is told right."""
    return float((judge(components[:, :-1]).argmax(1) == classes).float().mean())


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


def cost_ms(model: HitModel, count: int = 64) -> tuple[float, float]:
    """Processor time of drawing a hit, and of its sound, in ms, in batches."""
    velocity, noise = torch.rand(count), torch.randn(count, model.noise_dims)
    start = time.process_time()
    hits = model.draw({}, velocity, noise)
    drawn = time.process_time()
    model.sound(Hits(hits.latents[:16], hits.gain[:16]))
    sounded = time.process_time()
    return 1000.0 * (drawn - start) / count, 1000.0 * (sounded - drawn) / 16


def say(name: str, value: float, bar: float, is_more: bool, beside: str = "") -> None:
    """One bar."""
    is_held = value >= bar if is_more else value <= bar
    print(f"{'held  ' if is_held else 'MISSED'}  {name}: {value:.3g} (bar {bar:.3g}) {beside}")


@torch.no_grad()
def drawn_for(
    model: HitModel, hits: HitSet, numbers: list[int], steps: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Components of draws for the labels of some hits; their classes, velocities and levels."""
    torch.manual_seed(1)
    classes = hits.classes[numbers].repeat(DRAWS, 1)
    velocity = torch.from_numpy(hits.velocity.velocity).float()[numbers].repeat(DRAWS)
    noise = torch.randn(len(velocity), model.noise_dims)
    labels = {name: classes[:, i] for i, name in enumerate(model.labels)}
    told = model.told(model.classes(labels, len(velocity)), velocity)
    components = model.flow.drawn(noise, told, steps)
    sound = model.sound(Hits(model.latents_of(components), model.gain_of(components, velocity)))
    levels = brought_to(sound, model.sample_rate_hz, USUAL_LEVEL)[1]
    return components, classes, velocity, levels


def main() -> None:
    """Print the bars."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--recorded", action="store_true", help="only what needs no labels")
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = load_run(options.run)
    model: HitModel = run.model
    hits = hit_set(run.config, model.sample_rate_hz)
    magnitudes, sound = convergence(model, hits)
    say("held-out spectral convergence of the VAE", magnitudes, 0.25, False, f"sound {sound:.3f}")
    draw_ms, sound_ms = cost_ms(model)
    say("ms to draw a hit", draw_ms, 1.0, False, f"its sound {sound_ms:.1f} ms more")
    playable = PlayableHits(model, {})
    load = load_of_voices(playable.saved(), playable)
    say("part of a core, 8 voices at 512", load, 0.1, False)
    training, held_out = hits.training, hits.held_out
    latents = heard(model.vae, hits.sounds, model.frames)
    velocity = torch.from_numpy(hits.velocity.velocity).float()
    every = model.components_of(latents, hits.level_db, velocity)
    real, kept_back = every[training], every[held_out]
    drawn, classes, wished, levels = drawn_for(model, hits, held_out, max(STEPS))
    apart = nearest(kept_back, real)
    say("nearest training hit", nearest(drawn, real), 0.8 * apart, True, f"held-out {apart:.3f}")
    first, last = cloud(drawn[: len(held_out)]), cloud(drawn[-len(held_out) :])
    alike = float((first - last).norm(dim=1).mean())
    print(f"        two draws of one wish are {alike:.2f} apart")
    if options.recorded:
        return
    limit = distance(real, kept_back)
    say("Fréchet distance to held-out hits", distance(drawn, kept_back), limit, False)
    for steps in STEPS:
        some = drawn_for(model, hits, held_out, steps)[0]
        print(f"        in {steps} steps {distance(some, kept_back):.3f}")
    copied = _baseline(hits, every)
    print(f"        baseline {distance(copied, kept_back):.3f}, a copy of a training hit each")
    correlation = float(np.corrcoef(levels.numpy(), wished.numpy())[0, 1])
    own = float(np.corrcoef(hits.level_db[held_out].numpy(), velocity[held_out].numpy())[0, 1])
    say("velocity to level, r", correlation, 0.85, True, f"recorded {own:.3f}")
    for number, (name, known) in enumerate(model.labels.items()):
        judge = judge_of(real, hits.classes[training, number], len(known))
        told = recognised(judge, kept_back, hits.classes[held_out, number])
        right = recognised(judge, drawn, classes[:, number])
        say(f"{name} recognised", right, 0.95, True, f"recorded {told:.3f}")


def _baseline(hits: HitSet, every: Tensor) -> Tensor:
    """For every held-out hit the training hit of its class whose velocity is nearest."""
    found, velocity = [], hits.velocity.velocity
    for wanted in hits.held_out:
        same = [n for n in hits.training if bool((hits.classes[n] == hits.classes[wanted]).all())]
        gaps = {n: abs(velocity[n] - velocity[wanted]) for n in same or hits.training}
        found.append(min(gaps, key=gaps.__getitem__))
    return every[found]


if __name__ == "__main__":
    main()
