"""The settings of trainings, as dotted keys, and in which of them the versions of a run differ.

The trainings of a sweep stand beside each other as versions of one run: what tells them apart is
what was tried.
"""

from collections.abc import Iterator, Mapping, Sequence

from omegaconf import DictConfig, OmegaConf

Setting = str | int | float | bool | None
Settings = dict[str, Setting]

OWN = ("name", "rundir", "check")  # that say where a run is and not what
LONGEST = 20  # characters of a value that is shown


def settings_of(config: DictConfig) -> Settings:
    """The values of a configuration by their dotted keys; lists and empty mappings are texts.

    What only says where the run stands is left out.
    """
    values = OmegaConf.to_container(config, resolve=False)
    return {key: value for key, value in _leaves(values, "") if key not in OWN}


def differences(versions: Sequence[Settings]) -> list[Settings]:
    """Of each of some settings those that are not the same in all.

    Keys that all have come first; then those that only some have, as parts of a model that the
    others are built without.
    """
    keys = dict.fromkeys(key for settings in versions for key in settings)
    several = [key for key in keys if len({_told_apart(v[key]) for v in versions if key in v}) > 1]
    everywhere = [key for key in several if all(key in v for v in versions)]
    somewhere = [key for key in keys if not all(key in v for v in versions)]
    shown = [*everywhere, *somewhere]
    return [{key: settings[key] for key in shown if key in settings} for settings in versions]


def short_keys(keys: Sequence[str]) -> list[str]:
    """The last words of dotted keys, as many of each as tell it from the others."""
    tails = [[key.split(".", n)[n] for n in range(key.count(".") + 1)][::-1] for key in keys]
    every = [tail for of_key in tails for tail in of_key]
    return [next((t for t in of_key if every.count(t) == 1), of_key[-1]) for of_key in tails]


def short_value(value: Setting) -> str:
    """A value in a few characters: of a path, or any long text, the end."""
    text = _text(value)
    return text if len(text) <= LONGEST else "…" + text[1 - LONGEST :]


def _text(value: Setting) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _told_apart(value: Setting) -> tuple[bool, Setting]:
    """What is equal for the same values: 1 and 1.0 are, 1 and true are not."""
    return isinstance(value, bool), value


def _leaves(value: object, key: str) -> Iterator[tuple[str, Setting]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    elif value is None or isinstance(value, str | int | float | bool):
        yield key, value
    else:
        yield key, str(value)
