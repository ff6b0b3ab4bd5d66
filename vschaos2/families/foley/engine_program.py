"""What the small engine (engine/families/hit.cc) plays hits from."""

from collections.abc import Iterator
from typing import Any

from vschaos2.export.for_engine import EngineProgram, Source
from vschaos2.families.foley.streaming_hits import StreamingHits
from vschaos2.families.vae.engine_model import model_settings, model_tensors, unknown_of

MODEL, VOICES = "striking.model", "striking.voices"  # of exported hits
SOUND = ("window", "windows", "short", "advance", "noise", "envelopes")
DRAWN = ("weights", "mean", "basis", "deviation", "level")


def engine_program(hits: StreamingHits, rate_hz: int) -> EngineProgram | str:
    """Settings and tensors of hits, or what the engine knows nothing of, in words.

    Args:
        hits: as they are exported.
        rate_hz: of the host at first.
    """
    striking = hits.striking
    model = striking.model
    unknown = unknown_of(model.vae)
    if unknown:
        return unknown
    settings = {
        **model_settings(model.vae),
        "hop": model.sounding.hop,
        "frames": model.frames,
        "part_frames": model.sounding.part_frames,
        "components": model.components,
        "classes": model.class_counts,
        "axes": striking.axes,
        "own_hz": model.sample_rate_hz,
        "rates": [row for row, _ in _rates(hits)],
    }
    return EngineProgram(
        family="foley",
        sample_rate_hz=rate_hz,
        block_samples=1,
        settings=settings,
        tensors=dict(_tensors(hits)),
        choices={},
    )


def _rates(hits: StreamingHits) -> Iterator[tuple[dict[str, int], str]]:
    """A row for each rate, and the path of what reads hits at it; empty for their own."""
    voices = hits.striking.voices
    yield {"rate_hz": voices.own_rate_hz}, ""
    for number, reader in enumerate(voices.readers):
        of: Any = reader
        row = {name: getattr(of, name) for name in ("rate_hz", "width", "made", "stride")}
        yield {**row, "waiting": of.waiting}, f"{VOICES}.readers.{number}"


def _tensors(hits: StreamingHits) -> Iterator[tuple[str, Source]]:
    """The engine's names of tensors, and the file's."""
    model = hits.striking.model
    yield from model_tensors(model.vae, f"{MODEL}.vae")
    for name in SOUND:
        yield name, f"{VOICES}.sounding.{name}"
    for name in DRAWN:
        yield name, f"{MODEL}.{name}"
    for number, layer in enumerate(range(0, len(model.flow.layers), 2)):
        for name in ("weight", "bias"):
            yield f"flow.{number}.{name}", f"{MODEL}.flow.layers.{layer}.{name}"
    for name in ("normal_a", "normal_b"):
        yield name, f"striking.draws.{name}"
    for number, (_, path) in enumerate(_rates(hits)):
        if path:
            yield f"rate{number}.matrix", f"{path}.matrix"
