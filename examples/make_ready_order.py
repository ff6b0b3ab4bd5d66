"""Trains the estimators of chains that come with the package, and writes them into the clone.

    python examples/sampled_takes.py takes
    python examples/make_ready_order.py data.dataset.root=takes data.dataset.beside=played
    python examples/make_ready_order.py [RUN … | --times] [key=value …]

Without a run it trains two: `chain_order`, which hears the wet sound alone, and `chain_order_dry`,
which hears the dry sound, too, from the same examples; on instruments by code or, as those that
ship, half of the time on sampled ones. With runs of the family "order" it takes these. Every
training learns times of echoes anew before each validation, apart from the rest. --times does this
with the pair that is there, from the examples of the last epoch of its training, and sets its
temperature and widening by those held out for that: all other weights stay as they are. Weights
are written in half precision.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from omegaconf import DictConfig, OmegaConf

from vschaos2.api import compose
from vschaos2.command_line import run
from vschaos2.families.loading import load_named_run
from vschaos2.families.order.estimator import Estimator
from vschaos2.families.order.learning import material, objective
from vschaos2.families.order.times import learn_times
from vschaos2.families.train import train
from vschaos2.recognition.ready import ready, write_ready

READY = Path(__file__).resolve().parent.parent / "vschaos2" / "recognition" / "ready"


def main() -> None:
    """Train, unless runs are given, and write."""
    words = [word for word in sys.argv[1:] if "=" not in word]
    told = [word for word in sys.argv[1:] if "=" in word]
    READY.mkdir(exist_ok=True)
    if words == ["--times"]:
        found = _with_times(told)
    else:
        folders = [Path(word) for word in words] or _trained(told)
        runs = [load_named_run(folder, None, None) for folder in folders]
        found = [(each.model, each.config) for each in runs]
    for model, config in found:
        place = write_ready(model, config, READY)
        print(f"{place}: {place.stat().st_size / 2**20:.2f} MB")


def _trained(told: list[str]) -> list[Path]:
    with tempfile.TemporaryDirectory() as kept:
        shared = ["data.rendering.with_dry=true", f"data.store.folder={kept}", *told]
        return [
            train(compose(name, f"name=ready_{name}", *shared))
            for name in ("chain_order", "chain_order_dry")
        ]


def _with_times(told: list[str]) -> list[tuple[Estimator, DictConfig]]:
    """The estimators that are there, with times of echoes learnt anew, and calibrated."""
    found = []
    with tempfile.TemporaryDirectory() as kept:
        for with_dry in (False, True):
            known = ready(with_dry)
            shared = [f"data.store.folder={kept}", "data.store.workers=auto", *told]
            config = OmegaConf.merge(known.config, OmegaConf.from_dotlist(shared))
            assert isinstance(config, DictConfig)
            data = material(config, known.model)
            count = learn_times(known.model, data.epoch(config.trainer.max_epochs - 1))
            objective(config, known.model).calibrate(known.model, data)
            data.teardown("fit")
            print(f"times of echoes from {count} delays")
            found.append((known.model, known.config))
    return found


if __name__ == "__main__":
    run(main)
