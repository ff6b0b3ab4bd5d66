"""A trained VAE exported, its wishes by name: what many tests begin with."""

from pathlib import Path
from typing import Any

from vschaos2.families.export import export
from vschaos2.runs.folder import Run


def export_run(run: Run, folder: Path, name: str, blocks: int = 1000, **wishes: Any) -> Path:
    config = run.config.copy()
    config.setdefault("family", "vae")
    usual = {"projection": "pca", "inversion": "balanced"}
    return export(run._replace(config=config), folder, name, {**usual, **wishes}, blocks)
