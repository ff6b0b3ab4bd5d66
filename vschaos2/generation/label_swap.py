"""Whether the decoder follows the pitch it is told: another one, and a pitch tracker as judge."""

import numpy as np
import numpy.typing as npt
import soxr

from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.signal_path import Heard, Samples, sound_of
from vschaos2.labels.transposition import PITCHES
from vschaos2.pitch.methods import make_tracker
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ, Tracker

PITCH = "pitch"
RANGE_HZ = (50.0, 2000.0)
HOP_S = 256 / 44_100


class PitchSwap:
    """Plays sounds' latents with the label of another pitch class, and counts where it follows.

    Args:
        core: the signal path; its conditioning must include twelve classes of pitch.
        judge: name of a pitch tracker, as in `extract_pitch.py --method`.
    """

    def __init__(self, core: InstrumentCore, judge: str = "swift") -> None:
        self.core = core
        self.column = list(core.model.conditioning.tasks).index(PITCH)
        self.tracker: Tracker = make_tracker(judge, HOP_S, *RANGE_HZ)
        self.rng = np.random.default_rng(0)

    def __call__(self, heard: Heard) -> npt.NDArray[np.float64]:
        """Cells of the commanded pitch class, and voiced cells: [2].

        All frames are told their own pitch and the same number of semitones more, from 1 to 11.
        A cell follows if its pitch is nearer to the commanded class, in any octave, than to
        another: within 50 cents.

        Raises:
            InputError: for what the tracker refuses.
        """
        swapped = heard.labels.copy()
        swapped[:, self.column] = (
            swapped[:, self.column] + self.rng.integers(1, PITCHES)
        ) % PITCHES
        sound = np.concatenate(list(sound_of(self.core, heard.latents, swapped, 0, heard.length)))
        return self._follows(sound, swapped[:, self.column])

    def _follows(self, sound: Samples, commanded: Samples) -> npt.NDArray[np.float64]:
        rate_hz = self.core.transform.sample_rate_hz
        f0_hz, periodicity = self.tracker(
            np.asarray(soxr.resample(sound, rate_hz, SAMPLE_RATE_HZ), dtype=np.float32)
        )
        seconds = (np.arange(len(f0_hz)) + 0.5) * self.tracker.hop_samples / SAMPLE_RATE_HZ
        frame = (seconds * rate_hz / self.core.hop).astype(np.int64).clip(max=len(commanded) - 1)
        wanted = commanded[frame]
        voiced = (periodicity >= self.tracker.threshold) & ~np.isnan(wanted)
        pitch = np.round(12.0 * np.log2(f0_hz[voiced] / 440.0)) % PITCHES
        return np.array([(pitch == wanted[voiced]).sum(), voiced.sum()], dtype=np.float64)


def swaps_of(core: InstrumentCore) -> PitchSwap | None:
    """The swap for a signal path, or None if its decoder is not told twelve classes of pitch."""
    task = core.model.conditioning.tasks.get(PITCH)
    is_swappable = task is not None and task.dim == PITCHES and "decoder" in task.targets()
    return PitchSwap(core) if is_swappable else None
