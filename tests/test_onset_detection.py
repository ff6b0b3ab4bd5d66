"""Onsets in sound: where they are, whatever the blocks, the level and what comes later."""

import pytest
import torch
from torch import Tensor

from vschaos2.events.detector import OnsetDetector

RATE_HZ = 16_000
CLICKS = (1_000, 9_000, 9_640, 20_001)  # the second and third are 40 ms apart


def clicks(level: float = 0.5, length: int = 2 * RATE_HZ) -> Tensor:
    sound = torch.zeros(1, 1, length)
    sound[0, 0, list(CLICKS)] = level
    return sound


def times(detector: OnsetDetector, sound: Tensor) -> list[int]:
    """Samples at which something was said to begin."""
    detector.reset()
    return (detector(sound)[0].nonzero()[:, 0] - detector.delay_samples).tolist()


def test_clicks_are_found_at_their_samples():
    assert times(OnsetDetector(RATE_HZ), clicks()) == list(CLICKS)


@pytest.mark.parametrize("block", [1, 7, 64, 80, 81, 1000, 4096])
def test_blocks_equal_the_whole(block):
    detector = OnsetDetector(RATE_HZ)
    generator = torch.Generator().manual_seed(0)
    sound = clicks() + 0.01 * torch.randn(1, 1, 2 * RATE_HZ, generator=generator)
    sound = sound[:, :, :12_000] if block == 1 else sound
    whole = detector(sound)
    detector.reset()
    blocks = torch.cat([detector(part) for part in sound.split(block, 2)], 1)
    assert torch.equal(blocks, whole)
    assert whole.count_nonzero() >= 3
