"""What of a model's spectra is tone, learnt beside it from the phases of the recordings.

Magnitudes tell a model nothing of phases. So a head of its own reads the latents, and learns what
coherence (`dsp.coherence`) is to be expected where they are; nothing else learns from it.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.coherence import coherence
from vschaos2.families.vae.inference import infer
from vschaos2.families.vae.vae import VAE
from vschaos2.nets.distributions import normal_sample


def coherence_loss(model: VAE, batch: Mapping[str, Any], response: Tensor) -> Tensor:
    """The mean squared error of a model's coherence, whose least is the expected one.

    Args:
        model: with a head.
        batch: waveforms [B, S], S at least `coherence_samples`, and labels [B·F] by task.
        response: factors of the magnitudes, under which the coherence stays, [R, K], R ≤ B.
    """
    count = len(response)
    labels = {task: known.reshape(len(batch["waveform"]), -1)[:count, 0]
              for task, known in batch["labels"].items()}  # fmt: skip
    with torch.no_grad():
        target, magnitude = coherence(batch["waveform"][:count], model.transform.window)
        found = infer(model, model.transform.to_frames(magnitude * response), labels)
    estimate = model.coherence(normal_sample(found.posterior), found.labels)
    assert estimate is not None
    return F.mse_loss(estimate, target)
