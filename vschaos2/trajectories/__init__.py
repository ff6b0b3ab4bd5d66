"""Paths in latent space: functions of time, [N] times → [N, D] points. NumPy only.

    parameters.py   numbers per dimension, seeds, planes
    path.py         Trajectory: add, scale, concatenate, loop, ease, rotate
    cycles.py       what all paths with frequency, amplitude, phase and origin share
    points.py       point, line, interpolate
    waves.py        sin, square, triangle, saw
    planar.py       circle, ellipse, spiral, lissajous
    walks.py        random, brownian, uniform
    registry.py     make("sin", 16, frequency=0.5)

Times may be in any unit; frequencies are cycles per that unit, phases are cycles.
"""

from vschaos2.trajectories.path import EASES, Trajectory, concatenate
from vschaos2.trajectories.planar import circle, ellipse, lissajous, spiral
from vschaos2.trajectories.points import METHODS, interpolate, line, point
from vschaos2.trajectories.registry import KINDS, make, options
from vschaos2.trajectories.walks import brownian, random, uniform
from vschaos2.trajectories.waves import saw, sin, square, triangle

__all__ = [
    "EASES",
    "KINDS",
    "METHODS",
    "Trajectory",
    "brownian",
    "circle",
    "concatenate",
    "ellipse",
    "interpolate",
    "line",
    "lissajous",
    "make",
    "options",
    "point",
    "random",
    "saw",
    "sin",
    "spiral",
    "square",
    "triangle",
    "uniform",
]
