"""From nothing to one instrument played as another: what `make demo-transfer` runs.

    python examples/make_transfer_demo.py FOLDER [--melodies N] [--vae-epochs N] [--epochs N]

Renders melodies by two instruments made by code, a voice and bowed strings an octave above it, no
melody by both; trains a VAE of both and a bridge between them; measures it on melodies that were
played by both and that it never heard; sings a melody as the strings and back; draws a picture, and
exports the bridge for nn~. Each step is a command that works as well on folders of your own.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import soundfile
from shown_command import run
from synthesis import Signal
from tones import bowed, sung

RATE_HZ = 44_100
PLAYERS = {"voice": (sung, 0), "strings": (bowed, 12)}  # and how many keys above the score
LOWEST_KEY, HIGHEST_KEY, LARGEST_LEAP = 48, 64, 5
LENGTHS_S = (0.5, 0.6, 0.8, 1.1)
SECONDS = 12.0  # of a melody
TEST_MELODIES = 3


def melody(player: str, seed: int) -> Signal:
    """A random walk over keys by a player, [T]; another seed, another one."""
    score, own = np.random.default_rng(seed), np.random.default_rng([seed, len(player)])
    play, above = PLAYERS[player]
    sound = np.zeros(round(SECONDS * RATE_HZ))
    begin_s, key = 0.0, int(score.integers(LOWEST_KEY, HIGHEST_KEY + 1))
    while True:
        length_s, loudness = float(score.choice(LENGTHS_S)), float(score.uniform(0.35, 1.0))
        begin = round(begin_s * RATE_HZ)
        if begin_s + length_s > SECONDS:
            return sound
        f0_hz = 440.0 * 2.0 ** ((key + above - 69) / 12.0)
        note = play(f0_hz, length_s, loudness, own, RATE_HZ)
        sound[begin : begin + len(note)] += note
        begin_s += length_s
        step = int(score.integers(-LARGEST_LEAP, LARGEST_LEAP + 1))
        key = min(max(key + step, LOWEST_KEY), HIGHEST_KEY)


def write(folder: Path, player: str, name: str, seed: int) -> None:
    """A melody as a file of a player's folder."""
    (folder / player).mkdir(parents=True, exist_ok=True)
    path = folder / player / f"{name}.wav"
    soundfile.write(path, melody(player, seed), RATE_HZ, subtype="PCM_16")


def main() -> None:
    """Build whatever of the demo is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--melodies", type=int, default=10, help="of each, to learn (%(default)s)")
    parser.add_argument("--vae-epochs", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--epochs", type=int, default=8, help="of the bridge (%(default)s)")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    start = time.monotonic()
    sounds, both, runs = folder / "sounds", folder / "played_by_both", folder / "runs"
    if not (folder / "voice2strings.ts").exists():
        for place, player in enumerate(PLAYERS):
            for number in range(arguments.melodies):
                write(sounds, player, f"{player}{number}", 1000 * (place + 1) + number)
            for number in range(TEST_MELODIES):
                write(both, player, f"melody{number}", number)
        print(f"sounds: {sounds} (no melody by both), {both} (each by both)", flush=True)
        run(
            *("train_model.py", "--config-name", "bridge", "name=duo", f"rundir={runs}"),
            *(f"data.source={sounds / 'voice'}", f"data.target={sounds / 'strings'}"),
            f"vae_training.max_epochs={arguments.vae_epochs}",
            f"trainer.max_epochs={arguments.epochs}",
        )
        trained = max(runs.glob("duo/version_*"), key=lambda path: int(path.name.split("_")[1]))
        run(
            *("generate.py", "evaluate", trained, "--out", folder / "evaluation"),
            *("--paired", both / "voice", both / "strings"),
        )
        voice, strings = both / "voice/melody0.wav", both / "strings/melody0.wav"
        for source, target in ((voice, "strings"), (strings, "voice")):
            run(
                *("generate.py", "transfer", trained, "--files", source, "--to", target),
                *("--out", folder / f"as_{target}"),
            )
        run(
            *("generate.py", "transfer", trained, "--files", voice, "--to", "strings"),
            *("--level", "0.5", "0.85", "--out", folder / "as_strings"),
        )
        run(
            *("script.py", trained, "--from", "voice", "--to", "strings"),
            *("-o", folder, "-n", "voice2strings"),
        )
    report(folder, time.monotonic() - start)


def report(folder: Path, seconds: float) -> None:
    """Say what there is, and what was measured."""
    found = json.loads((folder / "evaluation" / "evaluation.json").read_text("utf-8"))["scores"]
    lines = [
        f"  {row['way']:<26} {row['timbre']:.3f}   {row['pitch']:.3f}   {row['distance_db']:.2f} dB"
        for row in found
        if row["source"] == "voice"
    ]
    told = "\n".join(lines)
    print(
        f"""
Done in {seconds / 60:.1f} minutes. In {folder}/:
  voice2strings.ts            [nn~ voice2strings forward] (card: voice2strings.json)
  voice2strings.pd, .maxpat   to play it with
  as_strings/, as_voice/      melodies carried over: beside played_by_both/, what is to come of them
  evaluation/                 tables, and a picture of what each way keeps and changes
  sounds/, played_by_both/    what it learnt from, and what it was only measured on
  runs/duo/                   the trained run: generate.py and script.py take it

voice as strings             timbre  pitch   to what the strings played
{told}"""
    )


if __name__ == "__main__":
    main()
