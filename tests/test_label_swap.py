from types import SimpleNamespace

import numpy as np
import pytest
import torch

from vschaos2.families.vae.signal_path import Heard
from vschaos2.generation.label_swap import PitchSwap, swaps_of
from vschaos2.labels.conditioning import Conditioning

RATE_HZ, HOP = 44_100, 512


class Oscillator:
    """A signal path that plays the pitch it is told, or its own, from A4 upwards."""

    hop = HOP
    transform = SimpleNamespace(sample_rate_hz=RATE_HZ)

    def __init__(
        self, obeys: bool, cents: float = 0.0, dim: int = 12, target: str = "decoder"
    ) -> None:
        tasks = {"colour": {"dim": 3}, "pitch": {"dim": dim, "target": target}}
        self.model = SimpleNamespace(conditioning=Conditioning(tasks))
        self.obeys, self.cents = obeys, cents
        self.reset()

    def reset(self) -> None:
        self.phase = 0.0

    def decode_delay(self) -> int:
        return 0

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        pitch = latents[0, 3] if self.obeys else torch.full_like(latents[0, 3], 2.0)
        f0_hz = 440.0 * 2.0 ** ((pitch.double() + self.cents / 100) / 12)
        phase = self.phase + torch.cumsum(f0_hz.repeat_interleave(HOP) / RATE_HZ, 0)
        self.phase = float(phase[-1])
        harmonics = sum(torch.sin(2 * torch.pi * h * phase) / h for h in (1, 2, 3))
        return 0.2 * harmonics.float()[None, None]


def heard(frames: int = 120) -> Heard:
    labels = np.stack([np.ones(frames), np.full(frames, 2.0)], 1).astype(np.float32)
    rest = [np.zeros((frames, n), np.float32) for n in (2, 0)]
    level = np.ones(frames, np.float32)
    return Heard(rest[0], labels, rest[1], level, level, frames * HOP)


@pytest.mark.parametrize(("cents", "part"), [(0.0, 1.0), (35.0, 1.0), (-35.0, 1.0), (65.0, 0.0)])
def test_a_path_follows_if_it_plays_within_50_cents_of_what_it_is_told(cents, part):
    right, voiced = PitchSwap(Oscillator(obeys=True, cents=cents))(heard())
    assert voiced > 50
    assert right / voiced == pytest.approx(part, abs=0.05)


def test_a_path_that_keeps_its_pitch_never_follows():
    right, voiced = PitchSwap(Oscillator(obeys=False))(heard())
    assert voiced > 50
    assert right == 0


def test_only_twelve_pitches_that_the_decoder_is_given_are_swapped():
    assert isinstance(swaps_of(Oscillator(obeys=True)), PitchSwap)
    assert swaps_of(Oscillator(obeys=True, dim=2)) is None
    # The decoder is given another task, and could not follow.
    assert swaps_of(Oscillator(obeys=True, target="encoder")) is None
