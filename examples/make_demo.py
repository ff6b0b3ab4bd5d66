"""From nothing to an instrument: what `make demo` runs.

    python examples/make_demo.py FOLDER [--seconds N]

Renders two minutes of labelled tones, trains on them, reconstructs the ones held out of the
training, exports the instrument for nn~, draws a picture, and says what was measured and where
everything is. Each step is a command that works as well on a folder of your own.
"""

import argparse
import json
import time
from pathlib import Path

from demo_dataset import render_demo_dataset
from shown_command import run


def main() -> None:
    """Build whatever of the demo is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=int, default=150, help="of training (%(default)s)")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    start = time.monotonic()
    dataset, runs, instrument = folder / "dataset", folder / "runs", folder / "demo.ts"
    count = render_demo_dataset(dataset)
    print(f"dataset: {dataset} ({count} files)")
    if not instrument.exists():
        minutes, seconds = divmod(arguments.seconds, 60)
        run(
            *("train_model.py", "--config-name", "dgt_mid", "name=demo", f"rundir={runs}"),
            *(f"data.dataset.root={dataset}", "trainer.max_epochs=-1"),
            f"trainer.max_time=00:00:{minutes:02d}:{seconds:02d}",
        )
        trained = max(runs.glob("demo/version_*"), key=lambda path: int(path.name.split("_")[1]))
        held_out = (trained / "held_out.txt").read_text(encoding="utf-8").splitlines()
        files = [dataset / name for name in held_out]
        run("generate.py", "reconstruct", trained, "--out", folder, "--files", *files)
        without = folder / "without_input_phase"
        run(
            *("generate.py", "reconstruct", trained, "--out", without, "--inversion", "hq"),
            *("--files", *files),
        )
        from demo_picture import draw

        quality = draw(trained, files, folder / "demo.png")
        (folder / "quality.json").write_text(json.dumps(quality, indent=2), encoding="utf-8")
        run("script.py", trained, "-o", folder, "-n", "demo")
    report(folder, time.monotonic() - start)


def report(folder: Path, seconds: float) -> None:
    """Say what there is, and what was measured."""
    quality = json.loads((folder / "quality.json").read_text(encoding="utf-8"))
    card = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    load = card["load"]["forward"]["2048"]["real_time_factor"]
    print(
        f"""
Done in {seconds / 60:.1f} minutes. In {folder}/:
  demo.ts                  the instrument: [nn~ demo forward], encode, decode (card: demo.json)
  demo.png                 held-out sounds, their reconstructions, their latent tracks
  reconstructions/         {quality["files"]} sounds that the training never saw, through the model
  without_input_phase/     the same, every phase recovered from the model's magnitudes
  dataset/                 what it was trained on
  runs/demo/               the trained run: generate.py and script.py take it

Held-out spectral convergence {quality["spectral_convergence"]:.3f} (0 is perfect, 1 is silence); \
forward takes {100 * load:.1f} % of one
core and {card["delay_ms"]["forward"]:.1f} ms; trained {card["training"]["seconds"]:.0f} s, \
{card["training"]["step"]:.0f} steps."""
    )


if __name__ == "__main__":
    main()
