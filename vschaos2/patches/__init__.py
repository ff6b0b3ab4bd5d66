"""Patches for Pd and Max, made for one instrument from its card.

They know no family of models. A card of `forward` alone makes a patch that plays sound through it;
with `decode`, latent axes stand below, and a patch of several voices plays them by notes; with
`encode`, too, there is one that edits latents. A card of `detect` makes a patch that bangs at
onsets; one of `hit` a patch that is struck by pads, keys and notes. What a card says of labels,
latents, attributes, delay and load is shown, as far as it says it.
"""

from collections.abc import Mapping
from typing import Any

from vschaos2.patches import (
    max_hits,
    max_onsets,
    max_patch,
    max_voices,
    pd_hits,
    pd_onsets,
    pd_patch,
    pd_voices,
)
from vschaos2.patches.controls import Controls
from vschaos2.patches.strikes import Strikes
from vschaos2.patches.voices import has_voices, voiced
from vschaos2.terminal import printable


def patch_files(name: str, card: Mapping[str, Any]) -> dict[str, str]:
    """Contents of the patches of an instrument, by file name.

    Names in the card may be anybody's: here they lose line breaks and controls, and where a canvas
    writes them what separates words and boxes.

    Args:
        name: of the instrument's file, without its ending.
        card: of the instrument, as `measure_card` returns it.
    """
    card = _printable(card)
    controls = Controls.of(name, card)
    if "detect" in controls.methods:
        return {
            f"{name}.pd": pd_onsets.onset_patch(controls),
            f"{name}.maxpat": max_onsets.onset_patch(controls),
        }
    if "hit" in controls.methods:
        strikes = Strikes.of(card)
        return {
            f"{name}.pd": pd_hits.hits_patch(controls, strikes),
            f"{name}.maxpat": max_hits.hits_patch(controls, strikes),
        }
    files = {
        f"{name}.pd": pd_patch.play_patch(controls),
        f"{name}.maxpat": max_patch.play_patch(controls),
    }
    if controls.can_edit:
        files[f"{name}-encode-decode.pd"] = pd_patch.edit_patch(controls)
        files[f"{name}-encode-decode.maxpat"] = max_patch.edit_patch(controls)
    if has_voices(controls):
        voices = voiced(name, card)
        files[f"{name}-voices.pd"] = pd_voices.voices_patch(voices)
        files[f"{name}-voices.maxpat"] = max_voices.voices_patch(voices)
    return files


def _printable(told: Any) -> Any:
    """The same values, every text in them printable."""
    if isinstance(told, str):
        return printable(told)
    if isinstance(told, Mapping):
        return {key: _printable(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_printable(value) for value in told]
    return told
