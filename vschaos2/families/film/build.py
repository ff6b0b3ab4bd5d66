"""A network that sees strikes, from its configuration."""

from omegaconf import DictConfig

from vschaos2.families.film.net import FilmNet
from vschaos2.nets.build import built


def build_model(config: DictConfig) -> FilmNet:
    """The untrained network that `config.model` describes.

    Raises:
        InputError: for a key that it does not have, or a value that it refuses.
    """
    return built(FilmNet, config)
