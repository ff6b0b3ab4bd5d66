"""What the small engine (engine/families/vae_parts.h) knows of encoders, decoders and memories."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from vschaos2.families.vae.vae import VAE
from vschaos2.nets.causal_conv import CausalConv
from vschaos2.nets.decoders import ConvDecoder, DenseDecoder
from vschaos2.nets.encoders import ConvEncoder, DenseEncoder
from vschaos2.nets.harmonic import HarmonicDecoder, HarmonicEncoder
from vschaos2.nets.layers import Beside, DenseBlock
from vschaos2.nets.recurrent import GRU

PARTS = (*(DenseEncoder, DenseDecoder, ConvEncoder, ConvDecoder, HarmonicEncoder, HarmonicDecoder),)

# Paths of modules, or of tensors, within the model.
Modules = Iterator[tuple[str, str]]


def part_settings(model: VAE) -> dict[str, Any]:
    """Kinds and sizes of encoder, decoder and memory."""
    encoder, decoder = model.encoder, model.decoder
    settings: dict[str, Any] = {
        "encoder": type(encoder).__name__,
        "decoder": type(decoder).__name__,
    }
    if isinstance(encoder, ConvEncoder):
        settings["encoder_sizes"] = _conv_encoder_sizes(encoder)
    else:
        settings["encoder_blocks"] = _blocks(_encoder_layers(encoder)[1])
    if isinstance(decoder, ConvDecoder):
        settings["decoder_sizes"] = _conv_decoder_sizes(decoder)
    else:
        settings["decoder_blocks"] = _blocks(_dense(decoder)[1].layers)
    if isinstance(encoder, HarmonicEncoder):
        settings["harmonic"] = _harmonic(encoder)
    if model.temporal is not None:
        settings["memory"] = _memory(model.temporal)
    return settings


def part_modules(model: VAE) -> Modules:
    """The engine's names of layers with weight and bias, and the model's."""
    encoder, decoder = model.encoder, model.decoder
    if isinstance(encoder, ConvEncoder):
        yield from _conv_encoder_modules(encoder)
        yield "encoder.head", "encoder.head"
    else:
        path, layers, beside = _encoder_layers(encoder)
        count = _blocks(layers)
        yield "encoder.first", f"{path}.0"
        yield from _block_modules("encoder", path, count)
        yield "encoder.norm", f"{path}.{count + 1}"
        is_harmonic = isinstance(encoder, HarmonicEncoder)
        yield "encoder.head", "encoder.head.head" if is_harmonic else "encoder.head"
        if beside:
            yield "encoder.linear", beside
    if isinstance(decoder, ConvDecoder):
        yield from _conv_decoder_modules(decoder)
    else:
        path, dense = _dense(decoder)
        count = _blocks(dense.layers)
        yield "decoder.first", f"{path}.layers.0"
        yield from _block_modules("decoder", f"{path}.layers", count)
        yield "decoder.norm", f"{path}.layers.{count + 1}"
        yield "decoder.last", f"{path}.layers.{count + 3}"
        if dense.linear is not None:
            yield "decoder.linear", f"{path}.linear"
    if model.coherence_head is not None:
        yield "coherence.first", "coherence_head.layers.0"
        yield "coherence.last", "coherence_head.layers.2"
    if isinstance(model.temporal, CausalConv):
        yield "memory.input", "temporal.input"
        for number in range(len(model.temporal.layers)):
            for name in ("norm", "taps"):
                yield f"memory.layer{number}.{name}", f"temporal.layers.{number}.{name}"


def part_tensors(model: VAE) -> Modules:
    """The engine's names of single tensors, and the model's."""
    if isinstance(model.encoder, HarmonicEncoder):
        yield "harmonic.kernels", "encoder.body.fundamental.kernels"
        yield "harmonic.numbers", "encoder.body.harmonics.numbers"
    if isinstance(model.temporal, GRU):
        for layer in range(model.temporal.n_layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                yield f"memory.{name}_l{layer}", f"temporal.units.{name}_l{layer}"


def _memory(memory: nn.Module) -> dict[str, Any]:
    settings = {"type": type(memory).__name__, "hidden_dims": memory.dim}
    if isinstance(memory, GRU):
        return {**settings, "layers": memory.n_layers}
    layers: Any = memory.layers
    return {**settings, "layers": len(layers), "kernel_size": layers[0].kernel_size}


def _harmonic(encoder: HarmonicEncoder) -> dict[str, Any]:
    heard, numbers = encoder.body.fundamental, encoder.body.harmonics
    return {
        "size": numbers.size,
        "n_even": numbers.n_even,
        "knee": numbers.knee,
        "step": numbers.step,
        "log_ratio": numbers.log_ratio,
        "lowest": heard.lowest,
        "highest": heard.highest,
        "centre": heard.centre,
        "octaves": heard.step,
        "tried": heard.kernels.shape[1],
        "heard_bins": heard.n_heard,
        "around": heard.around,
        "clear": heard.clear,
        "least_power": heard.least_power,
    }


def _conv_encoder_sizes(encoder: ConvEncoder) -> dict[str, Any]:
    first: Any = [layer for layer in encoder.body.stages if isinstance(layer, nn.Conv1d)]
    return {
        "channels": [layer.out_channels for layer in first],
        "kernel_size": first[0].kernel_size[0],
        "stride": first[0].stride[0],
    }


def _conv_decoder_sizes(decoder: ConvDecoder) -> dict[str, Any]:
    last: Any = [layer for layer in decoder.stages if isinstance(layer, nn.ConvTranspose1d)]
    block: Any = decoder.stages[0]
    return {
        "channels": [layer.in_channels for layer in last],
        "kernel_size": block.body[1].kernel_size[0],
        "stride": last[0].stride[0],
    }


def _conv_encoder_modules(encoder: ConvEncoder) -> Modules:
    for stage in range(len(encoder.body.stages) // 3):
        path = f"encoder.body.stages.{3 * stage}"
        yield f"encoder.stage{stage}.convolution", path
        block = f"encoder.body.stages.{3 * stage + 1}"
        yield from _conv_block_modules(f"encoder.stage{stage}", block)


def _conv_decoder_modules(decoder: ConvDecoder) -> Modules:
    yield "decoder.input", "decoder.input"
    for stage in range(len(decoder.stages) // 3):
        yield from _conv_block_modules(f"decoder.stage{stage}", f"decoder.stages.{3 * stage}")
        yield f"decoder.stage{stage}.up", f"decoder.stages.{3 * stage + 2}"


def _conv_block_modules(name: str, path: str) -> Modules:
    for part, layer in (("norm", 0), ("first", 1), ("second", 3)):
        yield f"{name}.{part}", f"{path}.body.{layer}"


def _encoder_layers(encoder: nn.Module) -> tuple[str, nn.Sequential, str]:
    """Dense layers of an encoder, and where they and the linear map beside them are, if any is."""
    path, body = "encoder.body", encoder.body
    if isinstance(encoder, HarmonicEncoder):
        path, body = f"{path}.body", encoder.body.body
    if isinstance(body, Beside):
        return f"{path}.body", body.body, f"{path}.linear"  # type: ignore[return-value]
    return path, body, ""  # type: ignore[return-value]


def _dense(decoder: nn.Module) -> tuple[str, DenseDecoder]:
    """The dense decoder that a decoder is or has, and where."""
    if isinstance(decoder, HarmonicDecoder):
        return "decoder.dense", decoder.dense
    return "decoder", decoder  # type: ignore[return-value]


def _blocks(layers: nn.Sequential) -> int:
    return sum(isinstance(layer, DenseBlock) for layer in layers)


def _block_modules(part: str, path: str, count: int) -> Iterator[tuple[str, str]]:
    for place in range(count):
        for name, layer in (("norm", 0), ("first", 1), ("second", 3)):
            yield f"{part}.block{place}.{name}", f"{path}.{place + 1}.body.{layer}"
