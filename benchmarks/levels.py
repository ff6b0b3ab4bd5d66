"""How loud each octave of a reconstruction is, beside the original: what a model makes too soft.

    python -m benchmarks.levels RUN [RUN …] [--inversion MODE] [--texture PART]

Means over the held-out files of each run, in dB, by the lowest frequency of the octave, of
`forward` (the input's phase) and of `decode`; the octave farthest off, and SC of the sound.
"""

import argparse
import math
from pathlib import Path

from vschaos2.families.loading import load_run
from vschaos2.generation.evaluation import OCTAVE, evaluate

WAYS = {"keep_input": "forward", "decode": "decode"}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--inversion", default="balanced", help="of decode (%(default)s)")
    parser.add_argument("--texture", type=float, help="0 to 1; else the run's")
    arguments = parser.parse_args()
    for number, path in enumerate(arguments.runs):
        run = load_run(path)
        if arguments.texture is not None:
            run.model.texture = arguments.texture
        means = evaluate(run, None, arguments.inversion).means
        octaves = [key.split("/")[1] for key in means if key.startswith(f"decode/{OCTAVE}")]
        if number == 0:
            heads = [key.removeprefix(OCTAVE).removesuffix("_hz_db") for key in octaves]
            print(f"| run | way | SC | worst | {' | '.join(heads)} |")
            print("|---" * (4 + len(heads)) + "|")
        for way, name in WAYS.items():
            levels_db = [means[f"{way}/{key}"] for key in octaves]
            worst_db = max(filter(math.isfinite, levels_db), key=abs)
            values = " | ".join(
                f"{level_db:+.1f}" if math.isfinite(level_db) else "–"
                for level_db in [worst_db, *levels_db]
            )
            error = means[f"{way}/spectral_convergence"]
            print(f"| {path.name} | {name} | {error:.3f} | {values} |")


if __name__ == "__main__":
    main()
