"""What the small engine (engine/families/vae.cc) plays a VAE from."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.nets.layers import Beside, DenseBlock

BASIS = ("centre", "from_basis", "lowest", "highest", "first", "drawn", "recorded", "places")


def engine_program(core: InstrumentCore) -> EngineProgram | str:
    """Settings and tensors of a signal path, or what the engine knows nothing of, in words."""
    unknown = _unknown(core)
    if unknown:
        return unknown
    model, transform = core.model, core.transform
    head = model.coherence_head
    settings = {
        "n_fft": core.n_fft,
        "hop": core.hop,
        "latent_dim": model.latent_dim,
        "latent_dims": core.latent_dims,
        "contrast": transform.contrast,
        "n_mels": transform.n_mels,
        "output": model.output,
        "headroom": model.headroom if model.is_bounded else None,
        "encoder_blocks": _blocks(_layers(model.encoder)),
        "decoder_blocks": _blocks(model.decoder.layers),  # type: ignore[arg-type]
        "bins_together": 1 if head is None else head.bins_together,
        "silence": core.silence,
        "forward_mode": KEEP_INPUT if core.keep_input else core.forward_inversion.mode,
        "decode_mode": core.decode_inversion.mode,
    }
    if core.prior_stream is not None:
        settings["prior"] = _prior(core.prior_stream)
    return EngineProgram(
        family="vae",
        sample_rate_hz=core.host.rate_hz,
        block_samples=core.hop,
        settings=settings,
        tensors=dict(_tensors(core)),
        choices={"sample_rate": [core.host.rate_hz]},
    )


def _unknown(core: InstrumentCore) -> str:
    model = core.model
    if core.labels.is_used:
        return "labels"
    if model.temporal is not None:
        return "decoders that remember"
    if type(model.encoder) is not DenseEncoder or type(model.decoder) is not DenseDecoder:
        return f"models of {type(model.encoder).__name__} and {type(model.decoder).__name__}"
    if core.host.is_warped:
        return "sample rates that a model was not trained at"
    return ""


def _prior(stream: PriorStream) -> dict[str, Any]:
    model, basis = stream.model, stream.model.basis
    return {
        "dims": model.dims,
        "hidden_dims": model.hidden_dims,
        "components": model.components,
        "every": model.every,
        "places": len(basis.places),
        "quantiles": basis.drawn.shape[1],
        "spread": stream.spread,
        "wander": stream.wander,
        "near": basis.near,
        "lean": basis.lean,
    }


def _layers(encoder: nn.Module) -> nn.Sequential:
    """The encoder's layers, with or without a linear map beside them."""
    body = encoder.body
    return body.body if isinstance(body, Beside) else body  # type: ignore[return-value]


def _blocks(layers: nn.Sequential) -> int:
    return sum(isinstance(layer, DenseBlock) for layer in layers)


def _tensors(core: InstrumentCore) -> Iterator[tuple[str, Source]]:
    """The engine's names of tensors, and the file's."""
    model = core.model
    for name, path in _modules(core):
        yield f"{name}.weight", f"core.model.{path}.weight"
        yield f"{name}.bias", f"core.model.{path}.bias"
    for name in ("gain", "loudest", "loudest_frame"):
        yield name, f"core.model.{name}"
    yield "scale", "core.model.transform.scale"
    if model.transform.n_mels > 0:
        yield "mel", "core.model.transform.mel.bank"
        yield "inverse_mel", "core.model.transform.inverse_mel.bank"
    yield "dual", "core.forward_synthesis.dual"
    yield "low", "core.low"
    for name in ("window", "short", "advance"):
        yield name, f"core.decode_inversion.{name}"
    yield "phases", "core.decode_inversion.noise.table"
    yield "noise", "core.decode_inversion.texture.white_noise.table"
    yield "noise_window", "core.decode_inversion.texture.white_noise.window"
    for place, projection in enumerate(PROJECTIONS):
        for field in ("centre", "to_axes", "from_axes"):
            yield f"{projection}.{field}", (f"core.stacked_{field}", place)
    if core.has_prior:
        yield from _prior_tensors("core.prior_stream")


def _prior_tensors(stream: str) -> Iterator[tuple[str, Source]]:
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        yield f"prior.{name}", f"{stream}.model.memory.units.{name}_l0"
    for name in ("weight", "bias"):
        yield f"prior.head.{name}", f"{stream}.model.head.{name}"
    for name in BASIS:
        yield f"prior.{name}", f"{stream}.model.basis.{name}"
    for name in ("normal_a", "normal_b", "uniform_a", "uniform_b"):
        yield f"prior.{name}", f"{stream}.draws.{name}"


def _modules(core: InstrumentCore) -> Iterator[tuple[str, str]]:
    """The engine's names of layers with weight and bias, and the model's."""
    model = core.model
    beside = isinstance(model.encoder.body, Beside)
    body = "encoder.body.body" if beside else "encoder.body"
    count = _blocks(_layers(model.encoder))
    yield "encoder.first", f"{body}.0"
    yield from _block_modules("encoder", body, count)
    yield "encoder.norm", f"{body}.{count + 1}"
    yield "encoder.head", "encoder.head"
    if beside:
        yield "encoder.linear", "encoder.body.linear"
    count = _blocks(model.decoder.layers)  # type: ignore[arg-type]
    yield "decoder.first", "decoder.layers.0"
    yield from _block_modules("decoder", "decoder.layers", count)
    yield "decoder.norm", f"decoder.layers.{count + 1}"
    yield "decoder.last", f"decoder.layers.{count + 3}"
    if model.decoder.linear is not None:
        yield "decoder.linear", "decoder.linear"
    if model.coherence_head is not None:
        yield "coherence.first", "coherence_head.layers.0"
        yield "coherence.last", "coherence_head.layers.2"


def _block_modules(part: str, path: str, count: int) -> Iterator[tuple[str, str]]:
    for place in range(count):
        for name, layer in (("norm", 0), ("first", 1), ("second", 3)):
            yield f"{part}.block{place}.{name}", f"{path}.{place + 1}.body.{layer}"
