"""A trained VAE exported, its wishes by name: what many tests begin with."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from vschaos2.export.card import measure_card
from vschaos2.families.export import export
from vschaos2.runs.folder import Run


def export_run(run: Run, folder: Path, name: str, blocks: int = 3, **wishes: Any) -> Path:
    """Export a run with its usual wishes but for those given; → NAME.ts."""
    config = run.config.copy()
    config.setdefault("family", "vae")
    usual = {"projection": "pca", "inversion": "balanced"}
    return export(run._replace(config=config), folder, name, {**usual, **wishes}, blocks)


def loaded(path: Path) -> torch.jit.ScriptModule:
    """A file as it was saved, its code compiled once for all who load it here."""
    return copy.deepcopy(_loaded(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=4)
def _loaded(path: Path, written_at: int) -> torch.jit.ScriptModule:
    return torch.jit.load(str(path))


@contextmanager
def few_blocks_timed(most: int = 3) -> Iterator[None]:
    """Within it, what is exported is proved as always, but timed for a few blocks of each kind."""

    def measured(content, playable, run_facts, blocks):
        return measure_card(content, playable, run_facts, min(blocks, most))

    with patch("vschaos2.export.write.measure_card", measured):
        yield
