"""Onsets for nn~: sound in, an impulse out where something begins."""

import torch
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.options import (
    LEAST_GAP_MS,
    LEAST_THRESHOLD,
    MIN_GAP_MS,
    MOST_GAP_MS,
    MOST_THRESHOLD,
    THRESHOLD,
)
from vschaos2.export.nn_tilde import NnTildeModule


class StreamingOnsets(NnTildeModule):
    """A detector for nn~: `detect`, sound → one sample as high as an onset is strong, else 0.

        threshold   how much must be new
        min_gap_ms  least time between two onsets
        reset       any value: forget all that was heard; what was set stays
        delay       samples from an onset to its impulse, read only

    Args:
        sample_rate_hz: of the host.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        super().__init__()
        self.detector = OnsetDetector(sample_rate_hz)
        self.register_method("detect", 1, 1, ["signal"], ["strength of an onset, for one sample"])
        for control in (
            Control(
                "threshold", "number", THRESHOLD, LEAST_THRESHOLD, MOST_THRESHOLD,
                curve="exponential", note="less hears more",
            ),
            Control(
                "min_gap_ms", "number", MIN_GAP_MS, LEAST_GAP_MS, MOST_GAP_MS,
                unit="ms", curve="exponential", note="between two onsets",
            ),
            Control("reset", "event", False),
            Control("delay", "reading", self.detector.delay_samples),
        ):  # fmt: skip
            self.register_control(control)

    @torch.jit.export
    def detect(self, sound: Tensor) -> Tensor:
        """Impulses of a block: [B, 1, N] → [B, 1, N]."""
        return self.detector(sound)[:, None]

    def forward(self, sound: Tensor) -> Tensor:
        """`detect`."""
        return self.detect(sound)

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples from an onset to its impulse."""
        return [self.detector.delay_samples]

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Listen otherwise, or anew."""
        if name == "threshold":
            self.detector.threshold = value
        elif name == "min_gap_ms":
            self.detector.min_gap_ms = value
        elif name == "reset":
            self.detector.reset()
