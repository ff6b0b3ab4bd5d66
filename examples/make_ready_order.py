"""Trains the estimator of chains that comes with the package, and writes it into the clone.

    python examples/make_ready_order.py [RUN …] [key=value …]

Without a run it trains one, `chain_order`, on guitars by code; with runs of the family "order" it
takes these: one that hears the wet sound alone, and one that hears the dry sound, too, if it is to
come along. Their weights are written in half precision.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.api import compose
from vschaos2.command_line import run
from vschaos2.families.loading import load_named_run
from vschaos2.families.train import train
from vschaos2.recognition.ready import write_ready

READY = Path(__file__).resolve().parent.parent / "vschaos2" / "recognition" / "ready"


def main() -> None:
    """Train, unless runs are given, and write."""
    runs = [Path(word) for word in sys.argv[1:] if "=" not in word]
    told = [word for word in sys.argv[1:] if "=" in word]
    folders = runs or [train(compose("chain_order", "name=ready_order", *told))]
    READY.mkdir(exist_ok=True)
    for folder in folders:
        place = write_ready(load_named_run(folder, None, None), READY)
        print(f"{place}: {place.stat().st_size / 2**20:.2f} MB")


if __name__ == "__main__":
    run(main)
