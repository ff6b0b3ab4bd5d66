"""How a training is watched: `callbacks.monitor` of a configuration."""

from dataclasses import dataclass

from vschaos2.ranges import check_count, check_number


@dataclass(frozen=True)
class MonitorOptions:
    """How a training is watched: `callbacks.monitor` of a configuration.

    Args:
        enabled: false for no reports.
        share: part of the training's time that they may take, from 0 to 0.5.
        first_seconds: seconds of training before the first of them.
        files: held-out files that are played and drawn.
        seconds: length of each, at its loudest.
        dimensions: latent dimensions that are swept.
        history: reports of each kind that are kept in the run's samples/.

    Raises:
        InputError: for a value out of range.
    """

    enabled: bool = True
    share: float = 0.03
    first_seconds: float = 20.0
    files: int = 4
    seconds: float = 3.0
    dimensions: int = 6
    history: int = 6

    def __post_init__(self) -> None:
        where = "callbacks.monitor"
        check_number(f"{where}.share", self.share, 0.0, 0.5)
        check_number(f"{where}.first_seconds", self.first_seconds, 0.0, 86_400.0)
        check_count(f"{where}.files", self.files, 1, 16)
        check_number(f"{where}.seconds", self.seconds, 0.1, 30.0)
        check_count(f"{where}.dimensions", self.dimensions, 1, 64)
        check_count(f"{where}.history", self.history, 1, 1000)
