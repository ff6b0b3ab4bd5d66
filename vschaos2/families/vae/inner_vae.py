"""The VAE that another family's model is built around: trained first, read, and described.

recordings ──train_vae──> rundir/NAME_vae ──vae_run──> VAE ──described──> model.vae of a config
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.families.vae.vae import VAE
from vschaos2.runs.folder import Run
from vschaos2.runs.loading import read_run
from vschaos2.training.family import Family


def vae_run(path: Any) -> Run:
    """The trained VAE that `vae=…` names.

    Raises:
        InputError: if there is none there.
    """
    if not isinstance(path, str) or not path:
        raise InputError(f"vae must be a run of a VAE, rundir/name, got {path!r}: write vae=…")
    try:
        return read_run(Path(path), None, _vae_alone)
    except InputError as error:
        raise InputError(f"vae={path}: {error}") from error


def _vae_alone(config: DictConfig) -> Family:
    if config.family != VAE_FAMILY.name:
        raise InputError(
            f"is a run of family {config.family!r}: give one of family {VAE_FAMILY.name!r}"
        )
    return VAE_FAMILY


def described(run: Run) -> dict[str, Any]:
    """What another configuration says of its VAE: all that it is built of."""
    model: Any = OmegaConf.to_container(run.config.model, resolve=True)
    model.pop("init_from", None)
    transform: Any = OmegaConf.to_container(run.config.data.transform, resolve=True)
    texture = OmegaConf.select(run.config, "texture")
    return {"model": model, "transform": transform, "texture": texture}


def built_inner(told: Mapping[str, Any]) -> VAE:
    """The untrained VAE that `described` describes.

    Raises:
        InputError: if it does not say what a VAE is built of, or one that is told labels.
    """
    if not {"model", "transform"} <= told.keys():
        raise InputError("model.vae must hold model and transform of a VAE")
    config = {
        "model": told["model"],
        "data": {"transform": told["transform"]},
        "texture": told.get("texture"),
    }
    vae = build_model(OmegaConf.create(config))
    check_plain(vae)
    return vae


def settle_rate(config: DictConfig, run: Run) -> int:
    """The rate that a VAE hears, written into the configuration of what is built around it.

    Raises:
        InputError: if that asks for another.
    """
    dataset, rate_hz = config.data.dataset, int(run.model.transform.sample_rate_hz)
    if dataset.sample_rate_hz not in ("auto", rate_hz):
        raise InputError(
            f"data.dataset.sample_rate_hz={dataset.sample_rate_hz}: the VAE hears {rate_hz} Hz: "
            "leave it out"
        )
    dataset.sample_rate_hz = rate_hz
    return rate_hz


def check_plain(vae: VAE) -> None:
    """See that all of a sound is in the latents.

    Raises:
        InputError: if a VAE is told what it hears by labels.
    """
    if tasks := list(vae.conditioning.tasks):
        raise InputError(
            f"vae: is told {', '.join(tasks)} by labels, so that its latents alone are no sound: "
            "train one without model.conditioning, such as --config-name dgt_mid"
        )


def take_vae(model: Any, vae: VAE) -> None:
    """Let a model have the weights of a trained VAE, as its own `model.vae`.

    Raises:
        InputError: if they do not fit, as where a run changed since the model was described.
    """
    try:
        model.vae.load_state_dict(vae.state_dict())
    except RuntimeError as error:
        raise InputError(
            "vae: its weights do not fit model.vae: was the run trained anew? Leave model.vae out"
        ) from error
