"""Pictures of strikes that were seen beside those that are there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from vschaos2.monitor.pictures import ACCENT, INK, figure, plain

STRIP = 15  # pictures of a window that are shown


def draw_strikes(
    pictures: Any,
    likely: Any,
    true: Sequence[Any],
    found: Sequence[Any],
    rate_hz: float,
    title: str,
) -> Figure:
    """Windows below each other: pictures, how likely a strike is, where one is, where one is found.

    Args:
        pictures: [N, F, S, S], 0 to 255.
        likely: [N, F].
        true: seconds at which something is struck, of each window.
        found: seconds at which it was found.
        rate_hz: pictures a second.
        title: of the figure.
    """
    made = figure(10.0, 0.8 + 1.5 * len(pictures), title)
    rows = np.atleast_2d(made.subplots(len(pictures), 2, width_ratios=(3, 2), squeeze=False))
    for row, (left, right) in enumerate(rows):
        at = np.linspace(0, pictures.shape[1] - 1, min(STRIP, pictures.shape[1])).round()
        strip = np.concatenate(list(pictures[row][at.astype(int)]), axis=1)
        left.imshow(strip, cmap="gray", vmin=0, vmax=255, aspect="auto")
        left.set_axis_off()
        times_s = np.arange(likely.shape[1]) / rate_hz
        right.plot(times_s, likely[row], color=INK, linewidth=1.2)
        right.vlines(true[row], 0.0, 1.0, color=ACCENT, linewidth=0.9)
        right.plot(found[row], np.full(len(found[row]), 1.05), "v", color=INK, markersize=4)
        right.set_ylim(0.0, 1.15)
        right.tick_params(labelsize=7)
        plain(right)
    rows[0][1].set_title("likely (line), struck (red), found (▾); seconds", fontsize=8, loc="left")
    return made
