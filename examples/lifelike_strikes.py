"""Draws films of strikes that look filmed, with their sound, and knows when each strike is.

    python examples/lifelike_strikes.py OUT [--films N] [--seconds S] [--seed N]

    OUT/take_01.mp4         160 by 120, 24 to 30 pictures a second or as they come, with sound
    OUT/take_01.truth.csv   when something is struck: for those who measure, and not beside the
                            film under the name by which a training would find it

A hand with a stick strikes things on a table, seen in perspective by somebody who holds the camera
in his hand. It raises the stick, accelerates, and is thrown back, or stays; it stops short, or
points at things, or goes from one to the next; somebody walks past behind. Pictures are blurred
by motion, by the lens and by their encoding, and grainy. What is struck trembles. In the sound are
the room, and knocks of things that nobody sees.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, zoom
from strikes import SOUND_HZ

from vschaos2.events.onsets import onsets_of, write_onsets
from vschaos2.film.write import write_film

Values = NDArray[np.float64]
Picture = NDArray[np.float32]

HEIGHT, WIDTH = 120, 160
SHUTTER = (0.0, 0.4)  # of the time between two pictures, in which one is exposed


class Action(NamedTuple):
    """Something that the hand does.

    Attributes:
        time_s: when the stick is lowest.
        thing: above which it comes down.
        lowest: how far above the thing it stops, of `lift`; 0: it strikes.
        lift: how high it was raised, points.
        down_s: how long it comes down.
        back: how far it is thrown back, of `lift`.
        stay_s: how long it stays down.
        is_soft: whether it slows down before it turns, as a hand does that nothing stops.
    """

    time_s: float
    thing: int
    lowest: float
    lift: float
    down_s: float
    back: float
    stay_s: float
    is_soft: bool


class Thing(NamedTuple):
    """Something on the table: its middle, its top, half its width, how light, and its sound."""

    x: float
    top: float
    width: float
    height: float
    light: float
    is_round: bool
    trembles: float
    tones_hz: Values
    decays_s: Values
    noise: float


def drawn_things(rng: np.random.Generator) -> list[Thing]:
    """Two or three things, from left to right."""
    count = int(rng.integers(2, 4))
    middles = (np.arange(count) + 0.5) / count * 110 + 25 + rng.uniform(-6, 6, count)
    things = []
    for x in middles:
        first_hz = np.exp(rng.uniform(np.log(120), np.log(1200)))
        tones_hz = first_hz * np.cumsum(np.r_[1.0, rng.uniform(0.3, 1.3, 7)])
        length_s = np.exp(rng.uniform(np.log(0.04), np.log(0.5)))
        height = rng.uniform(8, 22)
        things.append(
            Thing(
                x,
                rng.uniform(88, 98) - height,
                rng.uniform(9, 16),
                height,
                rng.uniform(0.1, 0.95),
                bool(rng.random() < 0.5),
                rng.uniform(0.0, 1.5),
                tones_hz,
                length_s * (tones_hz / tones_hz[0]) ** -0.5,
                rng.uniform(0.1, 1.0),
            )
        )
    return things


def drawn_actions(rng: np.random.Generator, things: int, seconds: float) -> list[Action]:
    """What the hand does: seven of ten times it strikes."""
    actions, time_s, thing = [], rng.uniform(0.6, 1.2), 0
    pace_s = rng.uniform(0.35, 0.8)
    while time_s < seconds - 0.3:
        if rng.random() < 0.3:
            thing = int(rng.integers(things))
        strikes = rng.random() < 0.7
        actions.append(
            Action(
                time_s,
                thing,
                0.0 if strikes else rng.uniform(0.25, 0.6),
                rng.uniform(14, 34),
                rng.uniform(0.07, 0.14),
                rng.uniform(0.25, 0.7),
                rng.uniform(0.08, 0.3) if strikes and rng.random() < 0.2 else 0.0,
                not strikes and bool(rng.random() < 0.6),
            )
        )
        time_s += max(0.28, pace_s * rng.uniform(0.6, 1.6)) + (rng.random() < 0.12) * 1.2
    return actions


def tip_path(
    actions: Sequence[Action], things: Sequence[Thing], times_s: Values
) -> tuple[Values, Values]:
    """Where the end of the stick is: [F] → x [F], y [F], in points."""
    knots_s = [action.time_s for action in actions]
    x = np.interp(times_s, knots_s, [things[a.thing].x for a in actions])
    above = np.full(len(times_s), 16.0)
    top = np.interp(times_s, knots_s, [things[a.thing].top for a in actions])
    before_s = -1.0
    for action in actions:
        since = times_s - action.time_s
        lowest = action.lowest * action.lift
        room = action.lift - lowest
        raised_s = min(0.25, max(0.05, action.time_s - action.down_s - before_s - 0.08))
        # Up, slowly; then down, faster and faster; a hand that is not stopped eases out of it.
        rising = (since >= -action.down_s - raised_s) & (since < -action.down_s)
        share = (since[rising] + action.down_s + raised_s) / raised_s
        above[rising] += (action.lift - above[rising]) * (3 * share**2 - 2 * share**3)
        falling = (since >= -action.down_s) & (since < 0)
        part = -since[falling] / action.down_s
        curve = 0.5 - 0.5 * np.cos(np.pi * part) if action.is_soft else 1 - (1 - part) ** 2
        above[falling] = lowest + room * curve
        staying = (since >= 0) & (since < action.stay_s)
        above[staying] = lowest
        after = since - action.stay_s
        back_s = 2.2 * action.down_s
        leaving = (after >= 0) & (after < back_s)
        part = after[leaving] / back_s
        curve = 0.5 - 0.5 * np.cos(np.pi * part) if action.is_soft else 1 - (1 - part) ** 2
        above[leaving] = lowest + action.back * room * curve
        resting = (after >= back_s) & (after < back_s + 0.3)
        reached = lowest + action.back * room
        part = (after[resting] - back_s) / 0.3
        above[resting] = reached + (16.0 - reached) * (3 * part**2 - 2 * part**3)
        before_s = action.time_s
    return x, top - above


def texture(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Uneven in all sizes, about ±1."""
    found = np.zeros((height, width), np.float32)
    for step in (2, 4, 8, 16, 32):
        coarse = rng.standard_normal((height // step + 3, width // step + 3)).astype(np.float32)
        found += zoom(coarse, step, order=1)[:height, :width] * step**0.5
    return found / found.std()


def drawn_pictures(
    rng: np.random.Generator, things: Sequence[Thing], actions: Sequence[Action], times_s: Values
) -> list[NDArray[np.uint8]]:
    """The pictures of a take. Shape: [F] → F of [120, 160]."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    room = 12
    light = rng.uniform(0.25, 0.7)
    wall = light + 0.05 * texture(rng, HEIGHT + 2 * room, WIDTH + 2 * room)
    grain = texture(rng, HEIGHT + 2 * room, WIDTH + 2 * room)
    edge = rng.uniform(74, 84)
    table = rng.uniform(0.15, 0.8)
    skin, stick = (_apart_from(light, rng) for _ in "hs")
    lean, length = rng.uniform(-0.5, 0.9), rng.uniform(34, 52)
    width = rng.uniform(1.2, 2.4)
    fine_s = np.arange(0.0, times_s[-1] + 1.0, 0.02)
    unsteady = rng.uniform(0.0, 1.2)
    shake = [gaussian_filter1d(rng.standard_normal(len(fine_s)), 12) * unsteady for _ in range(2)]
    drift = rng.uniform(0.05, 0.2, 2), rng.uniform(0, 6.28, 2), rng.uniform(0.2, 2.5, 2)
    walker = (rng.uniform(-60, WIDTH), rng.uniform(8, 25), rng.uniform(0.1, 0.6))
    walks = rng.random() < 0.5
    flicker, noise = rng.uniform(0, 0.03), rng.uniform(0.008, 0.03)
    soft = rng.uniform(0.5, 1.1)
    found = []
    gap_s = float(np.median(np.diff(times_s)))
    for time_s in times_s:
        exposed = np.zeros((HEIGHT, WIDTH), np.float32)
        for share in SHUTTER:
            moment_s = time_s + share * gap_s
            pan = [
                float(np.interp(moment_s, fine_s, shake[n]))
                + drift[2][n] * np.sin(6.28 * drift[0][n] * moment_s + drift[1][n])
                for n in (0, 1)
            ]
            x, y = columns + pan[0], rows + pan[1]
            picture = _moved(wall, pan[1] + room, pan[0] + room)
            if walks:
                middle = (walker[0] + walker[1] * moment_s) % (WIDTH + 120) - 60
                body = np.exp(-(((x - middle) / 16) ** 4) - ((y - 60) / 55) ** 4)
                picture += body * (walker[2] - picture)
            far = np.maximum(y - edge, 0)
            is_table = (y > edge) & (np.abs(x - 80) < 70 + 1.2 * far)
            wood = table + 0.06 * _moved(grain, pan[1] + room, pan[0] + room)
            wood += 0.03 * np.sin((x - 80) / (3 + 0.06 * far))
            picture = np.where(is_table, wood, picture)
            for number, thing in enumerate(things):
                moved = _tremble(actions, number, thing, moment_s)
                picture = _with_thing(picture, thing, moved, x, y)
            tip_x, tip_y = (float(v[0]) for v in tip_path(actions, things, np.array([moment_s])))
            end_x, end_y = tip_x + length * np.sin(lean), tip_y - length * np.cos(lean)
            along = np.array([end_x - tip_x, end_y - tip_y])
            share_of = ((x - tip_x) * along[0] + (y - tip_y) * along[1]) / (along**2).sum()
            share_of = share_of.clip(0, 1)
            away = np.hypot(x - tip_x - share_of * along[0], y - tip_y - share_of * along[1])
            cover = (width + 0.5 - away).clip(0, 1)
            picture += cover * (stick - picture)
            hand = (9.5 - np.hypot(x - end_x, (y - end_y) * 0.8)).clip(0, 1)
            arm = (7.0 - np.abs((x - end_x) - (end_y - y) * 0.4)).clip(0, 1) * (y < end_y)
            picture += np.maximum(hand, arm) * (skin - picture)
            exposed += picture / len(SHUTTER)
        exposed = gaussian_filter1d(gaussian_filter1d(exposed, soft, 0), soft, 1)
        exposed = exposed * (1 + flicker * np.sin(6.28 * 7.3 * time_s))
        exposed += noise * rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
        found.append(np.round(255 * exposed.clip(0, 1)).astype(np.uint8))
    return found


def _apart_from(light: float, rng: np.random.Generator) -> float:
    """A brightness that can be told from another one."""
    choices = [v for v in np.linspace(0.05, 0.95, 19) if abs(v - light) > 0.25]
    return float(rng.choice(choices))


def _moved(whole: Picture, down: float, right: float) -> Picture:
    """A part of a larger picture, whose corner lies between points."""
    row, column = (int(np.clip(v, 0, 22)) for v in (down, right))
    a, b = (float(np.clip(v - n, 0, 1)) for v, n in ((down, row), (right, column)))
    part = whole[row : row + HEIGHT + 1, column : column + WIDTH + 1]
    part = (1 - a) * part[:-1] + a * part[1:]
    return np.asarray((1 - b) * part[:, :-1] + b * part[:, 1:], np.float32)


def _with_thing(picture: Picture, thing: Thing, moved: float, x: Picture, y: Picture) -> Picture:
    """A picture with a thing, and its shadow, in it."""
    middle = thing.x + moved
    below = y - thing.top - thing.height
    shadow = np.exp(-(((x - middle - 4) / thing.width) ** 2) - (below / 4) ** 2)
    picture = picture * (1 - 0.4 * shadow)
    if thing.is_round:
        inside = ((x - middle) / thing.width) ** 2 + (
            (y - thing.top - thing.height / 2) / (thing.height / 2)
        ) ** 2
        cover = (8 * (1 - inside)).clip(0, 1)
    else:
        cover = (thing.width - np.abs(x - middle)).clip(0, 1)
        cover = cover * (y - thing.top).clip(0, 1) * (thing.top + thing.height - y).clip(0, 1)
    shade = thing.light * (1 - 0.3 * (x - middle) / thing.width)
    return picture + cover * (shade - picture)


def _tremble(actions: Sequence[Action], number: int, thing: Thing, moment_s: float) -> float:
    """By how much a thing that was struck is off its place."""
    moved = 0.0
    for action in actions:
        since = moment_s - action.time_s
        if action.thing == number and action.lowest == 0.0 and 0 <= since < 0.5:
            size = thing.trembles * action.lift / 30
            moved += size * np.exp(-since / 0.08) * np.sin(6.28 * 11 * since)
    return moved


def take_sound(
    rng: np.random.Generator, things: Sequence[Thing], actions: Sequence[Action], seconds: float
) -> NDArray[np.float32]:
    """The sound of a take: strikes, the room, and knocks from elsewhere. Shape: [T]."""
    length = round(seconds * SOUND_HZ)
    hiss = gaussian_filter1d(rng.standard_normal(length), 3.0)
    sound = 10 ** (rng.uniform(-52, -38) / 20) * hiss / hiss.std()
    knocks = [(a.time_s, things[a.thing], a.lift / 34) for a in actions if a.lowest == 0.0]
    (elsewhere,) = drawn_things(rng)[:1]
    time_s = rng.exponential(6.0)
    while time_s < seconds:
        knocks.append((time_s, elsewhere, rng.uniform(0.2, 0.7)))
        time_s += rng.exponential(6.0)
    t = np.arange(round(0.8 * SOUND_HZ)) / SOUND_HZ
    for moment_s, thing, force in knocks:
        waves = np.sin(6.2832 * thing.tones_hz * t[:, None] + rng.uniform(0, 6.28, 8))
        tilt = np.arange(1, 9) ** -(1.6 - force)
        knock = (waves * np.exp(-t[:, None] / thing.decays_s) * tilt).sum(1)
        knock /= np.abs(knock).max()
        knock += thing.noise * rng.standard_normal(len(t)) * np.exp(-t / 0.006)
        knock *= 0.5 * 10 ** (20 * (force - 1) / 20) / np.abs(knock).max()
        part = sound[round(moment_s * SOUND_HZ) :][: len(knock)]
        part += knock[: len(part)]
    return sound.clip(-1, 1).astype(np.float32)


def write_takes(folder: Path, films: int, seconds: float, seed: int) -> list[Path]:
    """Takes in a folder, which is made; what each is depends on the seed and its number only."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number in range(1, films + 1):
        rng = np.random.default_rng([seed, number])
        things = drawn_things(rng)
        actions = drawn_actions(rng, len(things), seconds)
        rate_hz = float(rng.choice([24, 25, 30, 30]))
        times_s = np.arange(round(seconds * rate_hz)) / rate_hz
        if rng.random() < 0.3:  # a telephone's clock
            times_s[1:] += rng.uniform(-0.25, 0.25, len(times_s) - 1) / rate_hz
        pictures = drawn_pictures(rng, things, actions, times_s)
        sound = take_sound(rng, things, actions, seconds)
        path = folder / f"take_{number:02d}.mp4"
        write_film(path, pictures, times_s, sound, SOUND_HZ, quality=30)
        hits_s = [action.time_s for action in actions if action.lowest == 0.0]
        write_onsets(path.with_suffix(".truth.csv"), onsets_of(hits_s))
        written.append(path)
    return written


def main(words: Sequence[str] | None = None) -> None:
    """Write a folder of films."""
    parser = argparse.ArgumentParser(description="Draws films of strikes that look filmed.")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--films", type=int, default=8, help="how many (8)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each (30)")
    parser.add_argument("--seed", type=int, default=1, help="another one, other films (1)")
    wanted = parser.parse_args(words)
    paths = write_takes(wanted.out, wanted.films, wanted.seconds, wanted.seed)
    print(f"{len(paths)} films in {wanted.out}")


if __name__ == "__main__":
    main()
