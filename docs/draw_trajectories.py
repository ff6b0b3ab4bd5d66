"""Draws docs/images/trajectories.png: every path of `vschaos2.trajectories` in two dimensions.

    python3 -m docs.draw_trajectories

Time runs from dark to light; dots are one twentieth of the time shown apart.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from vschaos2 import trajectories as paths

POINTS = [[-0.9, -0.4], [-0.3, 0.9], [0.7, 0.5], [0.4, -0.8]]
COLUMNS = 6


def panels() -> dict[str, tuple[paths.Trajectory, float]]:
    """A path in two dimensions and the time to show it for, by title."""
    plane, two_speeds = (0, 1), [1.0, 1.25]
    circle, line = paths.circle(2, plane=plane), paths.line(2, start=[-1, -0.6], end=[1, 0.6])
    vibrato = paths.lissajous(2, frequency=8.0, ratio=(1, 1), amplitude=0.12, plane=plane)
    linear = paths.interpolate(2, points=POINTS)
    methods = {
        f"interpolate {method}": (paths.interpolate(2, points=POINTS, method=method), 1.0)
        for method in paths.METHODS
    }
    return {
        "point": (paths.point(2, origin=0.3), 1.0),
        "line": (line, 1.0),
        **methods,
        "sin": (paths.sin(2, frequency=two_speeds), 4.0),
        "square": (paths.square(2, frequency=two_speeds), 4.0),
        "triangle": (paths.triangle(2, frequency=two_speeds), 4.0),
        "saw": (paths.saw(2, frequency=two_speeds), 4.0),
        "circle": (circle, 1.0),
        "ellipse": (paths.ellipse(2, plane=plane), 1.0),
        "spiral": (paths.spiral(2, plane=plane), 4.0),
        "lissajous": (paths.lissajous(2, plane=plane), 1.0),
        "random": (paths.random(2, step=1.5, knots=32, seed=2), 3.0),
        "brownian": (paths.brownian(2, knots=32, amplitude=0.5, seed=9), 3.0),
        "uniform": (paths.uniform(2, seed=4), 8.0),
        "add: circle + lissajous": (circle + vibrato, 1.0),
        "scale: circle × line": (circle * paths.line(1, start=1, end=0.2, frequency=1 / 3), 3.0),
        "concatenate: line, circle": (
            paths.concatenate([line * 0.8, circle * 0.5], [1.0, 1.0], joined=True) - 0.2,
            2.0,
        ),
        "loop: ¾ of a circle, mirrored": (circle.loop(0.75, mirror=True), 1.5),
        "ease: linear, smooth": (linear.ease("smooth", 1.0), 1.0),
        "rotate: ellipse, ⅛ turn": (paths.ellipse(2, plane=plane).rotate(1 / 8), 1.0),
    }


def draw_panel(axes: Axes, title: str, path: paths.Trajectory, duration: float) -> None:
    """Nothing; the path is drawn for t in [0, duration), with twenty dots equally far in time."""
    points = path(np.linspace(0.0, duration, 4000, endpoint=False))
    # A stroke may not bridge a jump, hence the gap wherever one step is a leap.
    strokes = np.stack([points[:-1], points[1:]], axis=1)
    leaps = np.linalg.norm(points[1:] - points[:-1], axis=1) > 0.2
    colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.9, len(strokes)))
    smooth = LineCollection(list(strokes[~leaps]), colors=colours[~leaps], linewidth=1.2)
    axes.add_collection(smooth)
    if leaps.any():
        axes.add_collection(
            LineCollection(list(strokes[leaps]), colors="0.8", linewidth=0.6, linestyle=":")
        )
    dots = path(np.arange(20) * duration / 20)
    axes.scatter(dots[:, 0], dots[:, 1], s=9, c=np.arange(20), cmap="viridis", vmax=21, zorder=3)
    axes.set(title=title, xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), xticks=[], yticks=[])
    axes.set_aspect("equal")
    axes.title.set_fontsize(8)


def draw(target: Path) -> None:
    """Nothing; the picture is written as a PNG to `target`."""
    shown = panels()
    rows = -(-len(shown) // COLUMNS)
    figure = Figure(figsize=(2.0 * COLUMNS, 2.15 * rows), layout="constrained")
    grid = figure.subplots(rows, COLUMNS).flat
    for axes, (title, (path, duration)) in zip(grid, shown.items(), strict=False):
        draw_panel(axes, title, path, duration)
    for axes in list(figure.axes)[len(shown) :]:
        axes.set_axis_off()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=110)


def main() -> None:
    """Nothing; writes the picture of docs/trajectories.md."""
    draw(Path(__file__).parent / "images" / "trajectories.png")


if __name__ == "__main__":
    main()
