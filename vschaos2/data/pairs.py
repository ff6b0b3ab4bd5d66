"""Pairs as sound: read, brought to one rate, and cut to where both say something of each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.audio import SoundReader, UnreadableAudio, check_rate, read_channels
from vschaos2.data.pair_files import Pair
from vschaos2.dsp.alignment import Alignment, NoAlignment, align
from vschaos2.dsp.common_shifts import common_shifts
from vschaos2.errors import InputError

Signal = npt.NDArray[np.float32]
MOST_CHANNELS = 2


class PairedSound(NamedTuple):
    """A pair as it is learned from.

    Attributes:
        name: of the pair.
        dry: what entered the device, [C, T].
        wet: what left it, [D, T]: at the same sample, or up to one sample and the device's own
            delay later. Its polarity is the device's.
        sample_rate_hz: of both.
        alignment: how they lay in their files, at this rate.
        wet_first: sample of the wet file, at this rate, where `wet` begins: tracks of knobs count
            from the beginning of the file.
    """

    name: str
    dry: Signal
    wet: Signal
    sample_rate_hz: int
    alignment: Alignment
    wet_first: int


def read_pair(
    pair: Pair,
    sample_rate_hz: int,
    latency_samples: int | None = None,
    has_no_delay: bool = False,
) -> PairedSound:
    """A pair, aligned and cut to the stretch that both have.

    Args:
        pair: its files, of any rate, mono or stereo.
        sample_rate_hz: of the result.
        latency_samples: by which the wet recording is late, at this rate, if it is known.
        has_no_delay: what learns of it cannot wait: let the strongest tap of the response lie at 0,
            not its onset.

    Raises:
        InputError: if a file cannot be read or has more channels than two, or nothing in the wet
            recording follows the dry one.
    """
    dry, wet = (read_sides(path, sample_rate_hz) for path in (pair.dry, pair.wet))
    # One delay holds for all channels: that of the loudest, as a mix of them might cancel.
    try:
        found = align(_loudest(dry), _loudest(wet), sample_rate_hz)
    except NoAlignment as error:
        raise NoAlignment(f"{pair.wet}: {error}") from error
    if latency_samples is not None:
        found = found._replace(shift=latency_samples)
    elif has_no_delay:
        found = found._replace(shift=round(found.delay_samples))
    return cut(pair.name, dry, wet, sample_rate_hz, found)


def cut(
    name: str, dry: Signal, wet: Signal, sample_rate_hz: int, alignment: Alignment
) -> PairedSound:
    """Two signals shifted by whole samples, and cut to the stretch that both have.

    Shape: dry [C, S], wet [D, R].
    """
    dry_first, wet_first = max(0, -alignment.shift), max(0, alignment.shift)
    length = min(dry.shape[1] - dry_first, wet.shape[1] - wet_first)
    return PairedSound(
        name, dry[:, dry_first : dry_first + length], wet[:, wet_first : wet_first + length],
        sample_rate_hz, alignment, wet_first,
    )  # fmt: skip


def in_line(sounds: Sequence[PairedSound], has_no_delay: bool = False) -> list[PairedSound]:
    """Recordings of one device, those shifted alike that begin within the same sample.

    Args:
        sounds: each aligned by itself.
        has_no_delay: as `read_pair`.
    """
    shifts = common_shifts([sound.alignment for sound in sounds], has_no_delay)
    return [
        shifted(sound, shift - sound.alignment.shift)
        for sound, shift in zip(sounds, shifts, strict=True)
    ]


def shifted(sound: PairedSound, by: int) -> PairedSound:
    """The same with so many samples more off the wet sound's beginning, or the dry one's."""
    if by == 0:
        return sound
    start, end = abs(by), sound.dry.shape[1] - abs(by)
    begun, stopped = slice(start, None), slice(None, end)
    return sound._replace(
        dry=sound.dry[:, stopped if by > 0 else begun],
        wet=sound.wet[:, begun if by > 0 else stopped],
        alignment=sound.alignment._replace(shift=sound.alignment.shift + by),
        wet_first=sound.wet_first + max(0, by),
    )


def rate_of(pairs: Sequence[Pair], sample_rate_hz: int | Literal["auto"] = "auto") -> int:
    """The rate at which pairs are learned: the one that is wished for, or that of all their files.

    Args:
        pairs: one or more.
        sample_rate_hz: a rate, or "auto".

    Raises:
        InputError: if their rates differ and no rate is wished for.
    """
    if sample_rate_hz != "auto":
        check_rate(sample_rate_hz, "data.dataset.sample_rate_hz")
        return sample_rate_hz
    first: dict[int, Path] = {}
    for path in sorted({path for pair in pairs for path in (pair.dry, pair.wet)}):
        with SoundReader(path) as sound:
            first.setdefault(sound.sample_rate_hz, path)
    if len(first) > 1:
        (one, one_path), (other, other_path) = list(first.items())[:2]
        raise InputError(
            f"the recordings differ in their rates ({one_path}: {one} Hz, {other_path}: {other} "
            f"Hz): choose one, such as data.dataset.sample_rate_hz={max(first)}"
        )
    return next(iter(first))


def read_sides(path: Path, sample_rate_hz: int) -> Signal:
    """The whole file with its channels, at another rate.

    Shape: [C, T], C 1 or 2; of two channels that are the same, one.

    Raises:
        UnreadableAudio: if it cannot be decoded, is empty or has more than two channels.
    """
    with SoundReader(path) as sound:
        if sound.channels > MOST_CHANNELS:
            raise UnreadableAudio(path, f"has {sound.channels} channels, mono or stereo is wanted")
    signal = read_channels(path, sample_rate_hz)
    if len(signal) == MOST_CHANNELS and np.array_equal(signal[0], signal[1]):
        signal = signal[:1]
    return signal


def _loudest(signal: Signal) -> torch.Tensor:
    return torch.from_numpy(signal[int(np.square(signal).sum(1).argmax())])
