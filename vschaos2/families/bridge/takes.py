"""Which recordings a bridge learns from and which are held out, as its VAE hears them."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import Tensor

from vschaos2.data.cache import SampleCache, open_cache
from vschaos2.data.latent_takes import LatentTake, octaves_between
from vschaos2.data.stretches import Stretch, with_stretch
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import hear_takes
from vschaos2.families.bridge.instruments import instruments_of
from vschaos2.families.vae.vae import VAE

WHOLE_FILES = 3  # of an instrument, from which on whole ones are held out


def cache_of(config: DictConfig) -> SampleCache:
    """The decoded recordings of a configuration."""
    dataset = config.data.dataset
    root = Path(str(dataset.root)).expanduser()
    if not root.is_dir():
        raise InputError(
            f"{root}: the recordings of {config.vae} are not there: say where they are with "
            "data.dataset.root=…"
        )
    return open_cache(root, dataset.sample_rate_hz, n_files=dataset.n_files)


def takes_of(
    config: DictConfig, model: BridgeModel, most_files: int | None = None
) -> tuple[list[LatentTake], list[LatentTake]]:
    """What a bridge learns from, and what is held out, as its VAE hears it.

    Args:
        config: of a training.
        model: whose VAE is trained.
        most_files: of each instrument, to learn from; None for all.
    """
    dataset = config.data.dataset
    cache, root = cache_of(config), Path(str(dataset.root)).expanduser()
    names, files = list(model.instruments), [file.path for file in cache.files]
    found = instruments_of(root, files, config.task)
    domains = [names.index(name) if name in names else None for name in found]
    held_out = _held_out(files, domains, dataset.validation_fraction, config.seed)
    if most_files is not None:
        for domain in range(len(names)):
            own = [i for i, d in enumerate(domains) if d == domain and i not in held_out]
            for index in own[most_files:]:
                domains[index] = None
    heard = hear_takes(cache, root, domains, model.vae)
    training, kept_back = [], []
    few = {d for d in domains if d is not None} - {domains[index] for index in held_out}
    for index, take in enumerate(heard):
        if take is None:
            continue
        if take.domain in few:  # the ends of its recordings are held out
            parts = _cut(
                take, dataset.validation_fraction, model.vae, config.data.loader.window_frames
            )
            training.append(parts[0])
            kept_back += parts[1:]
        else:
            (kept_back if index in held_out else training).append(take)
    return training, kept_back


def octaves_of(takes: Sequence[LatentTake], count: int) -> Tensor:
    """By how many octaves each instrument's pitches are raised to lie among another's, [N, N]."""
    of = [[take for take in takes if take.domain == domain] for domain in range(count)]
    return torch.tensor(
        [[float(octaves_between(a, b)) if a is not b else 0.0 for b in of] for a in of]
    )


def _held_out(
    files: Sequence[str], domains: Sequence[int | None], fraction: float, seed: int
) -> set[int]:
    """Files that are held out, of every instrument that has enough of them."""
    held_out: set[int] = set()
    for domain in {domain for domain in domains if domain is not None}:
        own = [index for index, each in enumerate(domains) if each == domain]
        if len(own) >= WHOLE_FILES:
            own.sort(key=lambda index: _digest(seed, files[index]))
            held_out |= {*own[: max(1, round(fraction * len(own)))]}
    return held_out


def _digest(seed: int, name: str) -> bytes:
    return hashlib.blake2b(os.fsencode(f"{seed}:{name}"), digest_size=8).digest()


def _cut(take: LatentTake, fraction: float, vae: VAE, window_frames: int) -> list[LatentTake]:
    """A take without its end, and its end; the take alone where that would be too short."""
    count = len(take.latents)
    held = max(window_frames, round(fraction * count))
    if count - held < 2 * window_frames:
        return [take]
    first = count - held
    hop = vae.transform.hop
    stretch = Stretch(first * hop, count * hop)
    name = with_stretch(take.name, stretch, vae.transform.sample_rate_hz)
    return [
        take._replace(**{key: getattr(take, key)[:first] for key in take._fields[2:]}),
        LatentTake(name, take.domain, *(getattr(take, key)[first:] for key in take._fields[2:])),
    ]
