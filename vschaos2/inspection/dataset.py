"""A dataset folder inspected, for itself and for what a configuration would make of it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from vschaos2.audio import find_audio_files
from vschaos2.calling import typed
from vschaos2.data.cache import NothingUsable, SampleCache, open_cache
from vschaos2.data.dataset import SequentialWindows, WindowReader
from vschaos2.data.module import WindowDataModule
from vschaos2.data.splits import check_dataset_options
from vschaos2.data.stretches import Split, Stretch, split
from vschaos2.dataset_paths import sound_folder
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.inspection.findings import Finding, Report, Training, findings_of
from vschaos2.inspection.labels import check_labels
from vschaos2.inspection.size import Hearing, size_of
from vschaos2.inspection.sounds import check_sound, unreadable_reason
from vschaos2.ranges import check_count

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Use:
    """What a configuration does with a dataset; see `use_of`.

    Args:
        sample_rate_hz: rate of the model.
        n_files: use only so many files; None for all.
        validation_fraction: part of the files that is held out.
        seed: of the split.
        frame_samples: length of a frame.
        hop_samples: distance between windows.
        callbacks: how to read metadata, as in `load_metadata`.
        tasks: the tasks that the model is conditioned on or predicts.
        stretches: of one recording alone, hold out stretches.
    """

    sample_rate_hz: int
    n_files: int | None
    validation_fraction: float
    seed: int
    frame_samples: int
    hop_samples: int
    callbacks: Mapping[str, Mapping[str, str]]
    tasks: Sequence[str]
    stretches: bool = True

    def __post_init__(self) -> None:
        """Raise InputError for what no training takes."""
        check_dataset_options(self.sample_rate_hz, self.n_files, self.validation_fraction)
        check_count("seed", self.seed, 0, 2**32 - 1)
        check_count("data.transform.n_fft", self.frame_samples, 2, 2**15)
        check_count("data.transform.hop", self.hop_samples, 1, self.frame_samples)


def use_of(config: DictConfig) -> Use:
    """What a composed configuration does with its dataset.

    Raises:
        InputError: if the model is made for another sample rate.
    """
    rate_hz, model_rate_hz = (config.data[part].sample_rate_hz for part in ("dataset", "transform"))
    if rate_hz != model_rate_hz:
        raise InputError(
            f"data.transform.sample_rate_hz is {model_rate_hz}, but data.dataset.sample_rate_hz is "
            f"{rate_hz}: set the dataset's alone, the other follows it"
        )
    # Configurations without labels need not speak of them.
    parts = [OmegaConf.select(config, f"model.{part}") for part in ("conditioning", "prediction")]
    return Use(
        sample_rate_hz=rate_hz,
        n_files=config.data.dataset.n_files,
        validation_fraction=config.data.dataset.validation_fraction,
        seed=config.seed,
        frame_samples=config.data.transform.n_fft,
        hop_samples=config.data.transform.hop,
        callbacks=OmegaConf.select(config, "data.dataset.metadata_callbacks") or {},
        tasks=sorted({str(task) for part in parts if part for task in part}),
        stretches=OmegaConf.select(config, "data.dataset.stretches", default=True),
    )


def hearing_of(config: DictConfig, transform: SpectralTransform) -> Hearing:
    """How a composed configuration hears its dataset.

    Args:
        config: of a training.
        transform: that it describes.
    """
    gain_db = OmegaConf.select(config, "data.augment.gain_db", default=0.0)
    return Hearing(transform, gain_db, config.data.loader.validation_windows)


def inspect_dataset(
    root: Path,
    use: Use,
    cache: SampleCache | None = None,
    clipping: bool = True,
    hearing: Hearing | None = None,
) -> Report:
    """The facts of a dataset folder and everything in it that should be mended.

    Args:
        root: dataset folder.
        use: what it is for.
        cache: its samples, if they are open already.
        clipping: look for clipping too, which decodes every loud file once more.
        hearing: tell what size of a model the sounds ask for, too, which takes seconds; None not
            to.

    Raises:
        InputError: if root is no folder, `use` holds a value out of range, or the cache cannot be
            written.
    """
    found = find_audio_files(sound_folder(root))
    if not found:
        remedy = "put recordings into it, or into its folder data/: wav, flac, aiff, ogg, mp3 …"
        return Report(root, findings=[Finding("error", "no sound file", [str(root)], remedy)])
    try:
        cache = cache or open_cache(root, use.sample_rate_hz, n_files=use.n_files)
    except NothingUsable:
        return Report(root, findings=_unusable(root, found, use))
    used = {file.path for file in cache.files}
    rest = [path for path in found if path.relative_to(root).as_posix() not in used]
    # With n_files set, files that are not in the cache were not meant to be.
    findings = _unusable(root, rest, use) if use.n_files is None else []
    recordings, sound_findings = check_sound(root, cache, clipping)
    sides = split(cache, use.validation_fraction, use.seed, use.frame_samples, use.stretches)
    training, planned = _plan(cache, use, sides)
    tasks, labelled = check_labels(root, cache, use.callbacks, use.tasks)
    size = size_of(cache, sides, hearing) if hearing else None
    every = findings + sound_findings + planned + labelled
    return Report(root, recordings, training, tasks, every, size)


def tell_of(data: WindowDataModule) -> None:
    """Log what a training's dataset holds, and where to read more if something is wrong with it."""
    use = Use(
        data.sample_rate_hz, data.n_files, data.validation_fraction, data.seed,
        data.frame_samples, data.hop, data.metadata_callbacks, data.tasks, data.stretches,
    )  # fmt: skip
    report = inspect_dataset(data.root, use, cache=data.cache, clipping=False)
    logger.info(report.summary())
    if report.errors:
        logger.warning("for each finding and its remedy: %s %s", typed("check"), data.root)


def _unusable(root: Path, paths: Sequence[Path], use: Use) -> list[Finding]:
    reasons = ((path, unreadable_reason(path, use.sample_rate_hz)) for path in paths)
    where = [f"{path.relative_to(root).as_posix()}: {reason}" for path, reason in reasons if reason]
    remedy = "repair these files, convert them to WAV or remove them; training leaves them out"
    return findings_of(where, "error", "unreadable files", remedy)


def _plan(cache: SampleCache, use: Use, sides: Split) -> tuple[Training, list[Finding]]:
    counts = [
        SequentialWindows(
            WindowReader(cache, files, use.frame_samples, use.hop_samples, stretches=stretches),
            1,
        ).n_windows
        for files, stretches in (
            (sides.training, sides.training_stretches),
            (sides.held_out, sides.held_out_stretches),
        )
    ]
    short = [file.path for file in cache.files if file.length < use.frame_samples]
    kept = sides.held_out_stretches or [Stretch(0, cache.files[n].length) for n in sides.held_out]
    held_out_s = sum(end - first for first, end in kept) / cache.sample_rate_hz
    plan = Training(
        len(set(sides.training)), counts[0], len(set(sides.held_out)), counts[1], held_out_s,
        use.frame_samples, use.hop_samples, len(short), len(sides.held_out_stretches or ()),
    )  # fmt: skip
    remedy = "they are heard with silence around them: join or remove them, or lower n_fft"
    what = f"files shorter than {use.frame_samples} samples"
    return plan, findings_of(short, "note", what, remedy)
