"""What the small engine (engine/families/effect_chain.cc) plays a chain of processors from."""

from collections.abc import Iterator
from typing import Any

from vschaos2.processors.chain import Chain
from vschaos2.processors.controllers import Controller, Following, Told
from vschaos2.processors.dynamics import Compressor, Expander, Level
from vschaos2.processors.filters import Filter
from vschaos2.processors.gain import DynamicGain, Gain, Offset, Polarity
from vschaos2.processors.shaping import Clip, Tanh

KINDS: dict[type, str] = {
    Gain: "gain", DynamicGain: "gain", Polarity: "polarity", Offset: "offset", Tanh: "tanh",
    Clip: "clip", Level: "level", Compressor: "compressor", Expander: "expander",
    Filter: "filter",
}  # fmt: skip
TOLD = ("layers.0", "layers.2", "head")
CELLS = tuple(f"{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))


def unknown_of(chain: Chain) -> str:
    """What of a chain the engine knows nothing of, in words; empty if it knows all."""
    unknown = [
        name
        for name, processor in zip(chain.names, chain.processors, strict=True)
        if type(processor) not in KINDS
    ]
    if unknown:
        return f"the processors {', '.join(unknown)}"
    for controller in chain.controllers:
        if not controller.is_fixed and _heard(controller) is None:  # type: ignore[arg-type]
            return "chains that still learn"
    return ""


def chain_settings(chain: Chain) -> dict[str, Any]:
    """Its glide and its processors, in plain values."""
    pairs: Any = zip(chain.processors, chain.controllers, strict=True)
    rows = [_processor(*pair) for pair in pairs]
    return {"glide": chain.glide.length, "processors": rows}


def chain_tensors(chain: Chain) -> Iterator[str]:
    """Weights of what hears knobs or sound, by the engine's names; the chain's are in `adds`."""
    for number, controller in enumerate(chain.controllers):
        name, adds = f"controllers.{number}.adds", controller.adds
        layers: tuple[str, ...] = TOLD if isinstance(adds, Told) else ()
        if isinstance(adds, Following):
            yield from (f"{name}.units.{cell}" for cell in CELLS)
            layers = ("head",)
        for layer in layers:
            yield from (f"{name}.{layer}.{tensor}" for tensor in ("weight", "bias"))


def _processor(processor: Any, controller: Controller) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": KINDS[type(processor)], "controller": _controller(controller)}
    if isinstance(processor, Filter):
        bands = zip(processor.shapes, processor.gained, processor.resonant, strict=True)
        row["hop"] = processor.hop
        row["bands"] = [
            {"shape": shape, "has_gain": gained, "has_q": resonant}
            for shape, gained, resonant in bands
        ]
    if isinstance(processor, Compressor):
        row["paths"] = 2 if processor.has_slow else 1
    return row


def _heard(controller: Controller) -> str | None:
    """What moves it: knobs, or the sound."""
    if isinstance(controller.adds, Following):
        return "following"
    return "told" if isinstance(controller.adds, Told) else None


def _controller(controller: Controller) -> dict[str, Any]:
    if controller.is_fixed:
        return {"kind": "fixed", "base": controller.start[:, 0].tolist()}
    ranges, adds = controller.ranges, controller.adds
    base = controller.start + ranges.pace * controller.moved.detach()
    return {
        "kind": _heard(controller),
        "hears_knobs": isinstance(adds, Told) or adds.n_knobs > 0,  # type: ignore[operator]
        "base": base[:, 0].tolist(),
        **{name: getattr(ranges, name)[:, 0].tolist() for name in ("least", "span", "pace")},
        "is_log": ranges.is_log[:, 0].tolist(),
    }
