"""Recordings of strokes into hits: each begins where it is struck, and ends in silence.

    recording ──attacks──> samples at which it is struck ──cut──> hits of one length

A stroke is an onset, as in every sound; a hit of it begins a little earlier, where it is first
heard at all.
"""

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.events.attack import LEAST_DB as SOFTEST_DB
from vschaos2.events.hearing import onsets_of_blocks
from vschaos2.events.options import Listening

Sound = npt.NDArray[np.float32]

STROKES = Listening(threshold=0.2, min_gap_ms=80.0)
LEAST_DB = -40.0  # against the strongest stroke of a recording: what is weaker is none
BEGIN_DB = -34.0  # of its peak: where a stroke is heard to begin
ABOVE = 2.0  # times what sounded before, at least
EARLIER_MS = 20.0  # than its onset it may begin
PEAK_MS = 10.0  # after which a stroke has reached that peak
FADE_MS = 40.0  # at a hit's end
SILENT = 1e-4  # peak below which a recording is none, -80 dB


def attacks(sound: Sound, rate_hz: int) -> list[int]:
    """The samples at which a recording is struck: [T] → rising numbers; none of a silent one."""
    peak = float(np.abs(sound).max(initial=0.0))
    if not peak >= SILENT:
        return []
    # As loud as can be: of a soft recording nothing is too soft to be an onset.
    found = onsets_of_blocks([(sound / peak)[:, None]], rate_hz, STROKES)
    least = found.strengths.max(initial=0.0) + LEAST_DB / abs(SOFTEST_DB)
    near = (found.times_s[found.strengths > least] * rate_hz).round().astype(int).tolist()
    near = near or [int(np.abs(sound).argmax())]
    return sorted({_begin(sound, place, rate_hz) for place in near})


def cut(sound: Sound, starts: list[int], rate_hz: int, length: int) -> list[Sound]:
    """Hits of a recording, each up to the next, faded at its end: [T] → [length] each.

    Args:
        sound: the recording.
        starts: samples at which hits begin, rising.
        rate_hz: of the samples.
        length: samples of a hit; where there are less, zeros follow.

    Raises:
        InputError: if a hit would be shorter than its fade.
    """
    fade = round(FADE_MS * rate_hz / 1000.0)
    if length < 2 * fade:
        raise InputError(
            f"data.dataset.seconds must be at least {2 * FADE_MS / 1000.0}, got "
            f"{length / rate_hz:.3g}: a hit is faded over the last {FADE_MS:.0f} ms"
        )
    hits = []
    for start, end in zip(starts, [*starts[1:], len(sound)], strict=True):
        part = sound[start : min(end, start + length)].astype(np.float32, copy=True)
        own = min(fade, len(part) // 4)
        if own:
            part[-own:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(own) + 0.5) / own)
        hits.append(np.pad(part, (0, length - len(part))).astype(np.float32))
    return hits


def _begin(sound: Sound, near: int, rate_hz: int) -> int:
    """The first sample near an onset at which a stroke is heard, against its peak just after."""
    early, late = (round(ms * rate_hz / 1000.0) for ms in (EARLIER_MS, PEAK_MS))
    first = max(0, near - early)
    before = np.abs(sound[max(0, first - early) : first]).max(initial=0.0)
    window = np.abs(sound[first : near + late])
    least = max(window.max(initial=0.0) * 10.0 ** (BEGIN_DB / 20.0), ABOVE * before)
    heard = np.flatnonzero(window[: near - first + 1] >= least)
    return first + int(heard[0]) if len(heard) else near
