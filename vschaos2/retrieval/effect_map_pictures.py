"""Pictures of an effect map: distributions, correlations, axes."""

import io
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vschaos2.files import write_whole
from vschaos2.processors.parameter import Parameter
from vschaos2.retrieval.effect_map import EffectMap
from vschaos2.terminal import printable

INK, BAR, FAINT, WARM = "#2b2b33", "#4c6f94", "#d9d9e0", "#c0603a"
COLUMNS = 7  # of histograms
MOST_SHOWN = 84  # settings in a picture; tables have all
AXES_SHOWN, NAMED_TRACKS = 6, 60


def draw_pictures(found: EffectMap, folder: Path) -> list[Path]:
    """distributions.png, correlations.png and axes.png in a folder; → which.

    Raises:
        InputError: if one cannot be written.
    """
    written = []
    with mpl.rc_context({"text.parse_math": False, "font.size": 8}):
        for name, draw in (
            ("distributions", distributions),
            ("correlations", correlations),
            ("axes", axes),
        ):
            figure = draw(found)
            FigureCanvasAgg(figure)
            content = io.BytesIO()
            figure.savefig(content, format="png", dpi=130)
            write_whole(folder / f"{name}.png", content.getbuffer())
            written.append(folder / f"{name}.png")
    return written


def _shown(found: EffectMap) -> list[int]:
    return found.presets.shown[:MOST_SHOWN]


def distributions(found: EffectMap) -> Figure:
    """A histogram of every setting that is shown, in its unit, over its range."""
    shown = _shown(found)
    rows = math.ceil(len(shown) / COLUMNS)
    figure = Figure(figsize=(2.1 * COLUMNS, 1.45 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, COLUMNS, squeeze=False).flatten()
    for place, spot in zip(shown, grid, strict=False):
        parameter = found.presets.parameters[place]
        _histogram(spot, parameter, found.presets.values[:, place].numpy())
    for spot in grid[len(shown) :]:
        spot.set_axis_off()
    count = len(found.presets.tracks)
    figure.suptitle(f"settings of {count} presets; the line is their median", color=INK)
    return figure


def _histogram(spot: Axes, parameter: Parameter, values: np.ndarray) -> None:
    low, high = parameter.least, parameter.most
    if not math.isfinite(low):
        low, high = float(values.min()), float(values.max())
        low, high = (low, high) if high > low else (low - 0.5, high + 0.5)
    is_log = parameter.scale == "log"
    edges = np.geomspace(low, high, 17) if is_log else np.linspace(low, high, 17)
    spot.hist(values.clip(low, high), edges.tolist(), color=BAR)
    spot.axvline(float(np.median(values)), color=WARM, linewidth=1.2)
    if is_log:
        spot.set_xscale("log")
        spot.minorticks_off()
        ends = [low, math.sqrt(low * high), high]
    else:
        ends = [low, (low + high) / 2.0, high]
    spot.set_xticks(ends, [_short(each) for each in ends])
    unit = f" ({parameter.unit})" if parameter.unit else ""
    spot.set_title(f"{parameter.name.removesuffix(f'_{parameter.unit.lower()}')}{unit}", fontsize=8)
    spot.set_yticks([])
    spot.tick_params(labelsize=6.5, colors=INK)
    spot.spines[["top", "left", "right"]].set_visible(False)


def _short(value: float) -> str:
    """A number in three figures, thousands as k."""
    return f"{value / 1000.0:.3g}k" if abs(value) >= 1000.0 else f"{value:.3g}"


def correlations(found: EffectMap) -> Figure:
    """What goes with what, of the settings that are shown."""
    shown = _shown(found)
    matrix = found.correlations[shown][:, shown].numpy()
    size = 2.6 + 0.15 * len(shown)
    figure = Figure(figsize=(size + 0.6, size), layout="constrained")
    spot = figure.subplots()
    image = spot.imshow(matrix, cmap="RdBu_r", vmin=-1.0, vmax=1.0, interpolation="nearest")
    names = [found.presets.names[place] for place in shown]
    small = 6.5 if len(shown) > 24 else 8
    spot.set_xticks(range(len(shown)), names, rotation=90, fontsize=small)
    spot.set_yticks(range(len(shown)), names, fontsize=small)
    places = {place: number for number, place in enumerate(shown)}
    for first, second, r in found.pairs:
        if first in places and second in places:
            for x, y in ((first, second), (second, first)):
                colour = "white" if abs(r) > 0.7 else INK
                spot.plot(places[x], places[y], ".", color=colour, markersize=3)
    spot.set_title("correlations; a dot where chance would hardly bring it", color=INK)
    figure.colorbar(image, ax=spot, shrink=0.5)
    return figure


def axes(found: EffectMap) -> Figure:
    """Presets on the first two axes, what each axis explains, and what it moves."""
    shown, count = _shown(found), min(AXES_SHOWN, len(found.explained))
    height = max(6.5, 2.0 + 0.14 * len(shown))
    figure = Figure(figsize=(14.5, height), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.0, 0.75))
    _scatter(left, found)
    weights = (found.directions * found.deviations[:, None])[:count][:, shown].numpy().T
    limit = max(float(np.abs(weights).max()), 1e-9)
    image = right.imshow(weights, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    right.set_yticks(range(len(shown)), [found.presets.names[p] for p in shown], fontsize=6.5)
    heads = [f"{n + 1}\n{100.0 * float(found.explained[n]):.0f} %" for n in range(count)]
    right.set_xticks(range(count), heads)
    right.set_title("how far one deviation along an axis moves a setting, raw", color=INK)
    right.set_xlabel("axis, and its part of the variance")
    figure.colorbar(image, ax=right, shrink=0.5)
    return figure


def _scatter(spot: Axes, found: EffectMap) -> None:
    places, explained = found.places.numpy(), found.explained
    x = places[:, 0]
    y = places[:, 1] if places.shape[1] > 1 else np.zeros(len(x))
    spot.axhline(0.0, color=FAINT, linewidth=0.8)
    spot.axvline(0.0, color=FAINT, linewidth=0.8)
    spot.scatter(x, y, s=26, color=BAR, zorder=2)
    if len(x) <= NAMED_TRACKS:
        for name, across, up in zip(found.presets.tracks, x, y, strict=True):
            spot.annotate(
                printable(name)[:32], (across, up), (4, 4), textcoords="offset points", fontsize=7
            )
    spot.set_xlabel(f"axis 1, deviations ({100.0 * float(explained[0]):.0f} % of the variance)")
    if places.shape[1] > 1:
        spot.set_ylabel(f"axis 2, deviations ({100.0 * float(explained[1]):.0f} %)")
    spot.set_title(f"{len(x)} presets", color=INK)
    spot.spines[["top", "right"]].set_visible(False)
