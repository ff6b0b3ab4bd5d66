"""Onsets of whole recordings: any rate, any number of channels, any length, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.audio import SoundReader, UnreadableAudio
from vschaos2.events.detector import OnsetDetector
from vschaos2.events.onset_net import ready_net
from vschaos2.events.onsets import Onsets, onsets_of
from vschaos2.events.options import USUAL, Listening

Samples = npt.NDArray[np.float32]
BLOCK_VALUES = 2**16  # heard at a time, over all channels


def onsets_of_sound(
    path: Path, options: Listening = USUAL, tell: Callable[[float], None] = lambda seconds: None
) -> Onsets:
    """The onsets of a sound file; its channels are heard together, never mixed.

    Args:
        path: sound file, any rate and number of channels.
        options: how to listen.
        tell: is told after each block how many seconds were heard.

    Raises:
        UnreadableAudio: if the file cannot be decoded, is empty or holds non-finite samples.
    """
    with SoundReader(path) as sound:
        rate_hz, heard = sound.sample_rate_hz, 0

        def blocks() -> Iterator[Samples]:
            nonlocal heard
            for block in sound.blocks(max(1, BLOCK_VALUES // sound.channels)):
                yield block
                heard += len(block)
                tell(heard / rate_hz)

        found = onsets_of_blocks(blocks(), rate_hz, options)
    if heard == 0:
        raise UnreadableAudio(path, "holds no samples")
    return found


@torch.inference_mode()
def onsets_of_blocks(
    blocks: Iterable[Samples], sample_rate_hz: int, options: Listening = USUAL
) -> Onsets:
    """The onsets of a sound that comes in blocks [T, C] of any length.

    Args:
        blocks: that follow each other, all of as many channels.
        sample_rate_hz: of the sound, 1 kHz or more.
        options: how to listen.
    """
    detector: OnsetDetector | None = None
    places: list[int] = []
    strengths: list[float] = []
    heard = told = 0
    end = np.zeros((0, 0), np.float32)
    for block in chain(blocks, (end,)):
        if block is end:
            if detector is None:
                break
            # What is told of the last samples comes so much later.
            block = np.zeros((detector.delay_samples, detector.channels), np.float32)
        else:
            heard += len(block)
        if detector is None:
            detector = listening(sample_rate_hz, block.shape[1], options)
        impulses = detector(torch.from_numpy(np.ascontiguousarray(block.T))[None])[0]
        found = impulses.nonzero()[:, 0]
        places += (found + (told - detector.delay_samples)).tolist()
        strengths += impulses[found].tolist()
        told += len(block)
    kept = [number for number, place in enumerate(places) if place < heard]
    return onsets_of(
        [places[number] / sample_rate_hz for number in kept], [strengths[n] for n in kept]
    )


def listening(sample_rate_hz: int, channels: int, options: Listening) -> OnsetDetector:
    """A detector that listens so."""
    detector = OnsetDetector(sample_rate_hz, channels, ready_net() if options.by_net else None)
    detector.threshold, detector.min_gap_ms = options.threshold, options.min_gap_ms
    detector.by_net, detector.likelihood = options.by_net, options.threshold
    return detector.eval()
