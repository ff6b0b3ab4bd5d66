"""The one door through which runs of version 0.1 come in: what they do not say is said for them."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

# What the configurations of older runs leave unsaid, and what they were trained with.
UNSAID = {
    "family": "vae",  # there was no other
    "plugins": [],  # before there were any
    "data.sequence": 1,  # before memories
    "data.dataset.metadata_callbacks": None,  # before labels
    "callbacks.save_every_s": 60.0,
}


def upgraded(config: DictConfig) -> DictConfig:
    """A configuration of any version as one of today: changed in place, and returned.

    Names of parts need no change: `parts.part_of` knows them as version 0.1 wrote them.
    """
    if "family" in config:
        return config
    for key, value in UNSAID.items():
        *places, name = key.split(".")
        node: Any = config
        for place in places:
            node = node.get(place) if isinstance(node, DictConfig) else None
        if isinstance(node, DictConfig) and name not in node:
            OmegaConf.update(config, key, value, force_add=True)
    return config


def upgraded_checkpoint(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """A checkpoint of any version as one of today: changed in place, and returned."""
    checkpoint.setdefault("classes", {})  # before labels
    checkpoint.setdefault("is_over", True)  # before trainings could be resumed
    return checkpoint
