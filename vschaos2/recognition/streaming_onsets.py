"""Onsets for nn~: sound in, an impulse out where something begins."""

from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.controls import Control
from vschaos2.dsp.host_rate import HOST_RATES_HZ
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.onset_net import ready_net
from vschaos2.events.options import (
    LEAST_GAP_MS,
    LEAST_THRESHOLD,
    LIKELIHOOD,
    MIN_GAP_MS,
    MOST_GAP_MS,
    MOST_THRESHOLD,
    THRESHOLD,
)
from vschaos2.export.nn_tilde import NnTildeModule


class StreamingOnsets(NnTildeModule):
    """A detector for nn~: `detect`, sound → one sample as high as an onset is strong, else 0.

        threshold   how much must be new
        notes       on: a small trained net listens, which hears more notes
        likelihood  of an onset, that the net must be sure of
        min_gap_ms  least time between two onsets
        sample_rate of the host, in Hz, one of `host_rates_hz`; any other is refused and changes
                    nothing
        reset       any value: forget all that was heard; what was set stays
        delay       samples from an onset to its impulse, read only

    Frames, delay and gaps are as long in seconds at every rate: there is a detector for each.

    Args:
        sample_rate_hz: of the host at first.
    """

    host_rates_hz: list[int]

    def __init__(self, sample_rate_hz: int) -> None:
        super().__init__()
        self.host_rates_hz = sorted({sample_rate_hz, *HOST_RATES_HZ})
        net = ready_net()
        detectors: Any = nn.ModuleList(OnsetDetector(hz, 1, net) for hz in self.host_rates_hz)
        self.detectors = detectors
        self.chosen = self.host_rates_hz.index(sample_rate_hz)
        self.register_method("detect", 1, 1, ["signal"], ["strength of an onset, for one sample"])
        for control in (
            Control(
                "threshold", "number", THRESHOLD, LEAST_THRESHOLD, MOST_THRESHOLD,
                curve="exponential", note="less hears more",
            ),
            Control("notes", "switch", False, note="a net that hears notes listens"),
            Control(
                "likelihood", "number", LIKELIHOOD, LEAST_THRESHOLD, MOST_THRESHOLD,
                note="of the net",
            ),
            Control(
                "min_gap_ms", "number", MIN_GAP_MS, LEAST_GAP_MS, MOST_GAP_MS,
                unit="ms", curve="exponential", note="between two onsets",
            ),
            Control(
                "sample_rate", "integer", sample_rate_hz, choices=tuple(self.host_rates_hz),
                shown=False,
            ),
            Control("reset", "event", False),
            Control("delay", "reading", self.get_delay()[0]),
        ):  # fmt: skip
            self.register_control(control)

    @torch.jit.export
    def detect(self, sound: Tensor) -> Tensor:
        """Impulses of a block: [B, 1, N] → [B, 1, N]."""
        impulses = sound
        for number, detector in enumerate(self.detectors):
            if number == self.chosen:
                impulses = detector(sound)[:, None]
        return impulses

    def forward(self, sound: Tensor) -> Tensor:
        """`detect`."""
        return self.detect(sound)

    @torch.jit.export
    def get_delay(self) -> list[int]:
        """Samples from an onset to its impulse, at the rate of the host."""
        delay = 0
        for number, detector in enumerate(self.detectors):
            if number == self.chosen:
                delay = detector.delay_samples
        return [delay]

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        """Listen otherwise, or anew."""
        if name == "sample_rate":
            self.chosen = self.host_rates_hz.index(int(value))
        for detector in self.detectors:
            if name == "threshold":
                detector.threshold = value
            elif name == "notes":
                detector.by_net = value != 0.0
                detector.reset()
            elif name == "likelihood":
                detector.likelihood = value
            elif name == "min_gap_ms":
                detector.min_gap_ms = value
            elif name == "reset" or name == "sample_rate":
                detector.reset()
