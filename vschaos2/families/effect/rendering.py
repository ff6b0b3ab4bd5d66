"""What an effect makes of a whole sound, offline: the code that plays, in long blocks."""

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.data.takes import KNOB_HOP
from vschaos2.families.effect.effect_model import EffectModel

Samples = npt.NDArray[np.float32]
BLOCK_SAMPLES = 2**16


@torch.inference_mode()
def rendered(model: EffectModel, dry: Samples, knobs: Samples, start_s: float = 0.0) -> Samples:
    """The sound that leaves, from rest.

    Args:
        model: the effect.
        dry: what enters, [C, T].
        knobs: in their own units, one value for all of it or one every `KNOB_HOP` samples,
            [K, 1] or [K, F].
        start_s: where in its recording the sound begins, for what oscillates.

    Shape: → [O, T].
    """
    state, made = model.begin_at(torch.tensor([start_s])), []
    sound = torch.from_numpy(np.ascontiguousarray(dry.T))[None]
    values = torch.from_numpy(np.ascontiguousarray(knobs.T))[None]
    for first in range(0, sound.shape[1], BLOCK_SAMPLES):
        x = sound[:, first : first + BLOCK_SAMPLES]
        missing = -x.shape[1] % model.net.block
        told = values
        if values.shape[1] > 1:
            places = torch.arange(first, first + x.shape[1] + missing) // KNOB_HOP
            told = values[:, places.clamp(max=values.shape[1] - 1)]
        padded = torch.nn.functional.pad(x, (0, 0, 0, missing))
        y, state = model(padded, told, state)
        made.append(y[0, : x.shape[1]])
    return torch.cat(made).numpy().T
