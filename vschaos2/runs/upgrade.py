"""The one door through which runs of version 0.1 come in: what they do not say is said for them."""

from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

# What the configurations of older runs leave unsaid, and what they were trained with.
UNSAID: dict[str, Any] = {
    "family": "vae",  # there was no other
    "texture": None,  # noise was not told from tone
    "model.coherence_dim": 0,  # but guessed
    "plugins": [],  # before there were any
    "model.headroom_db": None,  # before frames were bounded
    "model.calibrated": False,  # before levels were measured
    "data.sequence": 1,  # before memories
    "data.augment.share": 0.5,  # every second window
    "data.augment.other_sound": 0.0,  # every window was heard from its own recording
    "data.dataset.stretches": False,  # before one recording could be split
    "data.dataset.metadata_callbacks": None,  # before labels
    "training.pseudo_labels": None,  # before guesses taught
    "training.prior_minutes": None,  # before priors
    "callbacks.save_every_s": 60.0,
    "callbacks.patience": None,  # a training ended where it was told to
}
# The same of families that came later, as they were before these keys were.
UNSAID_OF: dict[str, dict[str, Any]] = {
    "effect": {
        "data.dry": None,  # every pair of the folder
        "data.wet": None,
        "data.dataset.latency_samples": "auto",
        "data.loader.warm_up_ms": 20.0,
    },
}
MODEL = "vschaos2.models.vae.VAE"  # what each of their models is said to be
MADE = ("model.encoder", "model.decoder")
NAMES = {
    "vschaos2.models.encoders.DenseEncoder": "DenseEncoder",
    "vschaos2.models.encoders.ConvEncoder": "ConvEncoder",
    "vschaos2.models.decoders.DenseDecoder": "DenseDecoder",
    "vschaos2.models.decoders.ConvDecoder": "ConvDecoder",
    "vschaos2.dsp.spectral.SpectralTransform": "SpectralTransform",
}


def upgraded(config: DictConfig) -> DictConfig:
    """A configuration of any version as one of today: changed in place, and returned."""
    _name_parts(config)
    family = _plain(config, "family")
    unsaid = UNSAID if "family" not in config else UNSAID_OF.get(str(family), {})
    for key, value in unsaid.items():
        place, _, name = key.rpartition(".")
        node = _node(config, place)
        if isinstance(node, DictConfig) and name not in node:
            OmegaConf.update(config, key, value, force_add=True)
    return config


def _name_parts(config: DictConfig) -> None:
    """Write the names of parts as today, so that the same part has the same name in every run.

    Version 0.1 wrote the module before the name, `_partial_: true` beside it, and what each model
    is; whoever has such a configuration of their own may write so still.
    """
    for place in (*MADE, "data.transform"):
        node = _node(config, place)
        if not isinstance(node, DictConfig):
            continue
        target = _plain(node, "_target_")
        if isinstance(target, str) and target in NAMES:
            OmegaConf.update(node, "_target_", NAMES[target])
        if place in MADE and _plain(node, "_partial_") is True:
            _drop(node, "_partial_")
    model = _node(config, "model")
    if isinstance(model, DictConfig) and _plain(model, "_target_") == MODEL:
        _drop(model, "_target_")


def _node(config: DictConfig, place: str) -> Any:
    """What stands at a dotted place, or None."""
    node: Any = config
    for name in filter(None, place.split(".")):
        node = _plain(node, name) if isinstance(node, DictConfig) else None
    return node


def _plain(node: DictConfig, name: str) -> Any:
    """The value of a key that is there, and no reference to another; or None."""
    if name not in node or OmegaConf.is_interpolation(node, name):
        return None
    return node[name]


def _drop(node: DictConfig, name: str) -> None:
    """Take a key out, also of a configuration that takes no further ones."""
    with open_dict(node):
        del node[name]


def upgraded_checkpoint(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint of any version as one of today: changed in place, and returned."""
    checkpoint.setdefault("classes", {})  # before labels
    checkpoint.setdefault("is_over", True)  # before trainings could be resumed
    return checkpoint
