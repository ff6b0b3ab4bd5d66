"""What the small engine (engine/families/effect.cc) plays an effect from."""

from collections.abc import Iterator, Mapping
from typing import Any

from vschaos2.export.for_engine import EngineProgram
from vschaos2.families.effect.engine_chain import chain_settings, chain_tensors, unknown_of
from vschaos2.families.effect.engine_wave import remembered, wave_settings, wave_tensors
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.streaming_effect import GLIDE_MS, GREATEST, StreamingEffect
from vschaos2.nets.audio_conv import GCN, TCN
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU, RecurrentNet, StartedLSTM
from vschaos2.nets.state_space import SSM
from vschaos2.nets.wavenet import WaveNet

KINDS: dict[type[AudioNet], str] = {
    LSTM: "LSTM", StartedLSTM: "LSTM", AudioGRU: "GRU", TCN: "TCN", GCN: "GCN", SSM: "SSM",
    ChainNet: "Chain", WaveNet: "WaveNet",
}  # fmt: skip
NET = "model.net"  # of an exported effect
MOST_STATE = 2**22  # numbers that a network may remember
LAYER = ("weight", "bias")
CELLS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
STATES = ("log_step", "log_decay", "turns", "read_real", "read_imag", "direct")


def engine_program(effect: StreamingEffect) -> EngineProgram | str:
    """Settings and tensors of an effect, or what the engine knows nothing of, in words."""
    model = effect.model
    net: Any = model.net
    if type(effect) is not StreamingEffect:
        return f"effects played by a {type(effect).__name__}"
    if isinstance(net, ChainNet) and unknown_of(net.chain):
        return unknown_of(net.chain)
    if type(net) not in KINDS:
        return f"effects of the kind {type(net).__name__}"
    if isinstance(net, TCN | WaveNet) and _remembered(net) > MOST_STATE:
        return f"effects that remember {_remembered(net)} numbers"
    return program_of(effect, KINDS[type(net)], _settings(effect, net), dict(_tensors(effect)))


def program_of(
    effect: StreamingEffect, kind: str, own: Mapping[str, Any], tensors: Mapping[str, str]
) -> EngineProgram:
    """The program of an effect whose network is of a kind, which has settings of its own.

    Args:
        effect: the effect.
        kind: of its network, by the engine's name.
        own: settings of this kind.
        tensors: the engine's names of tensors → the model's.
    """
    model = effect.model
    settings = {
        "net": kind,
        "channels": effect.n_in,
        "outputs": effect.n_out,
        "knobs": effect.knob_names,
        "block": model.net.block,
        "rate_hz": model.rate_hz,
        "host_rates_hz": effect.host_rates_hz,
        "glide_ms": GLIDE_MS,
        "greatest": GREATEST,
        "is_physical": model.is_physical,
        "glides": model.net.glides,
    }
    return EngineProgram(
        family="effect",
        sample_rate_hz=effect.sample_rate_hz,
        block_samples=model.net.block,
        settings=settings | dict(own),
        tensors={name: f"model.{path}" for name, path in tensors.items()},
        choices={},
    )


def _remembered(net: TCN | WaveNet) -> int:
    """Numbers that convolutions hear of the past, with the sample itself."""
    if isinstance(net, WaveNet):
        return remembered(net)
    layers: Any = net.layers
    kernels = [layer.taps.kernel_size[0] * layer.taps.dilation[0] for layer in layers]
    return int(net.dim * sum(kernels))


def _settings(effect: StreamingEffect, net: Any) -> dict[str, Any]:
    if isinstance(net, ChainNet):
        held = {"settings": effect.setting_names, "learnt": effect.learnt}
        return held | chain_settings(net.chain)
    if isinstance(net, WaveNet):
        return wave_settings(net)
    of = {"hidden_dims": net.dim, "conditioning": net.conditioning}
    if isinstance(net, RecurrentNet):
        return of | {"layers": net.n_layers, "skip": net.skip}
    if isinstance(net, SSM):
        first: Any = net.layers[0]
        return of | {"layers": len(net.layers), "n_states": first.states.n_states}
    taps = [layer.taps for layer in net.layers]
    dilations = [each.dilation[0] for each in taps]
    return of | {"kernel": taps[0].kernel_size[0], "dilations": dilations}


def level_tensors(effect: StreamingEffect) -> Iterator[tuple[str, str]]:
    """Names of what stands around any network: the engine's, and the model's."""
    names = ["input_gain", "output_gain"]
    if effect.knob_names:
        names += ["lowest", "highest"]
    yield from zip(names, names, strict=True)


def _tensors(effect: StreamingEffect) -> Iterator[tuple[str, str]]:
    """The engine's names of tensors, and the model's."""
    yield from level_tensors(effect)
    net = effect.model.net
    if isinstance(net, ChainNet):
        for name in chain_tensors(net.chain):
            yield name, f"net.chain.{name}"
        return
    for name in wave_tensors(net) if isinstance(net, WaveNet) else _of_net(net):
        yield name, f"net.{name}"


def _of_net(net: Any) -> Iterator[str]:
    """Tensors of the network, which have its own names in the engine, too."""
    yield from _named("readout", LAYER)
    if net.told.state_size:
        yield from _cells("told.memory.units", 1)
    if isinstance(net, StartedLSTM):
        yield "first"
    if isinstance(net, RecurrentNet):
        yield from _cells("units", net.n_layers)
        return
    yield from _named("input", LAYER)
    for place, layer in enumerate(net.layers):
        name = f"layers.{place}"
        if isinstance(net, SSM):
            yield from _named(f"{name}.states", STATES)
            yield from _named(f"{name}.spread", LAYER)
        else:
            yield from _named(f"{name}.taps", LAYER)
        yield from _named(f"{name}.mix", LAYER)
        yield from _film(f"{name}.film", net.conditioning, layer.film)


def _film(name: str, conditioning: str, film: Any) -> Iterator[str]:
    if conditioning in ("tfilm", "ttfilm"):
        yield from _cells(f"{name}.memory.units", 1)
        yield from _named(f"{name}.told", LAYER)
        if conditioning == "ttfilm":
            yield from _named(f"{name}.memory.mix", LAYER)
    elif film.is_told:
        yield from _named(f"{name}.told.0", LAYER)
        yield from _named(f"{name}.told.2", LAYER)


def _named(name: str, tensors: tuple[str, ...]) -> Iterator[str]:
    for tensor in tensors:
        yield f"{name}.{tensor}"


def _cells(units: str, layers: int) -> Iterator[str]:
    for layer in range(layers):
        yield from _named(units, tuple(f"{name}_l{layer}" for name in CELLS))
