"""The estimators that come with the package: configurations and plain arrays, no run folder.

    ready/blind.yaml, blind.npz    a training's configuration, and weights in half precision
    ready/dry.yaml, dry.npz        of one that hears the dry sound, too

Nothing in them is executed: names are looked up among registered parts, and no pickle is opened.
"""

import io
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.loading import load_named_run
from vschaos2.families.order.build import build_model
from vschaos2.families.order.estimator import Estimator
from vschaos2.files import write_whole

BLIND, WITH_DRY = "blind", "dry"


class Known(NamedTuple):
    """An estimator and what it was trained by.

    Attributes:
        name: what it is called in messages.
        model: the estimator.
        config: of its training.
    """

    name: str
    model: Estimator
    config: DictConfig


def ready(with_dry: bool) -> Known:
    """The estimator that comes with the package.

    Args:
        with_dry: the one that hears the dry sound, too, where there is one; else the other.
    """
    place = resources.files("vschaos2") / "recognition" / "ready"
    name = WITH_DRY if with_dry and (place / f"{WITH_DRY}.npz").is_file() else BLIND
    config = OmegaConf.create((place / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(config, DictConfig)
    model = build_model(config)
    with np.load(io.BytesIO((place / f"{name}.npz").read_bytes()), allow_pickle=False) as content:
        weights = {key: torch.from_numpy(content[key]) for key in content.files}
    model.load_state_dict(
        {key: value.to(model.state_dict()[key]) for key, value in weights.items()}
    )
    return Known("the estimator of the package", model.eval().requires_grad_(False), config)


def write_ready(model: Estimator, config: DictConfig, folder: Path) -> Path:
    """Write a trained estimator as `ready` reads one; → the file of its weights.

    Args:
        model: the estimator.
        config: of its training.
        folder: vschaos2/recognition/ready of a clone.
    """
    weights: dict[str, Any] = {}
    for key, value in model.state_dict().items():
        whole = value.numpy()
        weights[key] = whole.astype(np.float16) if whole.dtype == np.float32 else whole
    content = io.BytesIO()
    np.savez_compressed(content, **weights)
    place = folder / f"{WITH_DRY if model.hears_dry else BLIND}.npz"
    write_whole(place, content.getvalue())
    config = config.copy()
    config.rundir, config.data.store.folder = "runs", None  # where it was trained says nothing
    config.data.dataset.root = Path(str(config.data.dataset.root)).name
    write_whole(place.with_suffix(".yaml"), OmegaConf.to_yaml(config))
    return place


def estimator_of(path: Path | None, with_dry: bool) -> Known:
    """The estimator of a run, or the package's.

    Args:
        path: rundir/name or rundir/name/version_N; None for the package's.
        with_dry: whether there is a dry sound to hear.

    Raises:
        InputError: for a run that cannot be loaded, is of another family, or hears a dry sound
            where there is none.
    """
    if path is None:
        return ready(with_dry)
    run = load_named_run(path, None, None)
    if run.config.family != "order":
        raise InputError(
            f"{run.folder}: is of family {run.config.family!r}: give a run of family 'order'"
        )
    if run.model.hears_dry and not with_dry:
        raise InputError(f"{run.folder}: hears the dry sound, too: give it with --dry")
    return Known(str(run.folder), run.model, run.config)
