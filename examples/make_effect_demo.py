"""From nothing to a pedal: what `make demo-effect` runs.

    python examples/make_effect_demo.py FOLDER [--seconds N] [--dry-seconds N]

Plays plucked strings into a diode clipper made by code, at four settings of its drive; checks the
recordings, trains on them, measures the pedal on what was held out and at a setting that was never
recorded, sends a file through it, draws a picture, and exports it for nn~. Each step is a command
that works as well on a folder of your own.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import soundfile
from devices import Signal, diode_clipper
from plucked_strings import dry_sounds, strings
from shown_command import run

RATE_HZ = 44_100
RECORDED_DB, NEVER_RECORDED_DB = (6.0, 14.0, 22.0, 30.0), 18.0
OTHER_SECONDS = 8.0


def record(folder: Path, name: str, dry: Signal, drives_db: tuple[float, ...]) -> None:
    """A folder of pairs: one dry file, and what the pedal makes of it at every setting.

    Args:
        folder: where dry/, wet/ and metadata/ go.
        name: of the files.
        dry: [T], full scale ±1.
        drives_db: settings of the drive.
    """
    for part in ("dry", "wet", "metadata/drive"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "dry" / f"{name}.wav", dry, RATE_HZ, subtype="PCM_24")
    lines = []
    for drive_db in drives_db:
        wet = diode_clipper(dry, RATE_HZ, drive_db)
        place = f"wet/{name}@{drive_db:g}.wav"
        soundfile.write(folder / place, wet, RATE_HZ, subtype="PCM_24")
        lines.append(f"{place}\t{drive_db:g}\n")
    (folder / "metadata/drive/metadata.txt").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Build whatever of the demo is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=120, help="of training (%(default)s)")
    parser.add_argument(
        "--dry-seconds", type=float, default=48.0, help="of what is played into it (%(default)s)"
    )
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    start = time.monotonic()
    pairs, others, runs = folder / "pairs", folder / "never_recorded", folder / "runs"
    if not (folder / "pedal.ts").exists():
        music = strings(arguments.dry_seconds / 4.0, 4, RATE_HZ)  # its end is held out
        dry = np.concatenate((dry_sounds(0.75 * arguments.dry_seconds, 1, RATE_HZ), music))
        record(pairs, "riff", dry, RECORDED_DB)
        record(others, "other", strings(OTHER_SECONDS, 2, RATE_HZ), (NEVER_RECORDED_DB,))
        print(f"pairs: {pairs} (one riff, {len(RECORDED_DB)} settings of the drive)", flush=True)
        run("check_dataset.py", pairs)
        minutes, seconds = divmod(arguments.seconds, 60)
        run(
            *("train_model.py", "--config-name", "effect_drive", "name=pedal", f"rundir={runs}"),
            *(f"data.dataset.root={pairs}", "trainer.max_epochs=-1"),
            f"trainer.max_time=00:00:{minutes:02d}:{seconds:02d}",
        )
        trained = max(runs.glob("pedal/version_*"), key=lambda path: int(path.name.split("_")[1]))
        run("generate.py", "evaluate", trained, "--out", folder / "held_out_evaluation")
        unheard = folder / "never_recorded_evaluation"
        run("generate.py", "evaluate", trained, "--dataset", others, "--out", unheard)
        run(
            *("generate.py", "process", trained, "--files", others / "dry", "--out", folder),
            *("--set", "drive", f"{NEVER_RECORDED_DB:g}"),
        )
        from effect_picture import draw

        draw(trained, diode_clipper, RECORDED_DB, NEVER_RECORDED_DB, folder / "pedal.png")
        run("script.py", trained, "-o", folder, "-n", "pedal")
    report(folder, time.monotonic() - start)


def report(folder: Path, seconds: float) -> None:
    """Say what there is, and what was measured."""
    found = [
        json.loads((folder / f"{name}_evaluation" / "evaluation.json").read_text("utf-8"))["means"]
        for name in ("held_out", "never_recorded")
    ]
    card = json.loads((folder / "pedal.json").read_text(encoding="utf-8"))
    load = card["load"]["forward"]["512"]["real_time_factor"]
    heard, unheard = found
    print(
        f"""
Done in {seconds / 60:.1f} minutes. In {folder}/:
  pedal.ts                    the pedal: [nn~ pedal forward], or modulate (card: pedal.json)
  pedal.pd, pedal.maxpat      to play it with, a slider for its drive
  pedal.png                   device and model: curves, spectra, and what is left between them
  processed/                  a sound through it, at a setting that was never recorded
  pairs/, never_recorded/     what it was trained on, and what it was only measured on
  runs/pedal/                 the trained run: generate.py and script.py take it

Error-to-signal ratio (0 is perfect, 1 is silence), beside what the best filter leaves:
  held out                    {heard["esr"]:.4f}  ({heard["linear_esr"]:.3f})
  a setting never recorded    {unheard["esr"]:.4f}  ({unheard["linear_esr"]:.3f})
Its forward takes {100 * load:.1f} % of one core at a buffer of 512, and delays nothing."""
    )


if __name__ == "__main__":
    main()
