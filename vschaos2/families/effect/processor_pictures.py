"""A picture of each processor of a chain: what it does to a sound, and what sets it.

Filters show their response, curves their output against input, compressors where a level settles
and how fast, oscillators what they sweep. What hears knobs or the sound shows how its parameters
move; all values stand beside it.
"""

from collections.abc import Callable, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.processor_traces import (
    KNOB_POINTS,
    POINTS,
    Trace,
    bends,
    static_levels,
    step,
    sweep,
    told,
    transfer,
)
from vschaos2.monitor.pictures import ACCENT, INK, PALE, figure, logarithmic, plain
from vschaos2.processors.controllers import Following, Told
from vschaos2.processors.dynamics import Compressor, Expander, Level
from vschaos2.processors.filters import Filter
from vschaos2.processors.modulation import Swept
from vschaos2.processors.phase_shift import PhaseShift
from vschaos2.processors.recursion import BLOCK
from vschaos2.processors.svf import sections_response

MOST_LINES = 5  # parameters that are drawn as they move
MOST_KNOBS = 3
STILL = 0.005  # of a range: what moves less is not drawn
COLORS = (INK, ACCENT, PALE, "#4c8c6b", "#b58a2e")

Drawing = Callable[[Axes], None]


def processor_picture(trace: Trace, knobs: Sequence[Knob], title: str) -> Figure:
    """One processor of a chain.

    Args:
        trace: of it.
        knobs: of the effect.
        title: headline.
    """
    drawings = [*_of_the_sound(trace), *_of_the_controller(trace, knobs)]
    made = figure(3.4 * (len(drawings) + 1), 3.0, title)
    axes = made.subplots(1, len(drawings) + 1, squeeze=False)[0]
    for each, draw in zip(axes, drawings, strict=False):
        draw(each)
        plain(each)
    _write_values(axes[-1], trace)
    return made


def _of_the_sound(trace: Trace) -> list[Drawing]:
    processor = trace.processor
    if isinstance(processor, Compressor | Expander):
        return [lambda axes: _draw_levels(axes, trace), lambda axes: _draw_step(axes, trace)]
    if isinstance(processor, Level):
        return [lambda axes: _draw_step(axes, trace)]
    if isinstance(processor, Swept):
        return [lambda axes: _draw_sweep(axes, trace)]
    if isinstance(processor, PhaseShift):
        return [lambda axes: _draw_phase(axes, trace)]
    if processor.is_linear:
        return [lambda axes: _draw_response(axes, trace)]
    if bends(processor):
        return [lambda axes: _draw_transfer(axes, trace)]
    return []


def _of_the_controller(trace: Trace, knobs: Sequence[Knob]) -> list[Drawing]:
    hears = trace.controller.adds
    drawings: list[Drawing] = []
    if isinstance(hears, Told) or (isinstance(hears, Following) and hears.n_knobs):
        for number, knob in enumerate(knobs[:MOST_KNOBS]):
            drawings.append(lambda axes, n=number, k=knob: _draw_told(axes, trace, n, k))  # type: ignore[misc]
    if isinstance(hears, Following):
        drawings.append(lambda axes: _draw_moved(axes, trace))
    return drawings


def frequencies(rate_hz: float) -> Tensor:
    """From 20 Hz to just below half the rate, [POINTS]."""
    return torch.logspace(1.30103, float(torch.log10(torch.tensor(0.49 * rate_hz))), POINTS)


def _decibels(response: Tensor) -> Tensor:
    return 20.0 * torch.log10(response.abs().clamp(min=1e-6))


def _draw_response(axes: Axes, trace: Trace) -> None:
    processor, values = trace.processor, trace.values[None]
    hz = frequencies(processor.sample_rate)
    if isinstance(processor, Filter) and len(processor.shapes) > 1:
        sections = processor.sections(values)
        for band in range(sections.shape[1]):
            own = sections_response(sections[:, band : band + 1], hz, processor.sample_rate)
            axes.semilogx(hz, _decibels(own[0]), color=PALE, linewidth=0.9)
    whole = _decibels(processor.response(values, hz)[0])
    axes.semilogx(hz, whole, color=INK, linewidth=1.6)
    low, high = float(whole.min()), float(whole.max())
    axes.set_ylim(min(max(low, high - 60.0) - 3.0, -6.0), max(high + 3.0, 6.0))
    _label(axes, "response", "Hz", "dB")


