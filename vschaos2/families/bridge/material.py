"""Where the latents of a bridge come from, and what its recordings settle of a configuration."""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from vschaos2.config import call, check_keys, plain
from vschaos2.data.cache import SampleCache, open_cache
from vschaos2.data.latent_module import LatentDataModule
from vschaos2.data.latent_takes import LatentTake, octaves_between
from vschaos2.data.stretches import Stretch, with_stretch
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.build import AUTO
from vschaos2.families.bridge.hearing import hear_takes
from vschaos2.families.bridge.instruments import instruments_of
from vschaos2.families.bridge.shared_vae import described, gathered, train_vae, vae_run
from vschaos2.families.vae.vae import VAE
from vschaos2.ranges import check_number
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

OPTIONS = ("root", "n_files", "sample_rate_hz", "validation_fraction")
WHOLE_FILES = 3  # of an instrument, from which on whole ones are held out


def settle(config: DictConfig) -> None:
    """Write what a VAE and the recordings say where `auto` stands; train the VAE if there is none.

    Raises:
        InputError: for recordings or a VAE that no bridge can stand on.
    """
    check_keys(config.data.dataset, "data.dataset", OPTIONS)
    dataset = config.data.dataset
    folders = config.data.source, config.data.target
    if (folders[0] is None) != (folders[1] is None):
        raise InputError("data.source and data.target: give both, or neither")
    if folders[0] is not None:
        if dataset.root != AUTO:
            raise InputError("data.dataset.root does not go with data.source and data.target")
        place = Path(str(config.rundir)) / f"{config.name}_recordings"
        source, target = (Path(str(folder)).expanduser() for folder in folders)
        dataset.root = str(gathered(source, target, place))
    if config.vae is None:
        if dataset.root == AUTO:
            raise InputError(
                "vae is missing: give the run of a VAE of all instruments, vae=runs/…, or their "
                "recordings, data.source=… data.target=… or data.dataset.root=…"
            )
        if config.check:
            raise InputError("check=true needs a VAE that is there: vae=runs/…")
        config.vae = str(train_vae(config))
    run = vae_run(config.vae)
    if dataset.root == AUTO:
        dataset.root = str(run.config.data.dataset.root)
    rate_hz = run.model.transform.sample_rate_hz
    if dataset.sample_rate_hz not in (AUTO, rate_hz):
        raise InputError(
            f"data.dataset.sample_rate_hz={dataset.sample_rate_hz}: the VAE hears {rate_hz} Hz: "
            "leave it out"
        )
    dataset.sample_rate_hz = rate_hz
    OmegaConf.update(config, "model.vae", described(run), merge=False)
    if config.inversion is None:
        config.inversion = OmegaConf.select(run.config, "inversion") or "balanced"
    if config.model.instruments == AUTO:
        cache = cache_of(config)
        found = instruments_of(Path(dataset.root), [f.path for f in cache.files], config.task)
        config.model.instruments = sorted({*found} - {""})


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


def material(config: DictConfig, model: BridgeModel) -> LatentDataModule:
    """The recordings of a configuration as its VAE hears them.

    A model that was not trained yet takes the weights of the VAE that the configuration names.

    Raises:
        InputError: for recordings that nothing can be learnt from.
    """
    dataset = config.data.dataset
    check_number("data.dataset.validation_fraction", dataset.validation_fraction, 0.001, 0.9)
    if not bool(model.is_fitted):
        take_vae(model, vae_run(config.vae).model)
    cache, root = cache_of(config), Path(str(dataset.root)).expanduser()
    names = list(model.instruments)
    found = instruments_of(root, [file.path for file in cache.files], config.task)
    domains = [names.index(name) if name in names else None for name in found]
    heard = hear_takes(cache, root, domains, model.vae)
    takes = [take for take in heard if take is not None]
    training, held_out = divided(
        takes, dataset.validation_fraction, config.seed, model.vae, config.data.loader.window_frames
    )
    options = plain(config, "data.loader")
    return call(
        LatentDataModule,
        "data.loader",
        options,
        root=root,
        takes=training,
        held_out=held_out,
        domains=names,
        octaves=octaves_of(training, len(names)),
        rate_hz=cache.sample_rate_hz,
        hop=model.vae.transform.hop,
        seed=config.seed,
    )


def take_vae(model: BridgeModel, vae: VAE) -> None:
    """Let a bridge have the weights of a trained VAE.

    Raises:
        InputError: if they do not fit, as where a run changed since a bridge was described.
    """
    try:
        model.vae.load_state_dict(vae.state_dict())
    except RuntimeError as error:
        raise InputError(
            "vae: its weights do not fit model.vae: was the run trained anew? Leave model.vae out"
        ) from error


def octaves_of(takes: Sequence[LatentTake], count: int) -> Tensor:
    """By how many octaves each instrument's pitches are raised to lie among another's, [N, N]."""
    of = [[take for take in takes if take.domain == domain] for domain in range(count)]
    return torch.tensor(
        [[float(octaves_between(a, b)) if a is not b else 0.0 for b in of] for a in of]
    )


def divided(
    takes: Sequence[LatentTake], fraction: float, seed: int, vae: VAE, window_frames: int
) -> tuple[list[LatentTake], list[LatentTake]]:
    """Takes to learn from, and those held out: whole ones, or the ends of an instrument's few."""
    training, held_out = [], []
    for domain in sorted({take.domain for take in takes}):
        own = [take for take in takes if take.domain == domain]
        if len(own) >= WHOLE_FILES:
            own.sort(key=lambda take: _digest(seed, take.name))
            count = max(1, round(fraction * len(own)))
            held_out += own[:count]
            training += own[count:]
            continue
        for take in own:
            parts = _cut(take, fraction, vae, window_frames)
            training.append(parts[0])
            held_out += parts[1:]
    order = sorted(training, key=lambda take: take.name)
    return order, sorted(held_out, key=lambda take: take.name)


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


def tell(data: LatentDataModule) -> None:
    """Log what there is of each instrument, and how much of it finds a match in each other."""
    for number, name in enumerate(data.domains):
        own = [take for take in (*data.takes, *data.kept_back) if take.domain == number]
        frames = torch.cat([take.keys for take in own])
        voiced = float((~frames.isnan()).float().mean())
        logger.info(
            "%s: %d recordings, %.1f minutes, %.0f %% of it with a pitch",
            printable(name), len(own), len(frames) * data.frame_s / 60.0, 100.0 * voiced,
        )  # fmt: skip
    for source, target, share in data.matched():
        if share < 0.5:
            logger.warning(
                "only %.0f %% of %s finds a like moment in %s: record what both can play",
                100.0 * share, printable(source), printable(target),
            )  # fmt: skip
