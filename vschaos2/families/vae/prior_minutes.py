"""How long a prior learns, as a configuration says."""

from omegaconf import DictConfig, OmegaConf

from vschaos2.ranges import check_number

KEY = "training.prior_minutes"
LEAST_MINUTES, MOST_MINUTES = 1 / 60, 1e4


def check_minutes(config: DictConfig) -> None:
    """Raise InputError for minutes that cannot be; null, or no such key, means no prior."""
    minutes = prior_minutes(config)
    if minutes is not None:
        check_number(KEY, minutes, LEAST_MINUTES, MOST_MINUTES)


def prior_minutes(config: DictConfig) -> float | None:
    """The minutes; None for no prior."""
    minutes: float | None = OmegaConf.select(config, KEY)
    return minutes
