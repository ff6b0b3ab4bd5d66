"""TensorBoard's log of a training, which says in one line that a disk is full."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from tensorboard.plugins.hparams import metadata
from torch.utils.tensorboard.summary import hparams

from vschaos2.overrides import PATHS
from vschaos2.runs.settings import Settings
from vschaos2.training.event_files import says


class EventLog(TensorBoardLogger):
    """Logs events of a run folder, and writes nothing beside them.

    Once in a training, its settings are among them, for TensorBoard's HPARAMS: as events of step
    0, which stay when a training that died goes on.

    Args:
        folder: rundir/name/version_N.
        settings: of the training, by their keys.
        measures: tags of the curves whose last values TensorBoard shows beside them.
        first_step: the step at which a training goes on; None for a new one.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        measures: Sequence[str],
        first_step: int | None,
    ) -> None:
        # A TensorBoard that has been open all the while forgets the steps that come again.
        super().__init__(
            folder.parent.parent, folder.parent.name, folder.name, purge_step=first_step
        )
        self.folder = folder
        self.settings = {key: value for key, value in settings.items() if key not in PATHS}
        self.measures = measures
        self.is_told = False

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Log values at a step, after the settings."""
        if not self.is_told:
            self._tell_settings()
            self.is_told = True
        super().log_metrics(metrics, step)

    def _tell_settings(self) -> None:
        """Log the settings, unless the training did before it was resumed."""
        if says(self.folder, metadata.SESSION_START_INFO_TAG):
            return
        # Without values: the curves of these tags have them.
        experiment, start, _ = hparams(self.settings, dict.fromkeys(self.measures, 0.0))
        for summary in (experiment, start):
            self.experiment._get_file_writer().add_summary(summary, 0)

    @rank_zero_only
    def save(self) -> None:
        """Let the events that wait reach their file."""
        if self._experiment is not None:
            self._experiment.flush()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file; after a failure, what cannot be written any more is let go."""
        try:
            super().finalize(status)
        except OSError:
            if status != "failed":
                raise
            with suppress(OSError):
                if self._experiment is not None:
                    self._experiment.close()


@contextmanager
def quiet_threads() -> Iterator[None]:
    """Keep failures to write in other threads off the terminal.

    Events are written by a thread, whose failure is raised here with the next event: once is
    enough.
    """
    before = threading.excepthook

    def hook(failure: threading.ExceptHookArgs) -> None:
        if not isinstance(failure.exc_value, OSError):
            before(failure)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
