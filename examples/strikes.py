"""Draws films of strikes by code, whose moments are known: a stick that comes down on a block.

    python examples/strikes.py OUT [--films N] [--seconds S] [--seed N] [--sound] [--no-times]

    OUT/strike_0001.mp4          15 pictures a second, 64 by 64, grey
    OUT/strike_0001.times.csv    when the stick touches the block

They are made hard to tell: three of ten swings stop short of the block, the camera shakes, another
thing moves through most of the pictures, and no two films have the same light.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.events.onsets import onsets_of, times_file, write_onsets
from vschaos2.film.write import write_film

Values = NDArray[np.float64]
Pictures = NDArray[np.uint8]

RATE_HZ = 15.0
SIZE = 32  # of what is drawn: measures below are in its points
SOUND_HZ = 44_100
SHORT = 0.45  # of a swing that stops short: how far down it comes
GAPS_S = (0.18, 1.1)  # between two swings


@dataclass(frozen=True)
class Scene:
    """What is seen in one film, lengths in points of a picture of 32 by 32, brightness 0 to 1.

    Attributes:
        hits_s: when the stick touches the block.
        shorts_s: when it stops short of it.
        light, texture: of the background, and how uneven it is.
        floor, block_x, block_width, block_light: the block: where its top is, and its middle.
        stick_light, stick_width, stick_length, angle: of the stick, which is in radians.
        lift, speed: how high it is raised, and points a second.
        shake: whether the camera does.
        other_x, other_y, other_speed: a thing that moves past; 0: there is none.
    """

    hits_s: Values
    shorts_s: Values
    light: float
    texture: float
    floor: float
    block_x: float
    block_width: float
    block_light: float
    stick_light: float
    stick_width: float
    stick_length: float
    angle: float
    lift: float
    speed: float
    shake: bool
    other_x: float
    other_y: float
    other_speed: float


def drawn_scene(rng: np.random.Generator, seconds: float) -> Scene:
    """A scene of so many seconds."""
    swings, time_s = [], rng.uniform(0.05, 0.5)
    while time_s < seconds - 0.02:
        swings.append(time_s)
        time_s += rng.uniform(*GAPS_S)
    is_hit = rng.random(len(swings)) < 0.7
    light, stick = rng.uniform(0.1, 0.6), rng.uniform(0.0, 1.0)
    return Scene(
        hits_s=np.array(swings)[is_hit],
        shorts_s=np.array(swings)[~is_hit],
        light=light,
        texture=rng.uniform(0.02, 0.1),
        floor=rng.uniform(18.0, 27.0),
        block_x=rng.uniform(8.0, 24.0),
        block_width=rng.uniform(4.0, 12.0),
        block_light=rng.uniform(0.2, 0.95),
        stick_light=stick if abs(stick - light) >= 0.25 else (light + 0.5) % 1.0,
        stick_width=rng.uniform(0.8, 1.6),
        stick_length=rng.uniform(9.0, 16.0),
        angle=rng.uniform(-0.6, 0.6) + 0.9,
        lift=rng.uniform(5.0, 9.0),
        speed=rng.uniform(30.0, 80.0),
        shake=bool(rng.random() < 0.6),
        other_x=rng.uniform(0.0, SIZE),
        other_y=rng.uniform(2.0, 12.0),
        other_speed=rng.uniform(-12.0, 12.0) * (rng.random() < 0.6),
    )


def tip_height(scene: Scene, times_s: Values) -> Values:
    """Where the end of the stick is, from above: the block's top at a hit. Shape: [F] → [F]."""
    height = np.full(len(times_s), scene.floor - scene.lift)
    for moments, reach in ((scene.hits_s, scene.lift), (scene.shorts_s, SHORT * scene.lift)):
        for moment in moments:
            up = np.minimum(scene.speed * np.abs(times_s - moment), reach)
            height = np.maximum(height, scene.floor - scene.lift + reach - up)
    return height


