"""Voices of one instrument, for the patches of both programs: who plays what, and where it stands.

A note takes a voice. It chooses the voice's labels of pitch and octave; without a label of pitch it
chooses one of the typical sounds. Everything else is common to all voices.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from vschaos2.patches.controls import GUESS, Controls
from vschaos2.patches.settings import Setting

VOICES = 4
MOST_INLETS = 512  # of all voices together, in vschaos~
ATTACK = Setting("attack", "number", 10, (1, 10_000), (1, 2000), "ms", is_exponential=True)
RELEASE = Setting("release", "number", 300, (1, 10_000), (1, 5000), "ms", is_exponential=True)
SPREAD = Setting("spread", "number", 0, (0, 2), (0, 1))
SHAPES = (ATTACK, RELEASE, SPREAD)
A4, A4_OCTAVE = 69, 5  # a note of MIDI, and the class of octaves that it opens
CHORD, CHORD_MS, CHORD_VELOCITY = (0, 3, 7, 10), 2500, 90  # semitones above its lowest note


def has_voices(controls: Controls) -> bool:
    """Whether several notes can be played: there is a `decode`, and hosts have inlets enough."""
    inlets, _ = controls.methods.get("decode", (0, 0))
    return 0 < VOICES * inlets <= MOST_INLETS and len(controls.ranges) > 0


def voiced(name: str, card: Mapping[str, Any]) -> Controls:
    """An instrument of which nothing but `decode` is played, under names of its own.

    Args:
        name: of the instrument.
        card: of one that `has_voices`.
    """
    decode = {"decode": card["methods"]["decode"]}
    controls = Controls.of(name, {**card, "methods": decode}, VOICES)
    labels = tuple(
        dataclasses.replace(label, is_guessed=label.is_guessed_in_decode, guess=GUESS)
        for label in controls.labels
    )
    return dataclasses.replace(controls, key=f"{controls.key}-voices", labels=labels, guesses=())


def common(controls: Controls) -> Controls:
    """What all voices share: the labels that no note commands."""
    labels = tuple(label for label in controls.labels if not is_of_note(controls, label.task))
    if controls.pitch_label is not None:
        return dataclasses.replace(controls, labels=labels)
    nowhere = (0.0,) * len(controls.ranges)
    return dataclasses.replace(controls, labels=labels, places=(nowhere,) * len(controls.places))


def is_of_note(controls: Controls, task: str) -> bool:
    """Whether a note commands the label of this name."""
    if controls.pitch_label is None:
        return False
    octave = controls.octave_label
    return task == controls.pitch_label[0].task or (octave is not None and task == octave[0].task)


def chord(controls: Controls) -> list[int]:
    """Four notes to begin with, in the middle of the octaves that the instrument knows."""
    octave = A4_OCTAVE - 1
    if controls.octave_label is not None:
        label, first = controls.octave_label
        octave = first + (len(label.names) - 1) // 2
    lowest = A4 + 12 * (octave - A4_OCTAVE)
    return [lowest + step for step in CHORD]


def offsets(axes: int) -> list[list[float]]:
    """Where each voice stands at a spread of 1, by axis: evenly around the common place.

    On axis a, voice v of V is at cos 2π(v/V + φ a), φ the golden ratio, so that on no two axes the
    voices stand alike, and that their mean is 0.
    """
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    return [
        [round(math.cos(2.0 * math.pi * (v / VOICES + golden * axis)), 4) for axis in range(axes)]
        for v in range(VOICES)
    ]
