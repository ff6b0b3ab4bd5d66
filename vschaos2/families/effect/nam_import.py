"""A .nam file as a run, which is exported, played and measured as one of ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from omegaconf import DictConfig
from torch import Tensor

from vschaos2.config import CONFIGS
from vschaos2.errors import InputError
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.nam_format import LOUDEST_DB, NamFile, read_nam
from vschaos2.nets.audio_recurrent import StartedLSTM
from vschaos2.overrides import composed
from vschaos2.ranges import check_number
from vschaos2.runs.checkpoints import check_finite, save_checkpoint
from vschaos2.runs.folder import check_run_name, create_run_folder, save_config

NOWHERE = "no-recordings"  # what a folder of recordings is called that there is none of


def import_nam(
    path: Path,
    rundir: Path,
    name: str,
    input_level_dbu: float | None = None,
    loudness_db: float | None = None,
) -> Path:
    """Make a run of a .nam file.

    Args:
        path: of the file.
        rundir: folder of all runs.
        name: of the run.
        input_level_dbu: of a sine that reaches full scale at the player's converter: the model is
            then driven as its amp was. None: what is full scale there is so here.
        loudness_db: that the standard input shall come out with, as the file tells how loud it
            does. None: as loud as it is.

    Returns:
        The run folder.

    Raises:
        InputError: for a file that cannot be read, or does not tell what these arguments need; or
            a place that cannot be written to. Nothing is written then.
    """
    check_run_name(name)
    found = read_nam(path)
    before_db = _difference(path, found, "input_level_dbu", input_level_dbu)
    after_db = _difference(path, found, "loudness_db", loudness_db)
    config = _config(found, rundir, name)
    try:
        model = build_model(config)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    _fill(path, model, found.weights)
    model.input_gain.fill_(10.0 ** (before_db / 20.0))
    model.output_gain.fill_(10.0 ** (after_db / 20.0))
    check_finite(path, model.state_dict(), "weights")
    esr = {} if found.esr is None else {"validation/esr": found.esr}
    gains = {"input_gain_db": before_db, "output_gain_db": after_db}
    checkpoint: dict[str, Any] = {
        "state_dict": {f"average.module.{key}": of for key, of in model.state_dict().items()},
        "summary": {"step": 0.0, "epoch": 0.0, "seconds": 0.0, **esr},
        "pairs": found.facts | {key: round(of, 2) for key, of in gains.items() if of},
        "callbacks": {} if found.esr is None else {"best": {"score": found.esr}},
        "classes": {},
        "is_over": True,
    }
    folder = create_run_folder(rundir, name)
    save_checkpoint(folder / "checkpoints" / "last.ckpt", checkpoint)
    save_config(folder, config)
    return folder


def _difference(path: Path, found: NamFile, key: str, wanted: float | None) -> float:
    """By how many dB what is wanted is above what a file tells, 0 where nothing is wanted."""
    if wanted is None:
        return 0.0
    option = {"input_level_dbu": "--input-level", "loudness_db": "--loudness"}[key]
    check_number(option, wanted, -LOUDEST_DB, LOUDEST_DB)
    if key not in found.facts:
        said = key.removesuffix("_db")
        raise InputError(f"{option}: {path} does not tell metadata.{said}: leave {option} out")
    return wanted - float(found.facts[key])


def _config(found: NamFile, rundir: Path, name: str) -> DictConfig:
    config = composed(CONFIGS, "effect_drive", [])
    config.name, config.rundir = name, str(rundir)
    config.data.dataset.root = NOWHERE
    config.data.dataset.sample_rate_hz = found.rate_hz
    config.model.net, config.model.knobs = found.net, None
    config.model.channels_in = config.model.channels_out = 1
    return config


def _fill(path: Path, model: EffectModel, weights: npt.NDArray[np.float32]) -> None:
    """Let a network have the weights of a file.

    Raises:
        InputError: if there are more or fewer than it takes.
    """
    with torch.no_grad():
        if isinstance(model.net, StartedLSTM):
            places = _lstm_places(model.net)
            _pour(path, weights, places, 0)
            _settle_lstm(model.net, places)
        else:  # its scale, which comes last, stands in its configuration
            _pour(path, weights, list(model.net.parameters()), 1)


def _pour(
    path: Path, weights: npt.NDArray[np.float32], places: Sequence[Tensor], others: int
) -> None:
    """Fill tensors with weights in their order, and leave so many others."""
    wanted = sum(place.numel() for place in places) + others
    if len(weights) != wanted:
        raise InputError(
            f"{path}: weights must be {wanted}, as its config says, got {len(weights)}: the file "
            "is damaged, or was made for something else"
        )
    first = 0
    for place in places:
        values = torch.from_numpy(weights[first : first + place.numel()].copy())
        place.copy_(values.reshape(place.shape))
        first += place.numel()


def _lstm_places(net: StartedLSTM) -> list[Tensor]:
    """Tensors of the shapes and the order that a file has.

    Of every layer, weights of what enters and of what it said, side by side, biases, the first
    hidden state and the first cells; then the readout.
    """
    places, n_in = [], net.n_channels + net.n_knobs
    for _ in range(net.n_layers):
        rows = 4 * net.dim
        places += [torch.empty(rows, n_in + net.dim), torch.empty(rows)]
        places += [torch.empty(net.dim), torch.empty(net.dim)]
        n_in = net.dim
    return [*places, net.readout.weight, net.readout.bias]


def _settle_lstm(net: StartedLSTM, places: list[Tensor]) -> None:
    """Put what was read where torch's LSTM has it, whose second biases stay 0."""
    first = net.first.reshape(2, net.n_layers, net.dim)
    for layer in range(net.n_layers):
        both, bias, hidden, cells = places[4 * layer : 4 * layer + 4]
        n_in = both.shape[1] - net.dim
        getattr(net.units, f"weight_ih_l{layer}").copy_(both[:, :n_in])
        getattr(net.units, f"weight_hh_l{layer}").copy_(both[:, n_in:])
        getattr(net.units, f"bias_ih_l{layer}").copy_(bias)
        getattr(net.units, f"bias_hh_l{layer}").zero_()
        first[0, layer], first[1, layer] = hidden, cells
