"""A model of hits from its configuration, and from nothing but registered parts."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.vae.inner_vae import built_inner
from vschaos2.flows.vector_flow import VectorFlow
from vschaos2.nets.build import limited, model_options
from vschaos2.ranges import check_count

AUTO = "auto"
KEYS = ("vae", "labels", "frames", "components", "flow")
MOST_CLASSES, MOST_LABELS = 256, 16
MOST_FRAMES, MOST_COMPONENTS = 65_536, 1024


def build_model(config: DictConfig) -> HitModel:
    """The untrained model that `config.model` describes, around the VAE that it describes.

    Raises:
        InputError: for what no model can be built of.
    """
    options = model_options(config, KEYS)
    return call(_model, "model", options)


def _model(
    vae: Mapping[str, Any],
    labels: Mapping[str, Any],
    frames: int,
    components: int,
    flow: Mapping[str, Any],
) -> HitModel:
    check_count("model.frames", frames, 4, MOST_FRAMES)
    check_count("model.components", components, 1, MOST_COMPONENTS)
    if len(labels) > MOST_LABELS:
        raise InputError(f"model.labels must be at most {MOST_LABELS}, got {len(labels)}")
    for name, classes in labels.items():
        _check_label(name, classes)
    inner = built_inner({**vae, "texture": None})  # which hits do not play
    check_stands_alone(inner)
    with limited():
        told = 1 + sum(len(classes) for classes in labels.values())
        net = call(VectorFlow, "model.flow", flow, dims=components + 1, told_dims=told)
        return HitModel(inner, labels, frames, components, net)


def _check_label(name: str, classes: Any) -> None:
    is_list = isinstance(classes, Sequence) and not isinstance(classes, str)
    if not is_list or not 1 <= len(classes) <= MOST_CLASSES:
        raise InputError(
            f"model.labels.{name} must be a list of 1 to {MOST_CLASSES} names, got {classes!r:.60}"
        )
    if not all(isinstance(of, str) for of in classes) or len({*classes}) < len(classes):
        raise InputError(f"model.labels.{name}: must be different names, got {classes!r:.60}")


def check_stands_alone(vae: Any) -> None:
    """See that a frame of a VAE can be decoded by itself, and has a window that parts of hits fit.

    Raises:
        InputError: if a VAE remembers frames, or its window is too long.
    """
    if vae.temporal is not None:
        raise InputError(
            "vae: remembers the frames before, which hits know nothing of: train one without "
            "model.temporal, such as --config-name dgt_live"
        )
    if vae.transform.n_fft > 2048:
        raise InputError(
            f"vae: its window of {vae.transform.n_fft} samples is too long for an attack: train "
            "one with --config-name dgt_live"
        )
