"""An LSTM of ours as a .nam file, which players of Neural Amp Modeler take.

Such a file knows neither levels nor knobs. Both are within its weights: gains are multiplied into
what they stand before, and a knob at rest is a constant, which is added to the biases.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.files import write_whole
from vschaos2.folders import made_folder
from vschaos2.nets.audio_recurrent import LSTM
from vschaos2.ranges import check_number
from vschaos2.runs.folder import Run, check_run_name

FORMAT = "0.5.4"  # the oldest that says all of this


def export_nam(run: Run, folder: Path, name: str, words: Sequence[str] = ()) -> Path:
    """Write NAME.nam, which gives the sound of `rendered` sample by sample.

    Args:
        run: a trained effect.
        folder: where the file goes; made if it is missing.
        name: of the file, without its ending.
        words: where knobs stand: name value name value …; the others where they begin.

    Raises:
        InputError: if the format has no form for such a run, for a knob or a value that it does not
            have, or a place that cannot be written to.
    """
    check_run_name(name)
    model = run.model
    net = model.net if isinstance(model, EffectModel) else None
    if not isinstance(net, LSTM) or net.skip or (net.n_channels, net.n_outputs) != (1, 1):
        raise InputError(
            f"--nam: {run.folder} is no LSTM of one channel without a skip connection: train one, "
            "with effect_drive and model.channels_in=1 model.channels_out=1"
        )
    values = _knobs(model, words)
    made_folder(folder)
    path = folder / f"{name}.nam"
    write_whole(path, json.dumps(_content(run, name, net, values), allow_nan=False))
    return path


def _knobs(model: EffectModel, words: Sequence[str]) -> dict[str, float]:
    """Where every knob stands, in its own unit."""
    values = {knob.name: knob.value for knob in model.knobs}
    if len(words) % 2:
        raise InputError(f"--nam takes pairs of NAME VALUE, got {' '.join(words)}")
    for name, text in zip(words[::2], words[1::2], strict=True):
        known = {knob.name: knob for knob in model.knobs}
        if name not in known:
            raise InputError(
                f"--nam {name}: there is no such knob (there are {', '.join(known) or 'none'})"
            )
        try:
            values[name] = float(text)
        except ValueError:
            raise InputError(f"--nam {name} {text}: must be a number") from None
        check_number(f"--nam {name}", values[name], known[name].lowest, known[name].highest)
    return values


def _content(run: Run, name: str, net: LSTM, knobs: Mapping[str, float]) -> dict[str, Any]:
    now, esr = datetime.now(), run.summary.get("validation/esr")
    parts = ("year", "month", "day", "hour", "minute", "second")
    metadata: dict[str, Any] = {
        "date": {part: getattr(now, part) for part in parts},
        "name": name,
        "made_with": "vschaos2",
        **({"training": {"validation_esr": esr}} if esr is not None else {}),
        **({"knobs": dict(knobs)} if knobs else {}),
    }
    return {
        "version": FORMAT,
        "metadata": metadata,
        "architecture": "LSTM",
        "config": {"input_size": 1, "hidden_size": net.dim, "num_layers": net.n_layers},
        "weights": _weights(run.model, net, list(knobs.values())),
        "sample_rate": run.model.rate_hz,
    }


def _weights(model: EffectModel, net: LSTM, knobs: Sequence[float]) -> list[float]:
    """All weights in the order of the format (see `nam_import`), float32."""
    told = torch.tensor(knobs, dtype=torch.float64)
    lowest, highest = model.lowest.double(), model.highest.double()
    told = 2.0 * (told - lowest) / (highest - lowest) - 1.0
    first = net.begin(1).double().reshape(2, net.n_layers, net.dim)
    parts: list[Tensor] = []
    for layer in range(net.n_layers):
        entering, said, bias, more = (
            getattr(net.units, f"{of}_l{layer}").double()
            for of in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        bias = bias + more
        if layer == 0:
            bias = bias + entering[:, 1:] @ told
            entering = entering[:, :1] * model.input_gain.double()
        parts += [torch.cat((entering, said), 1), bias, first[0, layer], first[1, layer]]
    gain = model.output_gain.double()
    parts += [net.readout.weight.double() * gain, net.readout.bias.double() * gain]
    return torch.cat([part.flatten() for part in parts]).float().tolist()
