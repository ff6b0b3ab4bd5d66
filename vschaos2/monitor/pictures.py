"""The pictures of a report. Every function returns a figure of its own and touches no other."""

import textwrap
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from vschaos2.digits import three_digits
from vschaos2.monitor.curves import Curve
from vschaos2.monitor.spectrogram import Levels, show

DPI = 90
INK, ACCENT, PALE = "#28324b", "#c8452d", "#9aa5bd"
LayoutName = Literal["constrained"]
MOST_NAMES = 24  # classes whose names are written along a confusion matrix


class Panel(NamedTuple):
    """Levels [ROWS, F] from `left` to `right`, under a title."""

    levels: Levels
    left: float
    right: float
    title: str


def figure(
    width: float, height: float, title: str, layout: LayoutName | None = "constrained"
) -> Figure:
    """An empty figure, width and height in inches, with a headline."""
    made = Figure(figsize=(width, height), dpi=DPI, layout=layout)
    # A layout engine makes room for a headline only if it may place it.
    y = None if layout else 1.0 - 0.1 / height
    words = {"fontsize": 11, "ha": "left", "color": INK, "fontweight": "bold"}
    made.suptitle(title, x=0.1 / width, y=y, va="top", **words)
    return made


def spectrograms(
    title: str,
    rows: Sequence[Sequence[Panel]],
    sample_rate_hz: int,
    unit: str,
    panel_width: float = 2.6,
) -> Figure:
    """Spectrograms in rows and columns.

    Args:
        title: headline.
        rows: panels, all rows of one length.
        sample_rate_hz: of the sounds.
        unit: what runs from left to right.
        panel_width: in inches.
    """
    count = len(rows[0])
    # Margins in inches, not found by a layout engine: it would take longer than the drawing.
    left, right, top, bottom, between, above = 0.65, 0.95, 0.7, 0.5, 0.25, 0.5
    panels_width = max(count * panel_width, 4.5)
    panels_height = len(rows) * (1.5 + above) - above
    width, height = left + panels_width + right, top + panels_height + bottom
    made = figure(width, height, title, layout=None)
    edges = {
        "left": left / width,
        "right": 1.0 - right / width,
        "top": 1.0 - top / height,
        "bottom": bottom / height,
        "wspace": between / (panels_width / count - between),
        "hspace": above / 1.5,
    }
    grid = made.subplots(len(rows), count, squeeze=False, sharey=True, gridspec_kw=edges)
    for axes_row, panels in zip(grid, rows, strict=True):
        for axes, panel in zip(axes_row, panels, strict=True):
            show(axes, panel.levels, sample_rate_hz, panel.left, panel.right, panel.title)
        axes_row[0].set_ylabel("Hz", fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel(unit, fontsize=9)
    place = (1.0 - 0.8 / width, edges["bottom"], 0.12 / width, edges["top"] - edges["bottom"])
    bar = made.colorbar(grid[0, 0].images[0], cax=made.add_axes(place))
    bar.set_label("dB", fontsize=9, labelpad=2)
    bar.ax.tick_params(labelsize=8)
    return made


def confusion_picture(title: str, counts: npt.NDArray[np.int64], names: Sequence[str]) -> Figure:
    """How often each known class (row) is guessed to be which: shares of a row, and its windows."""
    n = len(counts)
    side = min(max(3.6, 1.6 + 0.38 * n), 9.0)
    made = figure(side + 1.9, side + 0.6, title)
    axes = made.subplots()
    total = counts.sum(1, keepdims=True)
    share = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
    image = axes.imshow(share, vmin=0.0, vmax=1.0, cmap="Blues")
    axes.set_facecolor("#eeeeee")  # classes without a held-out window
    if n <= MOST_NAMES:
        axes.set_xticks(range(n), names, fontsize=8, rotation=90 if max(map(len, names)) > 3 else 0)
        rows = [f"{name} ({count})" for name, count in zip(names, total[:, 0], strict=True)]
        axes.set_yticks(range(n), rows, fontsize=8)
        for row, column in np.argwhere(share > 0.005):
            ink = "white" if share[row, column] > 0.5 else INK
            text = f"{100 * share[row, column]:.0f}"
            axes.text(column, row, text, ha="center", va="center", fontsize=7, color=ink)
    axes.set_xlabel("guessed", fontsize=9)
    axes.set_ylabel("known (windows)", fontsize=9)
    made.colorbar(image, ax=axes, shrink=0.8).set_label("part of the row", fontsize=9)
    return made


def values_picture(title: str, pairs: npt.NDArray[np.float32]) -> Figure:
    """Known and guessed values of a continuous label, [N, 2], around the line where both agree."""
    made = figure(4.8, 4.6, title)
    axes = made.subplots()
    ends = [float(pairs[:, 0].min()), float(pairs[:, 0].max())]
    axes.plot(ends, ends, color=ACCENT, linewidth=1)
    axes.plot(pairs[:, 0], pairs[:, 1], ".", markersize=3, alpha=0.4, color=INK)
    axes.set_xlabel("known", fontsize=9)
    axes.set_ylabel("guessed", fontsize=9)
    plain(axes)
    return made


def curves_picture(
    title: str, losses: Sequence[Curve], measure: Curve, seconds_per_step: float
) -> Figure:
    """Losses, and a measure with its best, least, moment, over steps and minutes."""
    made = figure(8.0, 5.2, title)
    above, below = made.subplots(2, 1, sharex=True)
    for curve, color in zip(losses, (PALE, INK), strict=False):
        above.plot(curve.steps, curve.values, color=color, linewidth=1.2, label=curve.name)
    above.set_ylabel("loss", fontsize=9)
    above.legend(fontsize=8, frameon=False)
    below.plot(measure.steps, measure.values, color=INK, linewidth=1.4)
    if len(measure.values):
        best = int(np.argmin(measure.values))
        point = float(measure.steps[best]), float(measure.values[best])
        below.plot(*point, "o", color=ACCENT, markersize=5)
        below.set_title(
            f"best so far: {three_digits(point[1])} at step {point[0]:.0f}, "
            f"now {three_digits(float(measure.values[-1]))}",
            fontsize=9, loc="left", color=ACCENT,
        )  # fmt: skip
    below.set_ylabel("\n".join(textwrap.wrap(measure.name, 18)), fontsize=9)
    below.set_xlabel("steps", fontsize=9)
    for axes in (above, below):
        logarithmic(axes)
    minutes = above.secondary_xaxis(
        "top", functions=(lambda s: s * seconds_per_step / 60, lambda m: m * 60 / seconds_per_step)
    )
    minutes.set_xlabel("minutes of training", fontsize=9)
    minutes.tick_params(labelsize=8)
    plain(above, below)
    return made


def logarithmic(axes: Axes) -> None:
    """A logarithmic axis of values, if all are positive, with plain numbers at 1, 2 and 5."""
    values = np.concatenate([np.zeros(0), *(line.get_ydata() for line in axes.lines)])
    heights = [bar.get_height() for bar in axes.patches if isinstance(bar, Rectangle)]
    if min([*values.tolist(), *heights], default=0.0) <= 0.0:
        return
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def plain(*all_axes: Axes) -> None:
    """No box around it, small numbers, a faint grid."""
    for axes in all_axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
        axes.grid(axis="y", color="#e4e7ee", linewidth=0.8)
        axes.set_axisbelow(True)
