"""What the small engine (engine/families/vae_model.h) makes a VAE of, wherever in a file it is."""

from collections.abc import Iterator
from typing import Any

from vschaos2.export.for_engine import Source
from vschaos2.families.vae.engine_parts import PARTS, part_modules, part_settings, part_tensors
from vschaos2.families.vae.vae import VAE
from vschaos2.nets.causal_conv import CausalConv
from vschaos2.nets.recurrent import GRU


def unknown_of(model: VAE) -> str:
    """What of a VAE the engine knows nothing of, in words; empty if it knows all."""
    if model.temporal is not None and not isinstance(model.temporal, GRU | CausalConv):
        return f"a memory of the kind {type(model.temporal).__name__}"
    for part in (model.encoder, model.decoder):
        if type(part) not in PARTS:
            return f"models with a {type(part).__name__}"
    return ""


def model_settings(model: VAE) -> dict[str, Any]:
    """Sizes, contrast and parts."""
    transform, head = model.transform, model.coherence_head
    return {
        "model_n_fft": transform.n_fft,
        "latent_dim": model.latent_dim,
        "contrast": transform.contrast,
        "n_mels": transform.n_mels,
        "output": model.output,
        "headroom": model.headroom if model.is_bounded else None,
        **part_settings(model),
        "bins_together": 1 if head is None else head.bins_together,
    }


def model_tensors(model: VAE, path: str) -> Iterator[tuple[str, Source]]:
    """The engine's names of tensors, and the file's; `path` is the VAE's own in the file."""
    for name, module in part_modules(model):
        yield f"{name}.weight", f"{path}.{module}.weight"
        yield f"{name}.bias", f"{path}.{module}.bias"
    for name, tensor in part_tensors(model):
        yield name, f"{path}.{tensor}"
    for name in ("gain", "loudest", "loudest_frame"):
        yield name, f"{path}.{name}"
    yield "scale", f"{path}.transform.scale"
    if model.transform.n_mels > 0:
        yield "mel", f"{path}.transform.mel.bank"
        yield "inverse_mel", f"{path}.transform.inverse_mel.bank"
