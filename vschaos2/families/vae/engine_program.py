"""What the small engine (engine/families/vae.cc) plays a VAE from."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from vschaos2.dsp.host_rate import HostRate
from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.labels.conditioning import OneHot, Table
from vschaos2.labels.ports import LabelPort
from vschaos2.nets.causal_conv import CausalConv
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.nets.layers import Beside, DenseBlock
from vschaos2.nets.recurrent import GRU

BASIS = ("centre", "from_basis", "lowest", "highest", "first", "drawn", "recorded", "places")


def engine_program(
    core: InstrumentCore, labels: Mapping[str, LabelPort] | None = None
) -> EngineProgram | str:
    """Settings and tensors of a signal path, or what the engine knows nothing of, in words.

    Args:
        core: the signal path.
        labels: of every conditioning task, by the name of its message.
    """
    unknown = _unknown(core)
    if unknown:
        return unknown
    model, transform = core.model, core.transform
    head = model.coherence_head
    settings = {
        "n_fft": core.n_fft,
        "model_n_fft": transform.n_fft,
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
    if core.host.is_warped or len(core.host.rates_hz) > 1:
        settings["host"] = _host(core.host)
    if core.labels.is_used:
        settings |= _labels(core)
    if model.temporal is not None:
        settings["memory"] = _memory(model.temporal)
    return EngineProgram(
        family="vae",
        sample_rate_hz=core.host.rate_hz,
        block_samples=core.hop,
        settings=settings,
        tensors=dict(_tensors(core)),
        choices={name: _class_names(label) for name, label in (labels or {}).items()},
    )


def _unknown(core: InstrumentCore) -> str:
    model = core.model
    if model.temporal is not None and not isinstance(model.temporal, GRU | CausalConv):
        return f"a memory of the kind {type(model.temporal).__name__}"
    if type(model.encoder) is not DenseEncoder or type(model.decoder) is not DenseDecoder:
        return f"models of {type(model.encoder).__name__} and {type(model.decoder).__name__}"
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


def _host(host: HostRate) -> dict[str, Any]:
    columns = zip(host.rates_hz, host.lengths, host.scales, host.missing, strict=True)
    return {
        "own_hz": host.own_rate_hz,
        "factor": host.factor,
        "longest": host.longest,
        "least": host.least,
        "rates": [
            {"rate_hz": rate_hz, "length": length, "scale": scale, "missing": missing}
            for rate_hz, length, scale, missing in columns
        ],
    }


def _class_names(label: LabelPort) -> list[str]:
    """What a class is called, or else its place; nothing for a value."""
    if label.dim == 1:
        return []
    return [*label.classes[: label.dim], *map(str, range(len(label.classes), label.dim))]


def _labels(core: InstrumentCore) -> dict[str, Any]:
    told, model = core.labels, core.model
    given = model.conditioning
    rows = [
        {
            "embedding": task.embedding,
            "classes": task.dim,
            "width": embedding.width,
            "encoder": given.on_encoder[place],
            "decoder": given.on_decoder[place],
            "guess": int(told.frame_source[place]),
            "latent_guess": int(told.latent_source[place]),
        }
        for place, (task, embedding) in enumerate(
            zip(given.tasks.values(), given.embeddings, strict=True)
        )
    ]
    return {
        "labels": rows,
        "predictors": [_predictor(each) for each in model.prediction.predictors],
        "confidence": core.confidence,
    }


def _predictor(predictor: nn.Module) -> dict[str, Any]:
    layers = [layer for layer in predictor.layers if isinstance(layer, nn.Linear)]  # type: ignore[union-attr]
    return {
        "reads_latents": predictor.reads_latent,
        "classes": layers[-1].out_features if predictor.categorical else 0,
        "widths": [layer.out_features for layer in layers],
    }


def _memory(memory: nn.Module) -> dict[str, Any]:
    settings = {"type": type(memory).__name__, "hidden_dims": memory.dim}
    if isinstance(memory, GRU):
        return {**settings, "layers": memory.n_layers}
    layers: Any = memory.layers
    return {**settings, "layers": len(layers), "kernel_size": layers[0].kernel_size}


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
    yield from _label_tensors(core)
    for row in range(len(core.host.rates_hz)):
        for name, table in (
            ("window", "windows"),
            ("heard", "heard_weight"),
            ("played", "played_weight"),
        ):
            yield f"host{row}.{name}", (f"core.host.{table}", row)
    if isinstance(model.temporal, GRU):
        for layer in range(model.temporal.n_layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                path = f"core.model.temporal.units.{name}_l{layer}"
                yield f"memory.layer{layer}.{name}", path


def _label_tensors(core: InstrumentCore) -> Iterator[tuple[str, Source]]:
    given, predictors = core.model.conditioning, core.model.prediction.predictors
    for place, embedding in enumerate(given.embeddings):
        path = f"core.model.conditioning.embeddings.{place}"
        if isinstance(embedding, Table):
            yield f"label{place}.table", f"{path}.weight"
        elif not isinstance(embedding, OneHot):
            yield f"label{place}.mean", f"{path}.mean"
            yield f"label{place}.std", f"{path}.std"
    for place, predictor in enumerate(predictors):
        if not predictor.categorical:
            path = f"core.model.prediction.predictors.{place}.scale"
            yield f"predictor{place}.mean", f"{path}.mean"
            yield f"predictor{place}.std", f"{path}.std"


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
    for place, predictor in enumerate(model.prediction.predictors):
        layers: Any = predictor.layers
        for number in range((len(layers) + 1) // 2):
            path = f"prediction.predictors.{place}.layers.{2 * number}"
            yield f"predictor{place}.layer{number}", path
    if isinstance(model.temporal, CausalConv):
        yield "memory.input", "temporal.input"
        for number in range(len(model.temporal.layers)):
            for name in ("norm", "taps"):
                yield f"memory.layer{number}.{name}", f"temporal.layers.{number}.{name}"


def _block_modules(part: str, path: str, count: int) -> Iterator[tuple[str, str]]:
    for place in range(count):
        for name, layer in (("norm", 0), ("first", 1), ("second", 3)):
            yield f"{part}.block{place}.{name}", f"{path}.{place + 1}.body.{layer}"
