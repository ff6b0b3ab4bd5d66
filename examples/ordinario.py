"""From a soundfont to the instrument of orchestral tones in patches/.

    apt-get install fluidsynth fluid-soundfont-gm
    python examples/ordinario.py FOLDER [--minutes N] [--out FOLDER]

Renders the tones of `ordinario_tones` into FOLDER/dataset, trains on them in FOLDER/runs, and
exports `ordinario.ts`, its card and its patches, into FOLDER or where `--out` says. What is there
already is not made again. Each step is a command that works as well on a folder of your own.
"""

import argparse
import sys
from pathlib import Path

from demo_dataset import FolderError
from make_demo import run
from ordinario_tones import SOUNDFONT, render_dataset

# Latents for level and colour, labels for all else; small enough to come with a clone.
SETTINGS = (
    "model.latent_dim=8",
    "model.encoder.hidden_dim=160",
    "model.decoder.hidden_dim=320",
    "model.coherence_dim=64",
    "data.augment.transpose=0",  # every key was recorded
    "data.augment.other_key=0",
    "data.augment.tilt_db=1.5",
    "data.augment.other_sound=0.4",
    "data.loader.batch_size=128",
)


def main() -> None:
    """Build whatever of the instrument is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=int, default=12, help="of training (%(default)s)")
    parser.add_argument("--out", type=Path, help="where the instrument goes (FOLDER)")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    dataset, runs = folder / "dataset", folder / "runs"
    if not dataset.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            count = render_dataset(dataset, arguments.soundfont)
        except (FolderError, OSError) as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            sys.exit(2)
        print(f"dataset: {dataset} ({count} files)")
    if not (runs / "ordinario").exists():
        run(
            *("train_model.py", "--config-name", "instrument", "name=ordinario", f"rundir={runs}"),
            *(f"data.dataset.root={dataset}", f"minutes={arguments.minutes}", *SETTINGS),
        )
    run("script.py", runs / "ordinario", "-o", arguments.out or folder, "-n", "ordinario")


if __name__ == "__main__":
    main()
