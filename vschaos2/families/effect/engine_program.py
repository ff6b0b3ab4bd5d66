"""What the small engine (engine/families/effect.cc) plays an effect from."""

from collections.abc import Iterator
from typing import Any

from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.effect.streaming_effect import GREATEST, StreamingEffect
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU, RecurrentNet, StartedLSTM

KINDS: dict[type[AudioNet], str] = {LSTM: "LSTM", StartedLSTM: "LSTM", AudioGRU: "GRU"}
NET = "model.net"  # of an exported effect
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def engine_program(effect: StreamingEffect) -> EngineProgram | str:
    """Settings and tensors of an effect, or what the engine knows nothing of, in words."""
    model = effect.model
    if type(effect) is not StreamingEffect:
        return "collections of effects"
    if type(model.net) not in KINDS:
        return f"effects of the kind {type(model.net).__name__.removesuffix('Net')}"
    if effect.bridge >= 0:
        return "sample rates that a model was not trained at"
    settings = {
        "net": KINDS[type(model.net)],
        "channels": effect.n_in,
        "outputs": effect.n_out,
        "knobs": effect.knob_names,
        "glide_samples": effect.glide_samples,
        "greatest": GREATEST,
    }
    return EngineProgram(
        family="effect",
        sample_rate_hz=model.rate_hz,
        block_samples=model.net.block,
        settings=settings | _settings(model.net),
        tensors=dict(_tensors(effect)),
        choices={"sample_rate": [model.rate_hz]},
    )


def _settings(net: Any) -> dict[str, Any]:
    return {
        "hidden_dims": net.dim,
        "layers": net.n_layers,
        "skip": net.skip,
        "conditioning": "tvcond" if net.told.state_size else "concat" if net.is_beside else "none",
    }


def _tensors(effect: StreamingEffect) -> Iterator[tuple[str, Source]]:
    """The engine's names of tensors, and the file's."""
    net = effect.model.net
    for name in ("input_gain", "output_gain"):
        yield name, f"model.{name}"
    if effect.knob_names:
        for name in ("lowest", "highest"):
            yield name, f"model.{name}"
    if isinstance(net, StartedLSTM):
        yield "first", f"{NET}.first"
    if isinstance(net, RecurrentNet):
        yield from _cells("units", net.n_layers)
    if net.told.state_size:  # type: ignore[union-attr]
        yield from _cells("told.memory.units", 1)
    for name in ("weight", "bias"):
        yield f"readout.{name}", f"{NET}.readout.{name}"


def _cells(units: str, layers: int) -> Iterator[tuple[str, Source]]:
    for layer in range(layers):
        for name in WEIGHTS:
            yield f"{units}.{name}_l{layer}", f"{NET}.{units}.{name}_l{layer}"
