"""What the small engine (engine/families/vae.cc) plays a VAE from."""

from collections.abc import Iterator

from torch import nn

from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.nets.layers import Beside, DenseBlock


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
    if core.has_prior:
        return "instruments that play by themselves"
    if model.temporal is not None:
        return "decoders that remember"
    if type(model.encoder) is not DenseEncoder or type(model.decoder) is not DenseDecoder:
        return f"models of {type(model.encoder).__name__} and {type(model.decoder).__name__}"
    if core.host.is_warped:
        return "sample rates that a model was not trained at"
    return ""


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
