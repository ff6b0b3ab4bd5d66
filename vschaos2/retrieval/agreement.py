"""Which settings came out alike in several runs of one pair: those the sound tells of."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch

from vschaos2.processors.parameter import Parameter, Ranges

ALIKE = 0.05  # of a range, within which runs are alike
HIDDEN = "reverb_"  # whose numbered gains are not shown


def agreement(folders: Sequence[Path]) -> dict[str, float]:
    """How far each setting lies apart in several runs, as a share of its range along its scale.

    Args:
        folders: runs of one pair, of one chain.
    """
    read = [json.loads((each / "settings.json").read_text(encoding="utf-8")) for each in folders]
    found = {}
    for name, of in read[0].items():
        parameter = Parameter(
            name, of["unit"], of["lowest"], of["highest"], of["value"], of["scale"]
        )
        values = [[each[name]["value"]] for each in read if name in each]
        raw = Ranges((parameter,)).raw(torch.tensor(values, dtype=torch.float64)[:, None])
        place = torch.sigmoid(raw)
        found[name] = float(place.max() - place.min())
    return found


def agreement_said(folders: Sequence[Path]) -> list[str]:
    """Two lines: the settings that are alike in all runs of a pair, and the others.

    Args:
        folders: of the runs; nothing is said of one.
    """
    if len(folders) < 2:
        return []
    apart = {
        name: share
        for name, share in agreement(folders).items()
        if not (name.startswith(HIDDEN) and name[-1].isdigit())
    }
    alike = [name for name, share in apart.items() if share <= ALIKE]
    other = [f"{name} ({share:.0%})" for name, share in apart.items() if share > ALIKE]
    return [
        f"alike in {len(folders)} runs, within {ALIKE:.0%} of their ranges: "
        f"{', '.join(alike) or 'none'}",
        f"not told by the sound: {', '.join(other) or 'none'}",
    ]
