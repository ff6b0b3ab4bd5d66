"""What the small engine (engine/families/onsets.cc) hears onsets with."""

from collections.abc import Iterator
from typing import Any

from vschaos2.export.for_engine import EngineProgram
from vschaos2.recognition.streaming_onsets import StreamingOnsets

# The engine's name of what a detector counts, and the detector's.
COUNTS = {
    "rate_hz": "sample_rate_hz", "hop": "hop", "n_fft": "n_fft", "window": "window_samples",
    "bands": "n_bands", "before": "before", "after": "after", "measured": "measured",
    "recent": "recent", "peak": "peak", "delay": "delay_samples", "decay": "decay",
}  # fmt: skip
TABLES = ("window", "bands", "gathered")


def engine_program(onsets: StreamingOnsets, rate_hz: int) -> EngineProgram:
    """Settings and tensors of a detector.

    Args:
        onsets: as it is exported.
        rate_hz: of the host at first.
    """
    detectors: Any = onsets.detectors
    rows = [{name: getattr(of, key) for name, key in COUNTS.items()} for of in detectors]
    return EngineProgram(
        family="onsets",
        sample_rate_hz=rate_hz,
        block_samples=1,
        settings={"rates": rows},
        tensors=dict(_tensors(detectors)),
        choices={},
    )


def _tensors(detectors: Any) -> Iterator[tuple[str, str]]:
    """The engine's names of tensors, and the file's."""
    for number in range(len(detectors)):
        for name in TABLES:
            yield f"rate{number}.{name}", f"detectors.{number}.{name}"
    net = "detectors.0.net"  # the same for all of them
    for tensor in ("weight", "bias"):
        for layer in range(len(detectors[0].net.layers)):
            yield f"net.{layer}.{tensor}", f"{net}.layers.{layer}.{tensor}"
        yield f"net.last.{tensor}", f"{net}.last.{tensor}"
