"""A film's motion, the strikes that were found in it and the true ones, and the sound of them."""

import sys
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.events.film_motion import stop_strengths
from vschaos2.events.onsets import SUFFIX, read_onsets
from vschaos2.film.motion import motion_of

INK, FAINT, TRUE, FOUND = "#222222", "#bbbbbb", "#2f7fb5", "#c8452d"


def draw_alignment(film: Path, sound: Path, target: Path) -> None:
    """Draw it.

    Args:
        film: beside which lies a file of its true times.
        sound: what was made, beside the times that were found.
        target: PNG file.
    """
    true = read_onsets(film.with_name(film.stem + SUFFIX)).times_s
    found = read_onsets(sound.with_name(sound.stem + SUFFIX)).times_s
    motion = motion_of(film)
    samples, rate_hz = soundfile.read(sound)
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(motion.times_s, stop_strengths(motion.stopping), color=INK, linewidth=1)
    above.set_ylabel("motion that stops")
    below.plot(np.arange(len(samples)) / rate_hz, samples, color=INK, linewidth=0.5)
    below.set_ylabel("sound")
    below.set_xlabel("seconds")
    for axes in (above, below):
        axes.vlines(found, 0.5, 1.0, transform=axes.get_xaxis_transform(), color=FOUND, lw=1.2)
        axes.vlines(true, 0.0, 0.5, transform=axes.get_xaxis_transform(), color=TRUE, lw=1.2)
        axes.set_zorder(1)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    above.set_title("strikes in the film: blue, true; red, found", loc="left", color=INK)
    figure.savefig(target, dpi=110)
