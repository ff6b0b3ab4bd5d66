"""The families there are, by name: `family:` of a configuration."""

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.families.bridge.family import BRIDGE_FAMILY
from vschaos2.families.effect.family import EFFECT_FAMILY
from vschaos2.families.film.family import FILM_FAMILY
from vschaos2.families.foley.family import FOLEY_FAMILY
from vschaos2.families.order.family import ORDER_FAMILY
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.plugins import check_plugins
from vschaos2.training.family import Family

_FAMILIES: dict[str, Family] = {}


def register(family: Family) -> Family:
    """Make a family known, as those of a plug-in are; → the family itself.

    Raises:
        ValueError: if another one has its name.
    """
    if _FAMILIES.get(family.name, family) is not family:
        raise ValueError(f"there is a family {family.name!r} already: choose another name")
    _FAMILIES[family.name] = family
    return family


def family_of(config: DictConfig) -> Family:
    """The family that a configuration names.

    Raises:
        InputError: if there is none of that name, or a plug-in that it needs is not loaded.
    """
    needed = OmegaConf.select(config, "plugins", default=[])
    check_plugins(OmegaConf.to_container(needed) if OmegaConf.is_config(needed) else needed)
    name = OmegaConf.select(config, "family")
    if name not in _FAMILIES:
        known = list(_FAMILIES)
        raise InputError(
            f"no family {name!r}{suggestion(str(name), known)} (there are {', '.join(known)})"
        )
    return _FAMILIES[name]


register(VAE_FAMILY)
register(EFFECT_FAMILY)
register(BRIDGE_FAMILY)
register(FOLEY_FAMILY)
register(ORDER_FAMILY)
register(FILM_FAMILY)
