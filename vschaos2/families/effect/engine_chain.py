"""What the small engine (engine/families/effect_chain.cc) plays a chain of processors from."""

from collections.abc import Iterator
from typing import Any

from vschaos2.processors.chain import Chain
from vschaos2.processors.controllers import Controller, Following, Placed, Told
from vschaos2.processors.dynamics import Compressor, Expander, Level
from vschaos2.processors.fdn_reverb import FdnReverb
from vschaos2.processors.filters import Filter
from vschaos2.processors.fir import SIREN_SWING, DrawnTaps, Fir
from vschaos2.processors.gain import DynamicGain, Gain, Offset, Polarity
from vschaos2.processors.modulation import Chorus, Flanger, Phaser, Tremolo
from vschaos2.processors.mono_space import Echo, Room
from vschaos2.processors.phase_shift import PhaseShift
from vschaos2.processors.ping_pong import PingPong
from vschaos2.processors.shaping import SWING, Clip, Mlp, Rational, SirenCurve, Tanh
from vschaos2.processors.space import Space

KINDS: dict[type, str] = {
    Gain: "gain", DynamicGain: "gain", Polarity: "polarity", Offset: "offset", Tanh: "tanh",
    Clip: "clip", Level: "level", Compressor: "compressor", Expander: "expander",
    Filter: "filter", PhaseShift: "phase_shift", Mlp: "mlp", SirenCurve: "siren",
    Rational: "rational", Fir: "fir", Tremolo: "tremolo", Phaser: "phaser", Chorus: "delayed",
    Flanger: "delayed", Echo: "echo", Room: "room", Space: "space",
}  # fmt: skip
SINES = ("layers.0.linear", "layers.1.linear", "layers.2")
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
    total = len(chain.physical)
    rows = [_processor(processor, controller, total) for processor, controller in pairs]
    return {"glide": chain.glide.length, "processors": rows}


def chain_tensors(chain: Chain) -> Iterator[str]:
    """Weights of curves and of what hears knobs or sound, by names of the engine and the chain."""
    for number, processor in enumerate(chain.processors):
        yield from (f"processors.{number}.{name}" for name in _weights(processor))
    for number, controller in enumerate(chain.controllers):
        name, adds = f"controllers.{number}.adds", controller.adds
        layers: tuple[str, ...] = TOLD if isinstance(adds, Told) else ()
        if isinstance(adds, Following):
            yield from (f"{name}.units.{cell}" for cell in CELLS)
            layers = ("head",)
        for layer in layers:
            yield from (f"{name}.{layer}.{tensor}" for tensor in ("weight", "bias"))


def _weights(processor: Any) -> Iterator[str]:
    """Tensors of a processor, by its own names."""
    layers: tuple[str, ...] = ()
    if isinstance(processor, Rational):
        yield from ("above", "below")
    elif isinstance(processor, Mlp):
        layers = ("layers.0", "layers.2", "layers.4")
    elif isinstance(processor, SirenCurve):
        layers = tuple(f"curve.{name}" for name in SINES)
    elif isinstance(processor, Fir) and isinstance(processor.taps, DrawnTaps):
        layers = tuple(f"taps.drawn.{name}" for name in SINES)
    elif isinstance(processor, Fir):
        yield "taps.taps"
    for layer in layers:
        yield from (f"{layer}.{tensor}" for tensor in ("weight", "bias"))


def _processor(processor: Any, controller: Controller, total: int) -> dict[str, Any]:
    """A row of a chain of so many values: kind, controller, and what the kind has of its own."""
    row = {"kind": KINDS[type(processor)], "controller": _controller(controller, total)}
    return row | _own(processor)


def _own(processor: Any) -> dict[str, Any]:
    match processor:
        case Filter():
            return {"hop": processor.hop, "bands": _bands(processor)}
        case Compressor():
            return {"paths": 2 if processor.has_slow else 1}
        case PhaseShift():
            # Of (a - z⁻²) / (1 - a z⁻²), a stands last; the second chain ends in a sample's delay.
            chains = (processor.leading[0, :, 8], processor.lagging[0, :-1, 8])
            return {n: c.tolist() for n, c in zip(("leading", "lagging"), chains, strict=True)}
        case SirenCurve():
            return {"swing": SWING}
        case Fir():
            is_drawn = isinstance(processor.taps, DrawnTaps)
            return {"taps": processor.n_taps, "is_drawn": is_drawn, "swing": SIREN_SWING}
        case Phaser():
            return {"stages": processor.stages}
        case Chorus() | Flanger():
            return {"longest": int(processor.longest) + 4}
        case Echo():
            return _echo(processor.line)
        case Room():
            return _room(processor.room)
        case Space():
            return _space(processor)
    return {}


def _space(space: Space) -> dict[str, Any]:
    """Its parts, and what they are made from."""
    row: dict[str, Any] = {
        "panned": space.has_pan, "echo": space.has_echo, "room": space.has_reverb,
        "eq": space.has_eq,
    }  # fmt: skip
    if space.has_eq:
        row |= {"hop": space.eq.hop, "bands": _bands(space.eq)}
    if space.has_echo:
        row |= _echo(space.ping_pong)
    if space.has_reverb:
        row |= _room(space.room)
    return row


def _echo(line: PingPong) -> dict[str, Any]:
    return {"hop": line.crossfade.hop, "longest": line.combs.length}


def _room(room: FdnReverb) -> dict[str, Any]:
    return {"lengths": room.network.lengths.tolist()}


def _bands(of: Filter) -> list[dict[str, Any]]:
    bands = zip(of.shapes, of.gained, of.resonant, strict=True)
    return [{"shape": shape, "has_gain": gain, "has_q": q} for shape, gain, q in bands]


def _heard(controller: Controller) -> str | None:
    """What moves it: knobs, by a network or along directions, or the sound."""
    adds = controller.adds
    for kind, name in ((Following, "following"), (Told, "told"), (Placed, "placed")):
        if isinstance(adds, kind):
            return name
    return None


def _controller(controller: Controller, total: int) -> dict[str, Any]:
    if controller.is_fixed:
        return {"kind": "fixed", "base": controller.start[:, 0].tolist()}
    ranges, adds = controller.ranges, controller.adds
    base = controller.start + ranges.pace * controller.moved.detach()
    own: dict[str, Any] = {}
    if isinstance(adds, Placed):
        # Its own raw numbers are told behind the sliders, as they are.
        axes = ranges.pace * adds.directions[:, : adds.directions.shape[1] - total]
        own = {"axes": axes.T.tolist()}
    else:
        own = {"hears_knobs": isinstance(adds, Told) or adds.n_knobs > 0}  # type: ignore[operator]
    return own | {
        "kind": _heard(controller),
        "base": base[:, 0].tolist(),
        **{name: getattr(ranges, name)[:, 0].tolist() for name in ("least", "span", "pace")},
        "is_log": ranges.is_log[:, 0].tolist(),
    }
