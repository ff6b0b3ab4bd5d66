"""What the small engine (engine/families/effect_wave.cc) plays a WaveNet from."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from vschaos2.nets.activations import Bent, Hardswish, Softsign
from vschaos2.nets.wave_layer import WaveLayer
from vschaos2.nets.wavenet import WaveArray, WaveNet

PLAIN: dict[type, str] = {
    nn.Tanh: "tanh", nn.Sigmoid: "sigmoid", nn.SiLU: "silu", Hardswish: "hardswish",
}  # fmt: skip
BENT = ("lowest", "highest", "slope_below", "slope_above")


def wave_settings(net: WaveNet) -> dict[str, Any]:
    """Sizes, gates and activations."""
    arrays: Any = net.arrays
    heads: Any = net.heads
    head = None
    for of in heads:
        kernels = [conv.taps.kernel_size[0] for conv in of.convs]
        head = {
            "channels": of.convs[0].taps.out_channels,
            "kernels": kernels,
            "bend": _bend(of.bend),
        }
    return {"head_scale": net.head_scale, "arrays": [_array(of) for of in arrays], "head": head}


def wave_tensors(net: WaveNet) -> Iterator[str]:
    """Names of its tensors, which are the engine's, too."""
    for name, _ in net.named_parameters():
        yield name


def remembered(net: WaveNet) -> int:
    """Numbers that convolutions hear of the past, with the sample itself."""
    taps: Any = [of for of in net.modules() if isinstance(of, nn.Conv1d)]
    return sum(of.in_channels * of.kernel_size[0] * of.dilation[0] for of in taps)


def _array(array: WaveArray) -> dict[str, Any]:
    layers: Any = array.layers
    taps = array.head.taps
    return {
        "channels": array.channels,
        "bottleneck": _bottleneck(layers[0]),
        "heard": array.heard,
        "layers": [_layer(layer) for layer in layers],
        "head_channels": array.head_channels,
        "head_kernel": taps.kernel_size[0],
        "head_bias": taps.bias is not None,
    }


def _bottleneck(layer: WaveLayer) -> int:
    return layer.conv.taps.out_channels // (2 if layer.is_gated else 1)


def _layer(layer: WaveLayer) -> dict[str, Any]:
    gated = "blended" if layer.is_blended else "gated"
    return {
        "kernel": layer.conv.taps.kernel_size[0],
        "dilation": layer.conv.taps.dilation[0],
        "bend": _bend(layer.bend),
        "gate": gated if layer.is_gated else "none",
        "gate_bend": _bend(layer.gate_bend),
        "mixes": not isinstance(layer.mix, nn.Identity),
        "skips": not isinstance(layer.skip, nn.Identity),
    }


def _bend(bend: nn.Module) -> dict[str, Any]:
    if isinstance(bend, Bent):
        return {"kind": "bent", **{name: getattr(bend, name) for name in BENT}}
    if isinstance(bend, Softsign):
        return {"kind": "softsign", "scale": bend.scale, "offset": bend.offset}
    return {"kind": PLAIN[type(bend)]}
