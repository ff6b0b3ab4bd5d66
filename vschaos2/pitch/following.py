"""A recording of any length and number of channels, in pieces, through a pitch tracker."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Event

import numpy as np
import soxr

from vschaos2.audio import SoundReader, UnreadableAudio
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ, Signal, Tracker, Values

# A tracker sees pieces of 30 s and a second of what stands around them, so that memory does not
# grow with the recording; no tracker's decision reaches further than a second.
PIECE_S = 30
CONTEXT_S = 1
# Cells that peak below -80 dB of full scale are silence: networks hear pitches in rounding noise.
SILENCE = 1e-4


@dataclass(frozen=True)
class PitchTrack:
    """The pitch of a recording in the cells of the tracker that followed it.

    f0_hz: [F]. periodicity: [F], in [0, 1]. hop_s: length of their cells in seconds.
    samples, sample_rate_hz: length and rate of the recording.
    """

    f0_hz: Values
    periodicity: Values
    hop_s: float
    samples: int
    sample_rate_hz: int

    def cells(self, hop_length: int) -> tuple[Values, Values, Values]:
        """f0 in Hz and periodicity of each hop of the recording, and the hops' edges in seconds.

        Each takes the values of the tracker's cell that its middle lies in; the last one, which
        ends with the recording, may be shorter.

        Args:
            hop_length: in samples of the recording.

        Shape: [N], [N] and [N + 1] with N = ⌈samples / hop_length⌉.
        """
        edges = np.append(np.arange(0, self.samples, hop_length), self.samples)
        edges_s = edges / self.sample_rate_hz
        middle_s = (edges_s[:-1] + edges_s[1:]) / 2
        cell = (middle_s / self.hop_s).astype(np.int64).clip(max=len(self.f0_hz) - 1)
        return self.f0_hz[cell], self.periodicity[cell], edges_s


def follow_pitch(path: Path, tracker: Tracker, stop: Event | None = None) -> PitchTrack:
    """The pitch of a sound file; where channels differ, in each cell of the more periodic one.

    Channels are followed apart, never mixed: of a sound that is inverted in one of them, the mix
    would be silent.

    Args:
        path: sound file, any rate and number of channels.
        tracker: follows the pitch of one channel.
        stop: once set, the result is void; for those who no longer wait for it.

    Raises:
        UnreadableAudio: if the file cannot be decoded, is empty or holds non-finite samples.
    """
    reader = _Reader(path)
    pieces = [
        _follow_piece(piece, tracker)[:, first:last]
        for piece, first, last in _pieces(reader.blocks(), tracker.hop_samples)
        if stop is None or not stop.is_set()
    ]
    f0_hz, periodicity = np.concatenate(pieces, 1) if pieces else np.zeros((2, 1))
    hop_s = tracker.hop_samples / SAMPLE_RATE_HZ
    return PitchTrack(f0_hz, periodicity, hop_s, reader.samples, reader.sample_rate_hz)


class _Reader:
    """All channels of a sound file at `SAMPLE_RATE_HZ`; `samples` counts the file's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples = 0
        self.sample_rate_hz = 0

    def blocks(self) -> Iterator[Signal]:
        """Blocks [T, C] that follow each other."""
        with SoundReader(self.path) as sound:
            self.sample_rate_hz = sound.sample_rate_hz
            stream = soxr.ResampleStream(
                sound.sample_rate_hz, SAMPLE_RATE_HZ, sound.channels, "float32", "HQ"
            )
            end = np.zeros((0, sound.channels), np.float32)
            for block in chain(sound.blocks(), (end,)):
                self.samples += len(block)
                yield stream.resample_chunk(block, last=block is end).reshape(-1, sound.channels)
        if self.samples == 0:
            raise UnreadableAudio(self.path, "holds no samples")


def _pieces(blocks: Iterator[Signal], hop: int) -> Iterator[tuple[Signal, int, int | None]]:
    """Pieces [T, C] with their context, and which of their cells to keep: [first, last)."""
    piece = SAMPLE_RATE_HZ * PIECE_S // hop * hop
    context = -(-SAMPLE_RATE_HZ * CONTEXT_S // hop) * hop
    held: Signal | None = None
    before = 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        while len(held) >= before + piece + context:
            yield held[: before + piece + context], before // hop, (before + piece) // hop
            held = held[before + piece - context :]
            before = context
    if held is not None and (before == 0 or len(held) - before >= hop):
        missing = max(0, hop - len(held))  # shorter than a cell: one cell, silence at its end
        yield np.pad(held, ((0, missing), (0, 0))), before // hop, None


def _follow_piece(piece: Signal, tracker: Tracker) -> Values:
    """f0 and periodicity of the more periodic channel of each cell, [T, C] → [2, F]."""
    cells = len(piece) // tracker.hop_samples
    piece = piece - piece.mean(0)
    channels = [piece[:, 0]]
    for channel in piece.T[1:]:
        if not any(np.array_equal(channel, other) for other in channels):
            channels.append(channel)
    followed = []
    for channel in channels:
        f0_hz, periodicity = tracker(np.ascontiguousarray(channel))
        peak = np.abs(channel[: cells * tracker.hop_samples]).reshape(cells, -1).max(1)
        followed.append((f0_hz, np.where(peak < SILENCE, 0.0, periodicity)))
    stacked = np.array(followed)
    best = stacked[:, 1].argmax(0)
    return np.asarray(stacked[best, :, np.arange(cells)].T, np.float64)
