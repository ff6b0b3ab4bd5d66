"""Where the batches of a spectral VAE come from, and what its configuration says of them."""

from omegaconf import DictConfig

from vschaos2.config import call, plain
from vschaos2.data.augment import Augment
from vschaos2.data.module import WindowDataModule, windows
from vschaos2.dsp.coherence import coherence_samples
from vschaos2.families.vae.inference import check_classes, label_tasks
from vschaos2.families.vae.pairs import check_transposition, window_samples
from vschaos2.families.vae.vae import VAE
from vschaos2.inspection.dataset import use_of
from vschaos2.nets.temporal import checked_sequence


def material(config: DictConfig, model: VAE) -> WindowDataModule:
    """Windows of a dataset, with the labels that a model is told or guesses.

    Raises:
        InputError: for a dataset or a value that no training can take.
    """
    use_of(config)  # refuses a transform of another rate
    augment, sequence = augment_of(config, model), sequence_of(config, model)
    drawn = augment.drawn_samples(window_samples(model.transform, sequence))
    if model.coherence_head is not None:
        drawn = max(drawn, coherence_samples(model.transform.n_fft))
    data = windows(
        config,
        frame_samples=model.transform.n_fft,
        drawn_samples=drawn,
        hop=model.transform.hop,
        tasks=label_tasks(model),
        sequence=sequence,
    )
    if data.metadata is not None:
        check_classes(model, data.metadata)
    return data


def augment_of(config: DictConfig, model: VAE) -> Augment:
    """The changes of windows that a configuration asks for.

    Raises:
        InputError: for a value out of range, or labels that could not follow.
    """
    augment = call(Augment, "data.augment", plain(config, "data.augment"))
    check_transposition(model, augment)
    return augment


def sequence_of(config: DictConfig, model: VAE) -> int:
    """Frames in a window, F.

    Raises:
        InputError: if the model's memory could not learn from so few.
    """
    return checked_sequence(config.data.sequence, model.temporal)


def class_names(model: VAE, data: WindowDataModule) -> dict[str, list[str]]:
    """Names of the classes of every label task; none for continuous ones."""
    if data.metadata is None:
        return {}
    return {task: data.metadata.class_names[task] or [] for task in label_tasks(model)}
