"""What the small engine (engine/families/vae.cc) plays a VAE from."""

from collections.abc import Iterator, Mapping
from typing import Any

from vschaos2.dsp.host_rate import HostRate
from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.vae.engine_labels import (
    class_names,
    label_modules,
    label_settings,
    label_tensors,
)
from vschaos2.families.vae.engine_model import model_settings, model_tensors, unknown_of
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.labels.ports import LabelPort

MODEL = "core.model"  # of an exported instrument
BASIS = ("centre", "from_basis", "lowest", "highest", "first", "drawn", "recorded", "places")


def engine_program(
    core: InstrumentCore, labels: Mapping[str, LabelPort] | None = None
) -> EngineProgram | str:
    """Settings and tensors of a signal path, or what the engine knows nothing of, in words.

    Args:
        core: the signal path.
        labels: of every conditioning task, by the name of its message.
    """
    unknown = unknown_of(core.model)
    if unknown:
        return unknown
    settings = {
        **model_settings(core.model),
        "n_fft": core.n_fft,
        "hop": core.hop,
        "latent_dims": core.latent_dims,
        "silence": core.silence,
        "forward_mode": KEEP_INPUT if core.keep_input else core.forward_inversion.mode,
        "decode_mode": core.decode_inversion.mode,
    }
    if core.prior_stream is not None:
        settings["prior"] = _prior(core.prior_stream)
    if _warped_rows(core.host):
        settings["host"] = _host(core.host)
    if core.labels.is_used:
        settings |= label_settings(core)
    return EngineProgram(
        family="vae",
        sample_rate_hz=core.host.rate_hz,
        block_samples=core.hop,
        settings=settings,
        tensors=dict(_tensors(core)),
        choices={name: class_names(label) for name, label in (labels or {}).items()},
    )


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


def _warped_rows(host: HostRate) -> list[int]:
    """The rates, by place, that are another than the model's own, and need tables."""
    if host.factor != 1:
        return list(range(len(host.rates_hz)))
    return [row for row, rate_hz in enumerate(host.rates_hz) if rate_hz != host.own_rate_hz]


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


def _tensors(core: InstrumentCore) -> Iterator[tuple[str, Source]]:
    """The engine's names of tensors, and the file's."""
    model = core.model
    yield from model_tensors(model, MODEL)
    for name, path in label_modules(model):
        yield f"{name}.weight", f"{MODEL}.{path}.weight"
        yield f"{name}.bias", f"{MODEL}.{path}.bias"
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
    yield from label_tensors(model)
    for row in _warped_rows(core.host):
        for name, table in (
            ("window", "windows"),
            ("heard", "heard_weight"),
            ("played", "played_weight"),
        ):
            yield f"host{row}.{name}", (f"core.host.{table}", row)


def _prior_tensors(stream: str) -> Iterator[tuple[str, Source]]:
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        yield f"prior.{name}", f"{stream}.model.memory.units.{name}_l0"
    for name in ("weight", "bias"):
        yield f"prior.head.{name}", f"{stream}.model.head.{name}"
    for name in BASIS:
        yield f"prior.{name}", f"{stream}.model.basis.{name}"
    for name in ("normal_a", "normal_b", "uniform_a", "uniform_b"):
        yield f"prior.{name}", f"{stream}.draws.{name}"
