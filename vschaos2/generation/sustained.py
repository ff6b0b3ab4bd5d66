"""A texture that follows a guide: louder and harder where the guide is, silent where it is.

Where the guide is loud the texture is made of what was loud among the recordings: a bow that is
pressed sounds other than one that is turned up. So the training sounds are put in the order of
their loudness, and for each moment one is drawn from those that stand as high among them as the
guide does in its own range. Between moments the latents go in straight lines. What loudness they
have of themselves is then made that of the guide, block by block.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.dsp.limiter import soft_clip
from vschaos2.generation.loudness_curve import POINTS_HZ, LoudnessCurve, gain_of
from vschaos2.generation.player import Player, faded

DRAWS_HZ = 8.0  # moments at which another training sound is drawn
BAND = 0.08  # of all the training sounds: how far from its place one may stand
LEVEL = 0.25  # root mean square of the loudest moment
MOST_GAIN = 10.0  # that makes a soft texture as loud as its guide
MOST_POINTS = 8192  # training sounds that are looked at
BLOCK_FRAMES = 2048  # that are decoded at a time, to hear how loud they are

Samples = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


def by_loudness(player: Player) -> Values:
    """Coordinates of training sounds, the softest first: [N, D]."""
    points = torch.as_tensor(player.run.kept.latents)
    rows = torch.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).long()
    points = points[rows]
    with torch.no_grad():
        parts = [player.run.model.unlabelled_magnitude(part) for part in points.split(BLOCK_FRAMES)]
        loudness = torch.cat([part.square().sum(1) for part in parts])
    order = loudness.argsort()
    axes = player.axes
    return ((points[order] - axes.centre) @ axes.to_axes).double().numpy()


def path_along(
    guide: LoudnessCurve, points: Values, frames: int, frame_hz: float, seed: int
) -> Values:
    """Coordinates of every frame: training sounds about as loud as the guide, [F, D].

    Args:
        guide: what leads.
        points: of training sounds, the softest first, [N, D].
        frames: F.
        frame_hz: frames in a second.
        seed: other draws.
    """
    chance = np.random.default_rng(seed)
    moments_s = np.arange(int(frames / frame_hz * DRAWS_HZ) + 2) / DRAWS_HZ
    places = guide.at(moments_s) + BAND * chance.uniform(-1.0, 1.0, len(moments_s))
    drawn = points[np.rint(places.clip(0.0, 1.0) * (len(points) - 1)).astype(np.int64)]
    at_s = (np.arange(frames) + 0.5) / frame_hz
    return np.stack([np.interp(at_s, moments_s, axis) for axis in drawn.T], axis=1)


def following(blocks: Iterator[Samples], guide: LoudnessCurve, rate_hz: int) -> Iterator[Samples]:
    """A sound made as loud as a guide says, hundredth by hundredth of a second.

    Args:
        blocks: the sound.
        guide: what leads.
        rate_hz: of the sound.
    """
    hop = round(rate_hz / POINTS_HZ)
    rest, done, gain_before = np.zeros(0, np.float32), 0, 0.0
    for block in blocks:
        rest = np.concatenate((rest, block))
        count = len(rest) // hop
        if not count:
            continue
        now, rest = rest[: count * hop], rest[count * hop :]
        own = np.sqrt(np.square(now.reshape(count, hop), dtype=np.float64).mean(1))
        wanted = LEVEL * gain_of(guide.at((done + np.arange(1, count + 1) * hop) / rate_hz))
        gains = np.minimum(wanted / np.maximum(own, 1e-9), MOST_GAIN)
        points = np.concatenate(([gain_before], gains))
        gain = np.interp(np.arange(count * hop), np.arange(count + 1) * hop, points)
        gain_before, done = float(gains[-1]), done + count * hop
        yield bent(now * gain)
    yield bent(rest * gain_before)


def bent(sound: npt.NDArray[np.floating]) -> Samples:
    """A sound within full scale: what would pass it bends, as in a host (see `dsp.limiter`)."""
    return np.asarray(soft_clip(torch.from_numpy(sound.astype(np.float32))).numpy())


def sustained(player: Player, guide: LoudnessCurve, target: Path, seed: int) -> None:
    """Write a texture as long and as loud as its guide."""
    rate_hz, hop = player.run.model.transform.sample_rate_hz, player.core.hop
    length = max(1, round(guide.duration_s * rate_hz))
    frames = -(-length // hop)
    path = path_along(guide, by_loudness(player), frames, rate_hz / hop, seed)
    sound = following(player.sound(path), guide, rate_hz)
    player.write_sound(target, faded(sound, length, hop), length)
