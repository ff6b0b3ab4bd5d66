"""How many latents, and which window, a folder of recordings asks for.

What a linear model of so many latents leaves of held-out frames is known in seconds: its best is
the principal components of the training frames. A trained model of that size soon leaves less, but
sounds that a few directions span want few latents, and others many.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from vschaos2.data.cache import SampleCache
from vschaos2.data.dataset import SequentialWindows, WindowReader
from vschaos2.data.stretches import Split, Stretch
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.inspection.attacks import attacks_of, pre_echo_db
from vschaos2.objectives.losses import spectral_convergence
from vschaos2.objectives.principal_components import (
    Components,
    at_all_levels,
    principal_components,
    restored,
)
from vschaos2.ranges import check_count, check_number

SIZES = (8, 16, 32, 64)
GOOD = 0.1  # spectral convergence that is low enough
# Latents that are advised, and the part that they must take away of what half as many leave.
# Trained models gain less by more latents than linear ones, which bend nothing.
WORTH = {16: 0.08, 32: 1 / 3}
HOPELESS = 0.8  # where 8 leave more, as of notes that are all different, linear models tell little
TRAINING_BINS = 4096 * 1025  # of the frames that components are found in: seconds at any window
BATCH_WINDOWS = 256
PASSAGES, PASSAGE_S = 24, 1.5
ROUND_TRIP_DIMS = 16
PRE_ECHO_DB = 3.0  # that is heard
LEAST_PER_SECOND = 1.0  # attacks that make up percussion
LEAST_WINDOW = 512


@dataclass(frozen=True)
class Hearing:
    """How a model hears recordings.

    Args:
        transform: its frames; a level is set for it.
        gain_db: the greatest change of level while it trains.
        held_out_windows: fixed windows of the held-out files that a validation looks at.
    """

    transform: SpectralTransform
    gain_db: float
    held_out_windows: int

    def __post_init__(self) -> None:
        """Raise InputError for what no training takes."""
        check_number("data.augment.gain_db", self.gain_db, 0.0, 60.0)
        check_count("data.loader.validation_windows", self.held_out_windows, 1, 10**9)


@dataclass(frozen=True)
class Size:
    """What was measured, and what it advises.

    Attributes:
        convergence: number of latents → held-out spectral convergence of a linear model.
        attacks_per_second: of sound.
        pre_echo_db: window in samples → level before attacks over the original's, by `decode`.
        n_fft: window advised, in samples.
        hop: its hop.
    """

    convergence: dict[int, float]
    attacks_per_second: float
    pre_echo_db: dict[int, float]
    n_fft: int
    hop: int

    @property
    def latent_dim(self) -> int:
        """Number of latents advised."""
        return advised(self.convergence)

    def rows(self) -> dict[str, str]:
        """All of it in lines, by title."""
        rows = {"latents": in_words(self.convergence)}
        if self.attacks_per_second >= LEAST_PER_SECOND:
            told = ", ".join(f"{size}: {db:+.1f} dB" for size, db in self.pre_echo_db.items())
            rows["attacks"] = (
                f"{self.attacks_per_second:.1f} a second; before them decode is louder, by window: "
                f"{told}"
            )
        if self.n_fft != next(iter(self.pre_echo_db)):
            rows["window"] = (
                "percussion wants a shorter one: "
                f"data.transform.n_fft={self.n_fft} data.transform.hop={self.hop}"
            )
        return rows


@torch.no_grad()
def size_of(cache: SampleCache, sides: Split, hearing: Hearing) -> Size | None:
    """Measure a folder; None if it is silent, or absurdly loud.

    Args:
        cache: the recordings.
        sides: what trains and what is held out.
        hearing: how a model hears them.
    """
    found = components_of(cache, sides, hearing)
    if found is None:
        return None
    convergence = linear_convergence(cache, sides, hearing, found)
    passages = passages_of(cache, hearing.transform.hop)
    attacks = attacks_of(passages, cache.sample_rate_hz)
    transform, echoes = hearing.transform, dict[int, float]()
    while True:
        echo_db = pre_echo_db(passages, attacks, transform, found, ROUND_TRIP_DIMS)
        echoes[transform.n_fft] = echo_db
        is_smeared = attacks.per_second >= LEAST_PER_SECOND and echo_db > PRE_ECHO_DB
        if not is_smeared or transform.n_fft // 2 < LEAST_WINDOW or transform.hop < 4:
            return Size(convergence, attacks.per_second, echoes, transform.n_fft, transform.hop)
        transform = _half(transform)
        found = components_of(cache, sides, replace(hearing, transform=transform))
        assert found is not None  # it sounded


def components_of(cache: SampleCache, sides: Split, hearing: Hearing) -> Components | None:
    """The principal components of the training frames, whose mean sets the transform's level."""
    transform = hearing.transform
    windows = max(SIZES[-1], min(4096, TRAINING_BINS // transform.n_bins))
    blocks = _magnitudes(cache, sides.training, sides.training_stretches, transform, windows)
    magnitude = torch.cat(list(blocks))
    mean = float(magnitude.mean())
    if not 0.0 < mean < float("inf"):
        return None
    transform.fit_level(mean)
    return principal_components(
        transform.to_frames(at_all_levels(magnitude, hearing.gain_db)), max(SIZES)
    )


def linear_convergence(
    cache: SampleCache, sides: Split, hearing: Hearing, found: Components
) -> dict[int, float]:
    """Number of latents → spectral convergence of held-out windows, as a validation measures it."""
    transform = hearing.transform
    errors = dict.fromkeys(SIZES, 0.0)
    count = 0
    for magnitude in _magnitudes(
        cache, sides.held_out, sides.held_out_stretches, transform, hearing.held_out_windows
    ):
        frames = transform.to_frames(magnitude)
        for dims in SIZES:
            estimate = transform.to_magnitude(restored(found, frames, dims))
            errors[dims] += len(magnitude) * float(spectral_convergence(magnitude, estimate))
        count += len(magnitude)
    return {dims: error / count for dims, error in errors.items()}


def advised(convergence: dict[int, float]) -> int:
    """The most latents that are worth having over half as many; else 8, or 16 if 8 are hopeless.

    Where a tenth or less is left, no more are wanted.
    """
    dims = 16 if convergence[8] > HOPELESS else 8
    for more, part in WORTH.items():
        half = convergence[more // 2]
        if convergence[dims] > GOOD and convergence[more] <= (1.0 - part) * half:
            dims = more
    return dims


def in_words(convergence: dict[int, float]) -> str:
    """What linear models leave, and the number of latents that it advises, in one line."""
    left = ", ".join(f"{value:.3f} with {dims}" for dims, value in convergence.items())
    return f"linear models leave a held-out SC of {left}: model.latent_dim={advised(convergence)}"


def passages_of(cache: SampleCache, hop: int) -> Tensor:
    """Passages of all recordings, evenly spread: [at most 24, T], T some 1.5 s.

    T is a power of two, and no less than `hop`, which is another.
    """
    samples = max(hop, 2 ** round(math.log2(PASSAGE_S * cache.sample_rate_hz)))
    reader = WindowReader(cache, range(len(cache.files)), samples, samples)
    return torch.cat([b["waveform"] for b in SequentialWindows(reader, PASSAGES, PASSAGES)])


def _magnitudes(
    cache: SampleCache,
    files: list[int],
    stretches: list[Stretch] | None,
    transform: SpectralTransform,
    count: int,
) -> Iterator[Tensor]:
    """Magnitudes of at most `count` single frames, evenly spread: blocks of [B, K]."""
    reader = WindowReader(cache, files, transform.n_fft, transform.hop, stretches=stretches)
    for batch in SequentialWindows(reader, BATCH_WINDOWS, count):
        yield transform.analyse(batch["waveform"])[:, 0].abs()


def _half(transform: SpectralTransform) -> SpectralTransform:
    """The same with half the window and half the hop."""
    n_fft = transform.n_fft // 2
    return SpectralTransform(
        transform.sample_rate_hz, n_fft, transform.hop // 2, transform.contrast,
        min(transform.n_mels, n_fft // 2 + 1), transform.level,
    )  # fmt: skip
