""".nam files, the open format of Neural Amp Modeler: text in JSON, and nothing that could run.

    {"version": "0.5.4", "architecture": "WaveNet", "config": {…}, "weights": [0.1, …],
     "sample_rate": 48000, "metadata": {"name": …, "loudness": …, "input_level_dbu": …, …}}

WaveNet and LSTM are read, also in a SlimmableContainer, which holds models of several sizes: of
these the largest. Whatever would change the sound and is not known here is refused.

Source: Neural Amp Modeler's documentation, "`.nam` file specification". It leaves the order of
weights to the program: they stand as its layers do, of each the weights before the biases.
"""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.families.effect.nam_fields import Fields
from vschaos2.files import read_at_most
from vschaos2.nets.audio_rate import DEEPEST, WIDEST
from vschaos2.nets.wavenet import LONGEST_KERNEL, WIDEST_DILATION
from vschaos2.runs.checkpoints import LARGEST_WEIGHT
from vschaos2.terminal import printable

MOST_BYTES = 2**25
USUAL_RATE_HZ = 48_000  # where a file does not say
RATES_HZ = (1_000, 1_500_000)
TEXTS = ("name", "modeled_by", "gear_type", "gear_make", "gear_model", "tone_type")
LONGEST_TEXT = 200
LOUDEST_DB = 200.0  # of levels in metadata, either way
FILMS = (
    *("conv_pre_film", "conv_post_film", "input_mixin_pre_film", "input_mixin_post_film"),
    *("activation_pre_film", "activation_post_film", "layer1x1_post_film", "head1x1_post_film"),
)


class NamFile(NamedTuple):
    """What a .nam file says.

    Attributes:
        net: of the network, as `model.net` of a configuration has it.
        weights: in the file's order, float32.
        rate_hz: of the sound.
        facts: texts and numbers about the model, by name.
        esr: error-to-signal ratio that it was found to have; None where nobody says.
    """

    net: dict[str, Any]
    weights: npt.NDArray[np.float32]
    rate_hz: int
    facts: dict[str, str | float]
    esr: float | None


def read_nam(path: Path) -> NamFile:
    """The content of a .nam file; nothing in it is executed.

    Raises:
        InputError: if it cannot be read, or is none, or of a kind that is not read here.
    """
    content = read_at_most(path, MOST_BYTES)
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or "nested too deeply"
        raise InputError(
            f"{path}: is no .nam file ({reason:.80}): get it again from where it came from"
        ) from error
    fields = Fields(f"{path}: ", found)
    version, kind = fields.text("version"), fields.text("architecture")
    metadata = fields.inner("metadata", {})
    rate = fields.number("sample_rate", *RATES_HZ, USUAL_RATE_HZ)
    if kind == "SlimmableContainer":
        fields = _largest(fields)
        kind = fields.text("architecture")
        rate = fields.number("sample_rate", *RATES_HZ, rate)
    if kind not in READERS:
        raise InputError(
            f"{path}: architecture is {kind!r:.40}, and {' and '.join(READERS)} are read: train "
            "the amp as one of these"
        )
    weights = _weights(fields)
    config = fields.inner("config")
    for name in ("in_channels", "out_channels"):
        config.refuse(name, 1)
    net = READERS[kind](config, weights)
    config.end()
    facts, esr = _facts(metadata)
    facts["made_by"] = f"Neural Amp Modeler, {kind}, file version {printable(version)[:40]}"
    return NamFile(net, weights, round(rate), facts, esr)


def _largest(fields: Fields) -> Fields:
    """The model in a container that asks for most."""
    config = fields.inner("config")
    models = [
        Fields(f"{config.where}.submodels[{place}]", each)
        for place, each in enumerate(config.list("submodels"))
    ]
    if not models:
        raise InputError(f"{config.at('submodels')} is empty: take a file with a model in it")
    sizes = [each.number("max_value", 0.0, 1e6) for each in models]
    return models[int(np.argmax(sizes))].inner("model")


def _weights(fields: Fields) -> npt.NDArray[np.float32]:
    values = fields.list("weights")
    for place, value in enumerate(values):
        is_number = type(value) in (int, float)
        if not is_number or not -LARGEST_WEIGHT < value < LARGEST_WEIGHT:
            raise InputError(
                f"{fields.at('weights')}[{place}] must be a number below {LARGEST_WEIGHT:g}, got "
                f"{value!r:.40}: the file is damaged, or its training diverged"
            )
    return np.array(values, np.float32)


def _facts(metadata: Fields) -> tuple[dict[str, str | float], float | None]:
    """What metadata tells a player, and the error-to-signal ratio that its training found."""
    facts: dict[str, str | float] = {}
    for name in TEXTS:
        text = metadata.left.get(name)
        if isinstance(text, str) and text.strip():
            facts[name] = printable(text.strip())[:LONGEST_TEXT]
    for name, key in (
        ("loudness", "loudness_db"),
        ("input_level_dbu", "input_level_dbu"),
        ("output_level_dbu", "output_level_dbu"),
    ):
        if metadata.left.get(name) is not None:
            facts[key] = metadata.number(name, -LOUDEST_DB, LOUDEST_DB)
    training = metadata.left.get("training")
    esr = training.get("validation_esr") if isinstance(training, dict) else None
    is_told = isinstance(esr, float) and math.isfinite(esr) and 0.0 <= esr < 1e6
    return facts, esr if is_told else None


