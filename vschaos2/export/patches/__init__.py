"""Patches for Pd and Max, made for one instrument from its card."""

from collections.abc import Mapping
from typing import Any

from vschaos2.export.patches import max_patch, pd_patch
from vschaos2.export.patches.controls import Controls


def patch_files(name: str, card: Mapping[str, Any]) -> dict[str, str]:
    """Contents of the patches of an instrument, by file name.

    Args:
        name: of the instrument's file, without its ending.
        card: of the instrument, as `measure_card` returns it.
    """
    controls = Controls.of(name, card)
    return {
        f"{name}.pd": pd_patch.play_patch(controls),
        f"{name}-encode-decode.pd": pd_patch.edit_patch(controls),
        f"{name}.maxpat": max_patch.play_patch(controls),
        f"{name}-encode-decode.maxpat": max_patch.edit_patch(controls),
    }