def drawn_pictures(
    scene: Scene, times_s: Values, rng: np.random.Generator, size: int = SIZE
) -> Pictures:
    """The pictures of a scene. Shape: [F] → [F, size, size], 0 to 255."""
    points = (np.arange(size) + 0.5) * SIZE / size - 0.5
    y, x = points[:, None], points[None, :]
    room = size + 3
    texture = scene.texture * rng.standard_normal((room, room))
    shift = (
        rng.integers(0, 3, (len(times_s), 2)) if scene.shake else np.zeros((len(times_s), 2), int)
    )
    found = np.empty((len(times_s), size, size), np.uint8)
    along_x, along_y = scene.stick_length * np.array(
        [-np.sin(scene.angle), -0.8 * np.cos(scene.angle)]
    )
    square = along_x**2 + along_y**2
    on_block = (y >= scene.floor) & (np.abs(x - scene.block_x) < scene.block_width)
    for number, (time_s, tip) in enumerate(zip(times_s, tip_height(scene, times_s), strict=True)):
        down, right = shift[number]
        picture = scene.light + texture[down : down + size, right : right + size]
        picture = np.where(on_block, scene.block_light, picture)
        from_x, from_y = x - scene.block_x, y - tip
        along = np.clip((from_x * along_x + from_y * along_y) / square, 0.0, 1.0)
        away = np.hypot(from_x - along * along_x, from_y - along * along_y)
        picture = np.where(away < scene.stick_width, scene.stick_light, picture)
        if scene.other_speed:
            other_x = (scene.other_x + scene.other_speed * time_s) % SIZE
            is_there = np.hypot(x - other_x, y - scene.other_y) < 2.0
            picture = np.where(is_there, 1.0 - scene.light, picture)
        picture = picture + 0.03 * rng.standard_normal((size, size))
        found[number] = np.round(255.0 * picture.clip(0.0, 1.0))
    return found


def struck_sound(
    hits_s: Values, seconds: float, rng: np.random.Generator, background_db: float = -60.0
) -> NDArray[np.float32]:
    """A knock at each moment, of one thing, and noise. Shape: → [T], at 44.1 kHz."""
    length = round(seconds * SOUND_HZ)
    sound = 10.0 ** (background_db / 20.0) * rng.standard_normal(length)
    tones_hz = rng.uniform(200.0, 900.0) * np.cumsum(rng.uniform(0.6, 1.6, 8))
    decays_s = rng.uniform(0.03, 0.25) * (tones_hz / tones_hz[0]) ** -0.5
    t = np.arange(round(0.5 * SOUND_HZ)) / SOUND_HZ
    for moment in hits_s:
        waves = np.sin(2 * np.pi * tones_hz * t[:, None] + rng.uniform(0, 2 * np.pi, 8))
        knock = (waves * np.exp(-t[:, None] / decays_s) / np.arange(1, 9)).sum(1)
        knock += rng.standard_normal(len(t)) * np.exp(-t / 0.008)
        knock *= rng.uniform(0.15, 0.6) / np.abs(knock).max()
        begin = round(moment * SOUND_HZ)
        part = sound[begin : begin + len(knock)]
        part += knock[: len(part)]
    return sound.clip(-1.0, 1.0).astype(np.float32)


def write_strikes(
    folder: Path, films: int, seconds: float, seed: int, sound: bool, times: bool
) -> list[Path]:
    """Films in a folder, which is made; what each is depends on the seed and its number only."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    moments_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    for number in range(1, films + 1):
        rng = np.random.default_rng([seed, number])
        scene = drawn_scene(rng, seconds)
        pictures = drawn_pictures(scene, moments_s, rng)
        path = folder / f"strike_{number:04d}.mp4"
        heard = struck_sound(scene.hits_s, seconds, rng) if sound else None
        write_film(path, pictures.repeat(2, 1).repeat(2, 2), moments_s, heard, SOUND_HZ, quality=12)
        if times:
            write_onsets(times_file(path), onsets_of(scene.hits_s))
        written.append(path)
    return written


def main(words: Sequence[str] | None = None) -> None:
    """Write a folder of films."""
    parser = argparse.ArgumentParser(description="Draws films of strikes by code.")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--films", type=int, default=100, help="how many (100)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each (2)")
    parser.add_argument("--seed", type=int, default=1, help="another one, other films (1)")
    parser.add_argument("--sound", action="store_true", help="with a knock at every hit")
    parser.add_argument("--no-times", action="store_true", help="without NAME.times.csv")
    wanted = parser.parse_args(words)
    paths = write_strikes(
        wanted.out, wanted.films, wanted.seconds, wanted.seed, wanted.sound, not wanted.no_times
    )
    print(f"{len(paths)} films in {wanted.out}")


if __name__ == "__main__":
    main()