def _lstm(config: Fields, weights: npt.NDArray[np.float32]) -> dict[str, Any]:
    config.refuse("input_size", 1)
    hidden_dims = config.count("hidden_size", 1, WIDEST)
    layers = config.count("num_layers", 1, DEEPEST)
    return {"_target_": "StartedLSTM", "hidden_dims": hidden_dims, "layers": layers}


def _wavenet(config: Fields, weights: npt.NDArray[np.float32]) -> dict[str, Any]:
    config.refuse("condition_dsp")
    config.take("head_scale", 1.0)  # the last weight is what counts
    layers = config.list("layers")
    arrays = [
        _array(Fields(f"{config.at('layers')}[{place}]", each)) for place, each in enumerate(layers)
    ]
    for place, (_, n_in) in enumerate(arrays):
        wanted = arrays[place - 1][0]["channels"] if place else 1
        if n_in != wanted:
            raise InputError(
                f"{config.at('layers')}[{place}].input_size must be {wanted}, got {n_in}: take a "
                "file of one channel, or get it again"
            )
    return {
        "_target_": "WaveNet",
        "hidden_dims": None,
        "arrays": [array for array, _ in arrays],
        "head": _head(config),
        "head_scale": float(weights[-1]) if len(weights) else 1.0,
    }


def _head(config: Fields) -> dict[str, Any] | None:
    """What stands behind all arrays."""
    if config.left.get("head") is None:
        config.left.pop("head", None)
        return None
    head = config.inner("head")
    for name in ("in_channels", "num_layers"):  # they follow from others
        head.take(name, None)
    head.refuse("out_channels", 1)
    said = {
        "channels": head.count("channels", 1, WIDEST),
        "activation": _bend(head, "activation", head.take("activation")),
        "kernels": [
            head.counted("kernel_sizes", kernel, 1, LONGEST_KERNEL)
            for kernel in head.list("kernel_sizes")
        ],
    }
    head.end()
    return said


def _array(layer: Fields) -> tuple[dict[str, Any], int]:
    """An array as `WaveArray` is told it, and the channels that enter it."""
    dilations = [
        layer.counted("dilations", dilation, 1, WIDEST_DILATION)
        for dilation in layer.list("dilations")
    ]
    count, channels = len(dilations), layer.count("channels", 1, WIDEST)
    name = "kernel_sizes" if layer.left.get("kernel_sizes") is not None else "kernel_size"
    kernels = [layer.counted(name, kernel, 1, LONGEST_KERNEL) for kernel in layer.list(name, count)]
    layer.take("kernel_size", None)
    usual = "gated" if layer.flag("gated", False) else "none"
    gates = layer.list("gating_mode", count, usual)
    seconds = layer.list("secondary_activation", count, "Sigmoid")
    skip_channels = _is_active(layer.inner("head1x1", {}), False)
    said = {
        "channels": channels,
        "kernels": kernels,
        "dilations": dilations,
        "activations": [
            _bend(layer, "activation", each) for each in layer.list("activation", count)
        ],
        "gates": gates,
        "gate_activations": [
            _bend(layer, "secondary_activation", "Sigmoid" if each is None else each)
            for each in seconds
        ],
        "bottleneck": layer.count("bottleneck", 1, WIDEST, channels),
        "mixes": _is_active(layer.inner("layer1x1", {}), True) is not None,
        "skip_channels": skip_channels,
        **_head_of(layer),
    }
    layer.refuse("condition_size", 1)
    for groups in ("groups_input", "groups_input_mixin"):
        layer.refuse(groups, 1)
    for film in FILMS:
        shift = layer.inner(film, {})
        if shift.flag("active", False):
            raise InputError(
                f"{layer.at(film)} is active, which is not read here: take a file without it"
            )
    layer.take("slimmable", None)  # it is played at its full width
    n_in = layer.count("input_size", 1, WIDEST)
    layer.end()
    return said, n_in


def _head_of(layer: Fields) -> dict[str, Any]:
    """The head of an array, in the form of older files or of newer ones."""
    if layer.left.get("head") is None:
        layer.left.pop("head", None)
        return {
            "head_channels": layer.count("head_size", 1, WIDEST),
            "head_kernel": 1,
            "head_bias": layer.flag("head_bias", False),
        }
    head = layer.inner("head")
    said = {
        "head_channels": head.count("out_channels", 1, WIDEST),
        "head_kernel": head.count("kernel_size", 1, LONGEST_KERNEL),
        "head_bias": head.flag("bias"),
    }
    head.end()
    return said


def _is_active(part: Fields, usual: bool) -> int | None:
    """Channels that a 1×1 convolution makes, if there is one; 1 where nothing is said."""
    is_there = part.flag("active", usual)
    part.refuse("groups", 1)
    channels = part.count("out_channels", 1, WIDEST, 1)
    part.end()
    return channels if is_there else None


def _bend(fields: Fields, name: str, told: Any) -> Any:
    """An activation with its parameters, all of them numbers."""
    if isinstance(told, str):
        return told
    of = Fields(fields.at(name), told)
    kind = of.text("type")
    if "negative_slopes" in of.left:
        of.refuse("negative_slopes")
    return {"type": kind, **{key: of.number(key, -1e6, 1e6) for key in list(of.left)}}


READERS = {"WaveNet": _wavenet, "LSTM": _lstm}
