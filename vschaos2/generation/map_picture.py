"""A picture of a latent map: its principal components, and the first two axes of the player."""

import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import Normal, Stroke
from matplotlib.transforms import Bbox

from vschaos2.files import write_whole
from vschaos2.folders import made_folder
from vschaos2.generation.latent_map import LEVEL_COLOUR, LatentMap
from vschaos2.terminal import printable

INK, FAINT, UNKNOWN = "#2b2b33", "#d9d9e0", "#b8b8c0"
# Ten hues that stay apart on white, also for most colour-blind eyes (after Tol's muted scheme).
HUES = (
    *("#332288", "#cc6677", "#117733", "#ddaa33", "#44aacc"),
    *("#aa4499", "#88bb33", "#882255", "#229988", "#999999"),
)
LEGEND_CLASSES = 24  # more classes are shown on a scale
NAMED_FILES = 60


def draw_map(points: LatentMap, path: Path) -> None:
    """Write the map as PNG, whole or not at all: a small dot a frame, a large one a file's median.

    Raises:
        InputError: if the file cannot be written.
    """
    with mpl.rc_context({"text.parse_math": False}):  # a $ in a name is a $
        figure = _figure(points)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    made_folder(path.parent)
    write_whole(path, content.getbuffer())


def _figure(points: LatentMap) -> Figure:
    figure = Figure(figsize=(13.5, 6.6), dpi=150, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    colours, members = _colours(points), _members(points)
    for axes, places in ((left, points.components), (right, points.coordinates[:, :2])):
        _scatter(axes, points, places, colours, members)
    parts = points.explained * 100.0
    left.set(
        title="principal components of these sounds",
        xlabel=f"component 1 ({parts[0]:.0f} % of the variance)",
        ylabel=f"component 2 ({parts[1]:.0f} %)",
    )
    left.set_aspect("equal", adjustable="datalim")
    right.set(
        title=f"the player's first axes ({points.projection})",
        xlabel="axis 1",
        ylabel="axis 2",
    )
    _key(figure, right, points)
    canvas.draw()  # settles the layout, so that the names know their places
    _name_files(left, points, members)
    return figure


def _members(points: LatentMap) -> dict[int, npt.NDArray[np.bool_]]:
    """The points of every file that has any."""
    return {int(file): points.file == file for file in np.unique(points.file)}


def _colours(points: LatentMap) -> npt.NDArray[np.float64]:
    """The colour of every point, [N, 4]."""
    known = ~np.isnan(points.values)
    colours = np.tile(mpl.colors.to_rgba(UNKNOWN), (len(points.values), 1))
    if _is_listed(points):
        palette = np.array([_hue(index, len(points.names)) for index in range(len(points.names))])
        colours[known] = palette[points.values[known].astype(np.int64)]
    elif known.any():
        colours[known] = _scale(points).to_rgba(points.values[known])
    return colours


def _is_listed(points: LatentMap) -> bool:
    return 0 < len(points.names) <= LEGEND_CLASSES


def _hue(index: int, count: int) -> tuple[float, float, float, float]:
    if count <= len(HUES):
        return mpl.colors.to_rgba(HUES[index])
    return mpl.colormaps["turbo"](0.05 + 0.9 * index / (count - 1))


def _scale(points: LatentMap) -> ScalarMappable:
    known = points.values[~np.isnan(points.values)]
    return ScalarMappable(Normalize(float(known.min()), float(known.max())), "viridis")


def _scatter(
    axes: Axes,
    points: LatentMap,
    places: npt.NDArray[np.float64],
    colours: npt.NDArray[np.float64],
    members: dict[int, npt.NDArray[np.bool_]],
) -> None:
    # In an order drawn at random, or the last file would cover the others.
    order = np.random.default_rng(0).permutation(len(places))
    x, y = (places[order, 0], places[order, 1]) if places.shape[1] > 1 else (places[order, 0], 0.0)
    axes.scatter(
        x, np.broadcast_to(y, x.shape), s=7, c=colours[order], alpha=0.35, linewidths=0, zorder=2
    )
    for chosen in members.values():
        middle = np.median(places[chosen], 0)
        axes.scatter(
            middle[0],
            middle[1] if len(middle) > 1 else 0.0,
            s=34,
            color=_typical(colours[chosen]),
            edgecolors="white",
            linewidths=0.8,
            zorder=3,
        )
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=8, colors=INK)
    axes.title.set(fontsize=11, color=INK)
    axes.xaxis.label.set(fontsize=9, color=INK)
    axes.yaxis.label.set(fontsize=9, color=INK)


def _typical(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The most frequent of some colours, [4]."""
    each, counts = np.unique(colours, axis=0, return_counts=True)
    return each[counts.argmax()]


def _key(figure: Figure, axes: Axes, points: LatentMap) -> None:
    """A legend of the classes, or a scale of the values."""
    known = points.values[~np.isnan(points.values)]
    if _is_listed(points):
        present = sorted({int(value) for value in known})
        names = points.names
        entries = [(printable(names[index]), _hue(index, len(names))) for index in present]
        if len(known) < len(points.values):
            entries.append(("unknown", mpl.colors.to_rgba(UNKNOWN)))
        handles = [
            Line2D([], [], marker="o", linestyle="", markersize=6, color=colour, label=name)
            for name, colour in entries
        ]
        legend = axes.legend(
            handles=handles, title=printable(points.colour), loc="center left",
            bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8, labelcolor=INK,
        )  # fmt: skip
        legend.get_title().set(fontsize=9, color=INK)
    elif len(known):
        bar = figure.colorbar(_scale(points), ax=axes, shrink=0.7, pad=0.02)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, colors=INK, length=0)
        unit = "level in dB" if points.colour == LEVEL_COLOUR else printable(points.colour)
        bar.set_label(unit, fontsize=9, color=INK)


def _name_files(axes: Axes, points: LatentMap, members: dict[int, npt.NDArray[np.bool_]]) -> None:
    """Names beside the files' medians, as many as there is room for."""
    taken: list[Bbox] = []
    named = 0
    for file, chosen in members.items():
        place = np.median(points.components[chosen], 0)
        text = axes.annotate(
            printable(Path(points.files[file]).stem),
            (float(place[0]), float(place[1])),
            xytext=(4, 3),
            textcoords="offset points",
            fontsize=6,
            color=INK,
            zorder=4,
            path_effects=[Stroke(linewidth=1.8, foreground="white", alpha=0.85), Normal()],
        )
        box = text.get_window_extent().padded(1.0)
        frame = axes.get_window_extent()
        outside = box.x1 > frame.x1 or box.y1 > frame.y1
        if named >= NAMED_FILES or outside or any(box.overlaps(other) for other in taken):
            text.remove()
            continue
        text.set_in_layout(False)
        taken.append(box)
        named += 1
