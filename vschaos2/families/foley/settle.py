"""What a VAE and recordings settle of a configuration of hits."""

import logging
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import call, check_keys
from vschaos2.errors import InputError
from vschaos2.families.foley.build import AUTO, check_stands_alone
from vschaos2.families.foley.components import count_components, frame_weights
from vschaos2.families.foley.hit_model import heard
from vschaos2.families.foley.hit_set import hit_set, written
from vschaos2.families.foley.hit_sound import HitSound
from vschaos2.families.vae.inner_training import train_vae
from vschaos2.families.vae.inner_vae import check_plain, described, settle_rate, vae_run
from vschaos2.flows.vector_flow import VectorFlow
from vschaos2.ranges import check_number

logger = logging.getLogger(__name__)

OPTIONS = ("root", "n_files", "sample_rate_hz", "validation_fraction", "seconds", "several")
USUAL_RATE_HZ = 44_100


def settle(config: DictConfig) -> None:
    """Write what a VAE and the hits say where `auto` stands; train the VAE if there is none.

    Raises:
        InputError: for recordings or a VAE that nothing can be learnt from.
    """
    check_keys(config.data.dataset, "data.dataset", OPTIONS)
    dataset = config.data.dataset
    # Before minutes of training a VAE.
    check_number("training.jitter", config.training.jitter, 0.0, 2.0)
    flow = OmegaConf.to_container(config.model.flow, resolve=True)
    call(VectorFlow, "model.flow", flow, dims=2, told_dims=1)
    if config.vae is None:
        if config.check:
            raise InputError("check=true needs a VAE that is there: vae=runs/…")
        rate_hz = USUAL_RATE_HZ if dataset.sample_rate_hz == AUTO else dataset.sample_rate_hz
        hits = hit_set(config, rate_hz)
        folder = Path(str(config.rundir)) / f"{config.name}_hits"
        written(hits, folder, rate_hz, logger.info)
        overrides = [
            *config.vae_training.overrides,
            f"data.dataset.sample_rate_hz={rate_hz}",
            f"data.dataset.validation_fraction={dataset.validation_fraction}",
        ]
        own = OmegaConf.merge(config, {"vae_training": {"overrides": overrides}})
        assert isinstance(own, DictConfig)
        config.vae = str(train_vae(own, folder, "training the VAE that hears the hits"))
    run = vae_run(config.vae)
    check_plain(run.model)
    check_stands_alone(run.model)
    rate_hz = settle_rate(config, run)
    OmegaConf.update(config, "model.vae", described(run), merge=False)
    hits = hit_set(config, rate_hz)
    if config.model.labels == AUTO:
        OmegaConf.update(config, "model.labels", hits.labels, merge=False)
    if config.model.frames == AUTO:
        n_fft, hop = run.model.transform.n_fft, run.model.transform.hop
        config.model.frames = -(-(hits.sounds.shape[1] + n_fft - hop) // hop)
    if config.model.components == AUTO:
        frames = config.model.frames
        latents = heard(run.model, hits.sounds[hits.training], frames)
        weights = frame_weights(HitSound(run.model, frames, 1), latents)
        config.model.components = count_components(latents, weights)
