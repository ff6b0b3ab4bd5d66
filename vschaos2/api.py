"""The five things that a researcher does, a function each; `import vschaos2` has them all.

    run = vschaos2.load_run("runs/cello")       a trained model, out of its run folder
    heard = vschaos2.encode(run, "note.wav")    a sound file as latents
    sound = vschaos2.decode(run, heard.latents) latents as sound
    found = vschaos2.evaluate(run)              how well held-out files are reconstructed
    folder = vschaos2.train(config)             a training, of a configuration from `compose`

Mistakes raise `vschaos2.InputError`, whose text is one line that says what to do.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from vschaos2.config import CONFIGS
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.families.vae.signal_path import sound_of
from vschaos2.generation.evaluation import Evaluation, centre_seconds
from vschaos2.generation.evaluation import evaluate as evaluate_run
from vschaos2.generation.methods import check_methods, with_latents
from vschaos2.generation.player import Player
from vschaos2.overrides import composed, explain, lenient_overrides
from vschaos2.plugins import load_plugins
from vschaos2.runs.folder import Run

__all__ = [
    "Encoded",
    "InputError",
    "compose",
    "decode",
    "encode",
    "evaluate",
    "load_plugins",
    "load_run",
    "train",
]


class Encoded(NamedTuple):
    """What a model hears in a sound, frame by frame.

    Attributes:
        latents: a point for every frame, [F, Z] float32.
        seconds: the centre of every frame in the sound, [F]; those of the first frames lie before
            its first sample.
        labels: of every task that the model is told, known or else guessed, NaN where neither,
            [F, n] float32.
        audible: 1 where a frame is no silence, else 0, [F] float32.
    """

    latents: npt.NDArray[np.float32]
    seconds: npt.NDArray[np.float64]
    labels: npt.NDArray[np.float32]
    audible: npt.NDArray[np.float32]


def compose(name: str = "dgt_mid", *overrides: str, folder: Path | str | None = None) -> DictConfig:
    """The configuration of a training, as `--config-name NAME key=value …` makes it.

    Args:
        name: of a file in vschaos2/configs, without its ending, or else in `folder`.
        overrides: key=value, as on the command line.
        folder: of configurations of one's own, which may build on those of vschaos2.

    Raises:
        InputError: for a name or a key that does not exist.

    Example:
        >>> import vschaos2
        >>> config = vschaos2.compose("dgt_small", "name=cello", "data.dataset.root=my_recordings")
        >>> config.model.latent_dim
        8
    """
    own = None if folder is None else Path(folder)
    GlobalHydra.instance().clear()
    try:
        return composed(CONFIGS, name, lenient_overrides(list(overrides)), own)
    except (HydraException, OmegaConfBaseException) as error:
        places = [] if own is None else ["--config-dir", str(own)]
        raise explain(error, CONFIGS, ["--config-name", name, *places]) from error


def encode(
    run: Run, path: Path | str, projection: str = "none", labels: Sequence[str] = ()
) -> Encoded:
    """The latents of a sound file: of all frames that hold a sample of it.

    Args:
        run: a trained model.
        path: of the sound, of any rate and number of channels.
        projection: the axes that latents are counted on: "none" for the model's own, "pca" or
            "ica" for those that a player sees.
        labels: what the model is told, TASK, VALUE, …; guessed where it is not.

    Raises:
        InputError: for a run that has no `encode`, or a file that cannot be read.

    Example:
        >>> import vschaos2
        >>> run = vschaos2.load_run("runs/cello")
        >>> heard = vschaos2.encode(run, "note.wav")
        >>> heard.latents.shape[1] == run.model.latent_dim
        True
    """
    check_methods(run, "encode")
    player = Player(run, projection, words=labels)
    heard = player.hear(Path(path))
    seconds = centre_seconds(player.core, len(heard.latents))
    return Encoded(heard.latents, seconds, heard.labels, heard.audible)


def decode(
    run: Run,
    latents: npt.NDArray[np.floating],
    projection: str = "none",
    labels: Sequence[str] = (),
    inversion: str | None = None,
) -> npt.NDArray[np.float32]:
    """The sound of a path through the latent space, a point a hop, at the model's rate.

    What `encode` heard is given back in its place: sample t of the sound is sample t.

    Args:
        run: a trained model.
        latents: a point for every frame, [F, Z].
        projection: the axes that they are counted on.
        labels: what the model is told, TASK, VALUE, …; guessed where it can be, else class 0.
        inversion: random, eco, live, balanced, hq or offline; the run's if None.

    Shape: [F, Z] → [F·hop] float32.

    Raises:
        InputError: for a run that has no `decode`, or latents of another form.

    Example:
        >>> import vschaos2
        >>> run = vschaos2.load_run("runs/cello")
        >>> sound = vschaos2.decode(run, vschaos2.encode(run, "note.wav").latents)
        >>> sound.dtype
        dtype('float32')
    """
    check_methods(run, "decode")
    player = Player(run, projection, inversion, labels)
    points = np.asarray(latents)
    if points.ndim != 2 or points.shape[1] != player.core.latent_dims or not len(points):
        raise InputError(
            f"latents must be [frames, {player.core.latent_dims}], got {list(points.shape)}"
        )
    if not np.isfinite(points).all():
        raise InputError("latents hold values that are not finite: replace them")
    told = np.broadcast_to(player.labels, (len(points), len(player.labels)))
    blocks = sound_of(player.core, points, told, 0, len(points) * player.core.hop)
    return np.concatenate(list(blocks))


def evaluate(
    run: Run, dataset: Path | str | None = None, inversion: str | None = None
) -> Evaluation:
    """Measure a run on the files that it never trained on, or on those of a folder.

    Args:
        run: a trained model.
        dataset: folder whose every file is measured; None for the held-out files of the training.
        inversion: of `decode`; the run's own if None.

    Raises:
        InputError: for a run that has no `decode`, or if there are no such files.

    Example:
        >>> import vschaos2
        >>> run = vschaos2.load_run("runs/cello")
        >>> found = vschaos2.evaluate(run)
        >>> found.means["keep_input/spectral_convergence"] > 0
        True
    """
    check_methods(run, "encode", "decode")
    run = with_latents(run)
    return evaluate_run(run, None if dataset is None else Path(dataset), inversion)
