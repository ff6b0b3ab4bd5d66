"""Where the latents of a bridge come from."""

import logging
from pathlib import Path

import torch
from omegaconf import DictConfig

from vschaos2.config import call, plain
from vschaos2.data.latent_module import LatentDataModule
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.other_keys import AugmentOptions, in_other_keys
from vschaos2.families.bridge.takes import cache_of, octaves_of, takes_of
from vschaos2.families.vae.inner_vae import take_vae, vae_run
from vschaos2.ranges import check_number
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


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
    told = {} if config.data.get("augment") is None else plain(config, "data.augment")
    augment = call(AugmentOptions, "data.augment", told)
    augment.check()
    training, held_out = takes_of(config, model)
    moved = in_other_keys(cache_of(config), training, model.vae, augment, config.seed)
    options = plain(config, "data.loader")
    return call(
        LatentDataModule,
        "data.loader",
        options,
        root=Path(str(dataset.root)).expanduser(),
        takes=training,
        held_out=held_out,
        domains=list(model.instruments),
        octaves=octaves_of(training, len(model.instruments)),
        rate_hz=model.vae.transform.sample_rate_hz,
        hop=model.vae.transform.hop,
        seed=config.seed,
        moved=moved,
        share=augment.share,
    )


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
