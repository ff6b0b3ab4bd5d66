"""Trains the estimators of chains that come with the package, and writes them into the clone.

    python examples/make_ready_order.py [RUN …] [key=value …]

Without a run it trains two on instruments by code: `chain_order`, which hears the wet sound alone,
and `chain_order_dry`, which hears the dry sound, too, from the same examples. With runs of the
family "order" it takes these. Weights are written in half precision.
"""

import sys
import tempfile
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
    folders = runs or _trained(told)
    READY.mkdir(exist_ok=True)
    for folder in folders:
        place = write_ready(load_named_run(folder, None, None), READY)
        print(f"{place}: {place.stat().st_size / 2**20:.2f} MB")


def _trained(told: list[str]) -> list[Path]:
    with tempfile.TemporaryDirectory() as kept:
        shared = ["data.rendering.with_dry=true", f"data.store.folder={kept}", *told]
        return [
            train(compose(name, f"name=ready_{name}", *shared))
            for name in ("chain_order", "chain_order_dry")
        ]


if __name__ == "__main__":
    run(main)
