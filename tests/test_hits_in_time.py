"""Hits at their moments, to the sample."""

import numpy as np
import pytest

from vschaos2.errors import InputError
from vschaos2.generation.hits_in_time import in_time, start_samples


def test_every_hit_strikes_at_its_sample_in_blocks_of_any_size():
    chance = np.random.default_rng(0)
    hits = chance.standard_normal((40, 300)).astype(np.float32)
    starts = np.sort(chance.integers(-50, 5100, 40))
    attack, length = 20, 5000
    due = np.zeros(6000)
    for start, hit in zip(starts, hits, strict=True):
        for sample, value in enumerate(hit, start - attack):
            if sample >= 0:
                due[sample] += value
    for block in (1, 7, 64, 1000, 8192):
        asked = []

        def made(first: int, last: int, asked: list = asked) -> np.ndarray:
            asked.append((first, last))
            return hits[first:last]

        blocks = list(in_time(starts, made, attack, length, block))
        assert {len(part) for part in blocks[:-1]} <= {block}
        assert np.allclose(np.concatenate(blocks), due[:length], atol=1e-5)
        # Each is made once, in order, and none that is never heard.
        numbers = [n for first, last in asked for n in range(first, last)]
        assert numbers == list(range(int(np.searchsorted(starts - attack, length))))


def test_hits_are_made_when_they_are_near():
    made_at = []
    starts = np.arange(100) * 1000

    def made(first: int, last: int) -> np.ndarray:
        made_at.append((first, last))
        return np.zeros((last - first, 10), dtype=np.float32)

    sound = in_time(starts, made, 0, 100_000, 2000)
    next(sound)
    assert made_at == [(0, 2)]


def test_moments_are_the_nearest_samples():
    assert start_samples(np.array([0.0, 1.00001]), 44_100).tolist() == [0, 44_100]
    assert start_samples(np.array([0.5]), 1000, -0.1).tolist() == [400]
    with pytest.raises(InputError, match="far too late"):
        start_samples(np.array([1e15]), 44_100)
    with pytest.raises(ValueError, match="never fall"):
        next(in_time(np.array([2, 1]), lambda first, last: np.zeros((1, 1)), 0, 10))
