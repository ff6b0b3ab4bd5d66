"""A prior in its run folder: prior.ckpt, beside the weights whose latents it knows."""

import hashlib
import logging
from pathlib import Path

from torch import nn

from vschaos2.calling import typed
from vschaos2.errors import InputError
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.vae import VAE
from vschaos2.ranges import check_count
from vschaos2.runs.checkpoints import (
    LARGEST,
    MISFITS,
    check_finite,
    read_checkpoint,
    save_checkpoint,
)

logger = logging.getLogger(__name__)

PRIOR = "prior.ckpt"
SIZES = ("dims", "hidden_dims", "components", "every")
MOST = {"dims": 4096, "hidden_dims": 65_536, "components": 1024, "every": 1024}


def fingerprint(model: nn.Module) -> str:
    """A text that is another one for other weights."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def write_prior(folder: Path, prior: LatentPrior, model: VAE) -> None:
    """Store a prior of a model's latents.

    Raises:
        InputError: if it cannot be written.
    """
    sizes = {name: getattr(prior, name) for name in SIZES}
    content = {"state_dict": prior.state_dict(), "sizes": sizes, "of": fingerprint(model)}
    save_checkpoint(folder / PRIOR, content)


def read_prior(folder: Path, model: VAE) -> LatentPrior | None:
    """The prior of a model's latents; None where there is none, or one of other weights.

    Raises:
        InputError: for a damaged file, or one of another form.
    """
    path = folder / PRIOR
    if not path.is_file():
        return None
    content = read_checkpoint(path)
    try:
        if content["of"] != fingerprint(model):
            logger.warning(
                "%s: belongs to other weights than the run has now, and is left out: %s makes one",
                path, f"{typed('train')} prior={folder}",
            )  # fmt: skip
            return None
        sizes = {name: content["sizes"][name] for name in SIZES}
        for name, size in sizes.items():
            check_count(f"{path}: {name}", size, 1, MOST[name])
        prior = LatentPrior(model.latent_dim, **sizes)
        prior.load_state_dict(content["state_dict"])
    except InputError:
        raise
    except MISFITS as error:
        raise InputError(f"{path}: is no prior of this run: remove it") from error
    check_finite(path, prior.state_dict(), "prior", LARGEST)
    return prior.eval().requires_grad_(False)
