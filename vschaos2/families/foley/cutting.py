"""Recordings of strokes into hits: each begins where it is struck, and ends in silence.

    recording ──attacks──> samples at which it is struck ──cut──> hits of one length

A stroke is where the energy of a millisecond or so rises far above what was heard just before.
"""

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError

Sound = npt.NDArray[np.float32]

STEP_MS = 2.0  # of the energies that are compared
MEMORY_MS = 60.0  # how long what was heard before counts
RISE_DB = 12.0  # above that: a stroke
LEAST_DB = -40.0  # below the loudest step of a recording nothing is a stroke
APART_MS = 80.0  # two strokes are at least so far from each other
BEGIN_DB = -34.0  # of its peak: where a stroke is heard to begin
PEAK_MS = 10.0  # after which a stroke has reached that peak
FADE_MS = 40.0  # at a hit's end
SILENT = 1e-4  # peak below which a recording is none, -80 dB


def attacks(sound: Sound, rate_hz: int) -> list[int]:
    """The samples at which a recording is struck: [T] → rising numbers; none of a silent one."""
    peak = float(np.abs(sound).max(initial=0.0))
    if not peak >= SILENT:
        return []
    step = max(1, round(STEP_MS * rate_hz / 1000.0))
    padded = np.pad(sound, (0, -len(sound) % step)).reshape(-1, step)
    levels_db = 10.0 * np.log10(np.square(padded).mean(1) + (peak * 1e-4) ** 2)
    loud = levels_db > levels_db.max() + LEAST_DB
    memory, apart = round(MEMORY_MS / STEP_MS), round(APART_MS / STEP_MS)
    found: list[int] = []
    last = -apart
    for number in np.flatnonzero(loud).tolist():
        before = levels_db[max(0, number - memory) : number]
        # The first step of a recording has nothing before it, and that is silence.
        risen = not len(before) or levels_db[number] > before.max() + RISE_DB
        if risen and number - last >= apart:
            found.append(_begin(sound, number * step, rate_hz))
            last = number
    return found or [_begin(sound, int(np.argmax(levels_db)) * step, rate_hz)]


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
    """The first sample near one at which a stroke is heard, against its peak just after."""
    reach = round(PEAK_MS * rate_hz / 1000.0)
    first = max(0, near - round(2 * STEP_MS * rate_hz / 1000.0))
    window = np.abs(sound[first : near + reach])
    heard = np.flatnonzero(window >= window.max(initial=0.0) * 10.0 ** (BEGIN_DB / 20.0))
    return first + int(heard[0]) if len(heard) else near
