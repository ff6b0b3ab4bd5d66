"""Takes of one riff through several chains, and what an estimator says of each."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.signal import stft

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.chains.features import RATE_HZ
from vschaos2.recognition.answers import NOTHING, answer
from vschaos2.recognition.listening import listen, read_sound
from vschaos2.recognition.ready import ready

INK, FIRST = "#222222", "#2f7fb5"
LINES, TOP_HZ, SECONDS = 4, 8_000, 4.0


def draw(folder: Path, names: Sequence[str], target: Path) -> None:
    """Draw spectrograms of takes, and the likeliest chains beside them.

    Args:
        folder: with dry.wav, and takes/NAME.wav of each name.
        names: of the takes.
        target: PNG file.
    """
    known = ready(False)
    dry = read_sound(folder / "dry.wav", None).wet
    figure = Figure(figsize=(10, 2.1 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    rows = figure.subplots(len(names), 2, width_ratios=[1, 1], squeeze=False)
    for (left, right), name in zip(rows, names, strict=True):
        sound = read_sound(folder / "takes" / f"{name}.wav", None)
        opinion = listen(known.model, sound, known.config.data.rendering.seconds)
        told = answer(known.model, name, opinion, LINES, dry[: round(SECONDS * RATE_HZ)])
        hz, seconds, spectrum = stft(sound.wet[: round(SECONDS * RATE_HZ)], RATE_HZ, nperseg=1024)
        level = 20.0 * np.log10(np.abs(spectrum) / np.abs(spectrum).max() + 1e-5)
        left.imshow(
            level[hz <= TOP_HZ], origin="lower", aspect="auto", vmin=-80, vmax=0, cmap="magma",
            extent=(0.0, float(seconds[-1]), 0.0, TOP_HZ / 1000),
        )  # fmt: skip
        left.set_ylabel("kHz")
        left.set_title(f"take {name}", loc="left", fontsize=9)
        words = [" → ".join(each.exact[0]) or NOTHING for each in told.orders]
        shares = [each.probability for each in told.orders]
        right.barh(words, shares, color=[FIRST, *[INK] * (len(words) - 1)], height=0.6)
        right.invert_yaxis()
        right.set_xlim(0.0, 1.0)
        right.tick_params(labelsize=8)
        for side in ("top", "right"):
            right.spines[side].set_visible(False)
    rows[-1][0].set_xlabel("seconds")
    rows[-1][1].set_xlabel("probability")
    temporary = target.with_name(f".{target.name}.tmp")
    figure.savefig(temporary, dpi=110, format="png")
    temporary.replace(target)