def _draw_phase(axes: Axes, trace: Trace) -> None:
    processor, values = trace.processor, trace.values[None]
    hz = frequencies(processor.sample_rate)
    turned = processor.response(values, hz) / processor.response(torch.zeros_like(values), hz)
    axes.semilogx(hz, torch.rad2deg(torch.angle(turned[0])), color=INK, linewidth=1.6)
    axes.set_ylim(-190.0, 190.0)
    _label(axes, "turn of the phases", "Hz", "°")


def _draw_transfer(axes: Axes, trace: Trace) -> None:
    x, y = transfer(trace)
    axes.plot(x, x, color=PALE, linewidth=0.9)
    axes.plot(x, y, color=INK, linewidth=1.6)
    reach = 1.1 * max(float(y.abs().max()), 1e-3)
    axes.set_ylim(-reach, reach)
    _label(axes, "curve, up to the loudest that entered", "in", "out")


def _draw_levels(axes: Axes, trace: Trace) -> None:
    entering, leaving = static_levels(trace)
    axes.plot(entering, entering, color=PALE, linewidth=0.9)
    axes.plot(entering, leaving, color=INK, linewidth=1.6)
    axes.axvline(trace.value("threshold_db"), color=ACCENT, linewidth=0.9, linestyle=":")
    axes.set_ylim(-100.0, max(6.0, float(leaving.max()) + 3.0))
    _label(axes, "where a level settles", "dB in", "dB out")


def _draw_step(axes: Axes, trace: Trace) -> None:
    time_ms, gain_db = step(trace)
    every = max(1, len(time_ms) // 2000)
    axes.plot(time_ms[::every], gain_db[::every], color=INK, linewidth=1.4)
    times = f"attack {trace.value('attack_ms'):.3g} ms, release {trace.value('release_ms'):.3g} ms"
    _label(axes, times, "ms", "level, dB" if isinstance(trace.processor, Level) else "gain, dB")


def _draw_sweep(axes: Axes, trace: Trace) -> None:
    time, swept, unit = sweep(trace)
    axes.plot(time, swept, color=INK, linewidth=1.6)
    if unit == "Hz":
        logarithmic(axes)
    _label(axes, f"oscillator, {1.0 / trace.value('lfo_period_s'):.3g} Hz", "s", unit)


def _draw_told(axes: Axes, trace: Trace, number: int, knob: Knob) -> None:
    place = torch.linspace(knob.lowest, knob.highest, KNOB_POINTS)
    _draw_lines(axes, trace, place, told(trace, number))
    unit = f" ({knob.unit})" if knob.unit else ""
    _label(axes, "what the knob moves", f"{knob.name}{unit}", "place in the range")


def _draw_moved(axes: Axes, trace: Trace) -> None:
    seconds = torch.arange(trace.moved.shape[1]) * (BLOCK / trace.processor.sample_rate)
    _draw_lines(axes, trace, seconds, trace.moved)
    _label(axes, "what the sound moves", "s", "place in the range")


def _draw_lines(axes: Axes, trace: Trace, x: Tensor, values: Tensor) -> None:
    """Parameters that move most, each from the one end of its range to the other."""
    ranges = trace.controller.ranges
    place = torch.where(ranges.is_log, values.clamp(min=1e-12).log(), values)
    place = (place - ranges.least) / ranges.span
    spread = place.amax(1) - place.amin(1)
    order = spread.argsort(descending=True)[:MOST_LINES].tolist()
    shown = [index for index in order if float(spread[index]) > STILL]
    for index, color in zip(shown, COLORS, strict=False):
        parameter = trace.parameters[index]
        low, high = (float(end) for end in (values[index].min(), values[index].max()))
        name = f"{parameter.name} {_short(low)} … {_short(high)} {parameter.unit}"
        axes.plot(x, place[index], color=color, linewidth=1.4, label=name)
    if shown:
        axes.legend(fontsize=7, frameon=False)
    else:
        axes.text(0.5, 0.5, "nothing moves", ha="center", transform=axes.transAxes, fontsize=8)
    axes.set_ylim(-0.02, 1.02)


def _label(axes: Axes, title: str, below: str, beside: str) -> None:
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xlabel(below, fontsize=9)
    axes.set_ylabel(beside, fontsize=9)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def _write_values(axes: Axes, trace: Trace) -> None:
    lines = [
        f"{parameter.name}  {_short(value)} {parameter.unit}"
        for parameter, value in zip(trace.parameters, trace.values.tolist(), strict=True)
    ]
    axes.axis("off")
    axes.text(0.0, 1.0, "\n".join(lines), va="top", fontsize=8, color=INK, transform=axes.transAxes)
