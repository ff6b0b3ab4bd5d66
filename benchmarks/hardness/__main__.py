"""What is tried against vschaos2, and what is left standing.

    python -m benchmarks.hardness [--seed 0] [--only KIND …]

Foreign runs and datasets, kills, full disks, flipped bits, hostile models in Pd (these need
`make external`): for each kind, how many trials there were, how many were survived, and what was
lost or escaped in the others. Bar: 0 lost, 0 escaped. Takes less than ten minutes on two cores.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # forked children compute; see trial.py

from benchmarks.hardness import (
    flipped_bits,
    foreign_datasets,
    foreign_runs,
    full_disks,
    hostile_models,
    kills,
)
from benchmarks.hardness.material import Material, prepare
from benchmarks.hardness.trial import SECRET, SECRET_VARIABLE, Verdict

Trials = Callable[[Material, random.Random], Iterator[Verdict]]
KINDS: dict[str, Trials] = {
    "foreign runs": foreign_runs.trials,
    "foreign datasets": foreign_datasets.trials,
    "kills": kills.trials,
    "full disks": full_disks.trials,
    "flipped bits": flipped_bits.trials,
    "hostile models": hostile_models.trials,
}


def main() -> None:
    """Try everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=sorted(KINDS), default=list(KINDS))
    arguments = parser.parse_args()
    os.environ[SECRET_VARIABLE] = SECRET
    import_all()
    failed = 0
    print(f"{'':18}{'tried':>8}{'survived':>10}{'lost':>6}{'escaped':>9}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as scratch:
        material = prepare(Path(scratch))
        for kind in arguments.only:
            begin = time.monotonic()
            verdicts = list(KINDS[kind](material, random.Random(f"{arguments.seed} {kind}")))
            lost = [verdict for verdict in verdicts if verdict.lost]
            escaped = [verdict for verdict in verdicts if verdict.escaped]
            bad = [verdict for verdict in verdicts if verdict.lost or verdict.escaped]
            seconds = time.monotonic() - begin
            print(
                f"{kind:18}{len(verdicts):8}{len(verdicts) - len(bad):10}{len(lost):6}"
                f"{len(escaped):9}{seconds:9.0f}",
                flush=True,
            )
            for verdict in bad:
                print(f"    {verdict.what}: {verdict.escaped or ''} {verdict.lost or ''}")
            failed += len(bad)
    print("0 lost, 0 escaped: met" if failed == 0 else f"{failed} not survived: missed")
    sys.exit(failed > 0)


def import_all() -> None:
    """Import what the programs import late, once for all children."""
    import check_dataset
    import extract_pitch
    import generate
    import script
    import train_model

    del check_dataset, extract_pitch, generate, script, train_model


if __name__ == "__main__":
    main()
