#!/usr/bin/env python3
"""Train an instrument from a folder of recordings.

    python train_model.py --config-name dgt_mid name=my_training data.dataset.root=my_folder

Every value of the configuration can be set as key=value; see configs/ and the README.
"""

import os
import sys
from pathlib import Path

from omegaconf import DictConfig

from vschaos2.command_line import run

# Threads that wait for work by spinning slow each other down many times over as soon as another
# program wants a core: let them spin for a tenth of a millisecond only. On two free cores this
# costs nothing; not spinning at all costs a fifth. It must be said before torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

CONFIGS = Path(__file__).resolve().parent / "configs"


def main() -> None:
    """Compose the configuration and train."""
    import hydra
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    from vschaos2.config import explain, lenient_overrides
    from vschaos2.errors import InputError

    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to us whole, to be told in one line
    sys.argv[1:] = lenient_overrides(sys.argv[1:])
    failures: list[Exception] = []

    @hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="dgt_mid")
    def compose_and_train(config: DictConfig) -> None:
        from vschaos2.training.session import is_first_process, train

        try:
            folder = train(config)
            if is_first_process():
                print(f"trained: {folder}")  # noqa: T201
        except (InputError, OmegaConfBaseException) as error:
            failures.append(error)  # raised below: Hydra would print lines of its own

    try:
        compose_and_train()
        if failures:
            raise failures[0]
    except (HydraException, OmegaConfBaseException) as error:
        raise explain(error, CONFIGS, sys.argv[1:]) from error


if __name__ == "__main__":
    run(main)
