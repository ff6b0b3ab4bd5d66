"""What was found, drawn: every processor, the echoes and the decay of the space, the losses."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vschaos2.families.effect.processor_pictures import processor_picture
from vschaos2.families.effect.processor_traces import traced
from vschaos2.files import write_whole
from vschaos2.monitor.pictures import ACCENT, INK, PALE, figure, plain
from vschaos2.processors.recursion import BLOCK
from vschaos2.processors.space import Space
from vschaos2.retrieval.rendering import Rendering

HEARD_S = 4.0  # of the sound, for what follows it
LOWEST_DB = -60.0  # of echoes that are drawn
STEP_S = 0.005


def write_pictures(
    folder: Path, rendering: Rendering, dry: Tensor, losses: Sequence[float]
) -> None:
    """A picture of each processor, of the space, and of the losses: folder/NAME.png.

    Args:
        folder: that they are written to.
        rendering: of the chain that was fitted.
        dry: what it hears, [T].
        losses: of every step; none for none.

    Raises:
        InputError: if one cannot be written.
    """
    heard = dry[: round(HEARD_S * rendering.rate_hz) // BLOCK * BLOCK]
    with torch.no_grad():
        for trace in traced(rendering.chain, heard[None], torch.zeros(0)):
            if not isinstance(trace.processor, Space):
                _write(folder / f"{trace.name}.png", processor_picture(trace, (), trace.name))
        _write(folder / "space.png", space_picture(rendering))
    if losses:
        _write(folder / "losses.png", losses_picture(losses))


def space_picture(rendering: Rendering) -> Figure:
    """The echo pattern of a space, and its decay over frequency."""
    values = rendering.values(len(rendering.chain.processors) - 1)
    found = rendering.space.responses(values[..., 0], rendering.frequencies)
    made = figure(9.0, 3.0, "space")
    left, right = made.subplots(1, 2)
    _draw_pattern(left, rendering, found)
    _draw_decay(right, rendering, values)
    for each in (left, right):
        plain(each)
    return made


def decay_over_frequency_s(rendering: Rendering, hz: Tensor) -> Tensor:
    """T60 of the room: a line of τ seconds, once round, leaves |d| of a sound. Shape: [K] → [K].

    Of the lines, whose times differ a little, the mean.
    """
    space = rendering.space
    values = rendering.values(len(rendering.chain.processors) - 1)
    reverb = torch.split(values, space.counts, 1)[3]
    gain, a = (each[0] for each in space.room.losses(reverb))
    turn = torch.exp(-2j * torch.pi * hz.double() / rendering.rate_hz)
    passed = gain * a / (1.0 - (1.0 - a) * turn).abs()
    return (-3.0 * space.room.seconds / passed.log10()).mean(0)


def losses_picture(losses: Sequence[float]) -> Figure:
    """The loss of every step: each hears another passage, or size of spectrum."""
    made = figure(5.0, 3.0, "losses")
    axes = made.subplots()
    axes.semilogy(range(1, len(losses) + 1), losses, color=PALE, linewidth=0.9)
    smooth = [float(np.median(losses[max(0, n - 8) : n + 1])) for n in range(len(losses))]
    axes.semilogy(range(1, len(losses) + 1), smooth, color=INK, linewidth=1.5)
    _label(axes, "distance of what each step heard, and its median of 9", "step", "")
    plain(axes)
    return made


def _draw_pattern(axes: Axes, rendering: Rendering, found: dict[str, Tensor]) -> None:
    size = round(STEP_S * rendering.rate_hz)
    for name, colors in (("reverb", (PALE, PALE)), ("echo", (INK, ACCENT))):
        if name not in found:
            continue
        taps = torch.fft.irfft(found[name][0], rendering.tail)
        steps = taps.shape[1] // size
        power = taps[:, : steps * size].reshape(2, steps, size).square().sum(2)
        level = 10.0 * (power + 1e-20).log10()
        seconds = torch.arange(steps) * STEP_S
        for side, (label, color) in enumerate(zip(("left", "right"), colors, strict=True)):
            up = 1.0 if side == 0 else -1.0
            height = up * (level[side] - LOWEST_DB).clamp(min=0.0)
            axes.vlines(seconds, 0.0, height, color=color, linewidth=1.0, label=f"{name}, {label}")
    axes.axhline(0.0, color=INK, linewidth=0.6)
    axes.set_yticks([-60, -30, 0, 30, 60], ["0", "-30", "-60", "-30", "0"])
    _label(axes, "echoes and room; left above, right below", "s", "dB")


def _draw_decay(axes: Axes, rendering: Rendering, values: Tensor) -> None:
    if not rendering.space.has_reverb:
        axes.text(0.5, 0.5, "no room", ha="center", transform=axes.transAxes, fontsize=8)
        axes.axis("off")
        return
    hz = torch.logspace(1.5, float(np.log10(0.45 * rendering.rate_hz)), 100)
    axes.semilogx(hz, decay_over_frequency_s(rendering, hz), color=INK, linewidth=1.6)
    axes.set_ylim(bottom=0.0)
    _label(axes, "decay of the room", "Hz", "s to -60 dB")


def _label(axes: Axes, title: str, below: str, beside: str) -> None:
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(below, fontsize=9)
    axes.set_ylabel(beside, fontsize=9)


def _write(path: Path, made: Figure) -> None:
    content = io.BytesIO()
    made.savefig(content, format="png")
    write_whole(path, content.getvalue())
