"""Words of a command line, key=value, as Hydra wants them, and its complaints in one line.

In Hydra's grammar quotes, brackets, commas, spaces and much else mean something, and letters
beyond ASCII nothing at all. Folders are called anything. So what follows the = of a path or a
name is taken as it stands, and handed on in quotes.
"""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.minutes import in_trainer_words

FLAGS = (
    *("--help", "--hydra-help", "--version", "--cfg", "--resolve", "--package", "--run"),
    *("--multirun", "--shell-completion", "--config-path", "--config-name", "--config-dir"),
    *("--experimental-rerun", "--info", "-h", "-c", "-p", "-r", "-m", "-sc", "-cp", "-cn"),
    *("-cd", "-i"),
)
VALUED = (
    *("--cfg", "--package", "--config-path", "--config-name", "--config-dir"),
    *("--experimental-rerun", "-c", "-p", "-cp", "-cn", "-cd"),
)
SHOWN = ("job", "hydra", "all")
INFORMED = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
CHOICES = {"--cfg": SHOWN, "-c": SHOWN, "--info": INFORMED, "-i": INFORMED}
PATHS = ("rundir", "data.dataset.root", "model.init_from")
TEXTS = ("name", *PATHS)
WORDS = ("minutes", "prior", "resume")  # keys of the command line alone
# What version 0.1 had: its command lines may set it still.
UNNEEDED = ("model._target_", "model.encoder._partial_", "model.decoder._partial_")
GROUPS = ("data", "model", "training", "callbacks", "trainer")
NO_NAME = r"(?i)(null|true|false|nan|inf)$|[^\W_a-z]|[-+.{]"
# What a sweep has of its own: functions such as glob(*) and choice(a, b).
SWEEP_FUNCTION = r"(choice|range|interval|glob|sort|shuffle|tag)\(.*\)"
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""


def lenient_overrides(arguments: list[str]) -> list[str]:
    """Command-line arguments as Hydra takes them.

    * Options, which may stand anywhere, come first with their values, as Hydra wants them.
    * +key=value means "set it", whether the key exists or not; trainer.key=value means that, too.
    * What follows the = of `TEXTS` is text, except null and what stands in quotes of its own; in
      a sweep its commas separate what is tried.
    * minutes=20 is `trainer.max_time`, and no end by epochs.
    * The ~ that a path begins with is the home folder.

    What comes out goes in again unchanged: further processes of a training are started with it.

    Raises:
        InputError: for an option that Hydra does not have, one without the value that it needs, or
            a word without a key, or minutes that cannot be.
    """
    sweeps = any(
        re.fullmatch(r"-m|--multirun|\+*sweep=(?!null$).*|\+*hydra\.mode=MULTIRUN", argument)
        for argument in arguments
    )
    options, words = [], []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word.startswith("-"):
            options += _option(word, rest)
        else:
            words.append(_override(word, sweeps))
    return options + in_trainer_words(words)


def _option(word: str, rest: list[str]) -> list[str]:
    """An option and its value, which is taken from the front of the words behind it."""
    flag, equals, value = word.partition("=")
    if flag not in FLAGS:
        hint = suggestion(flag, list(FLAGS)) or ": values are set as key=value"
        raise InputError(f"unknown option {flag}{hint}")
    taken = [word]
    is_next = rest and (flag in VALUED or rest[0] in CHOICES.get(flag, ()))
    if not equals and is_next:
        value = rest.pop(0)
        taken.append(value)
    if flag in VALUED and (not value or value.startswith("-")):
        raise InputError(f"{flag} needs a value: write {flag}=…")
    if equals and flag not in (*VALUED, *CHOICES):
        raise InputError(f"{word}: {flag} takes no value: leave ={value} out")
    if value and value not in CHOICES.get(flag, (value,)):
        raise InputError(f"{flag} must be one of {', '.join(CHOICES[flag])}, got {value!r}")
    return taken


def _override(argument: str, sweeps: bool) -> str:
    if re.match(r"[+~]*(=|$)", argument):
        raise InputError(f"{argument!r} is no key=value")
    word = re.fullmatch(r"(\+*)([\w./@-]+)=(.*)", argument, re.S)
    if word is None:
        return "+" + argument if re.match(r"\+[^+]", argument) else argument
    plus, key, value = word.groups()
    if plus or key.startswith("trainer.") or key in UNNEEDED:
        plus = "++"
    if key in GROUPS and re.match(NO_NAME, value):
        value = quoted(value)  # Hydra fails on what is no file's name
    if key in TEXTS:
        value = _swept(key, value) if sweeps else _text(key, value)
    return f"{plus}{key}={value}"


def plugins_of(arguments: list[str]) -> list[str]:
    """The packages that plugins=… among key=value arguments names.

    Raises:
        InputError: if it is neither a name nor a list of names.
    """
    names: list[str] = []
    for argument in arguments:
        if not re.match(r"\+*plugins=", argument):
            continue
        try:
            (override,) = OverridesParser.create().parse_overrides([argument])
            value = override.value()
        except OverrideParseException as error:
            raise cannot_be_read(error) from error
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise InputError(f"{argument}: wants a list of packages: plugins=[my_package]")
        names += [str(name) for name in value]
    return names


def expanded(path: str) -> str:
    """A path with the home folder in place of the ~ that it begins with."""
    return os.path.expanduser(path)  # noqa: PTH111 - a Path would tidy up what is to stay as it is


def quoted(text: str) -> str:
    """A text in quotes, from which Hydra reads this very text.

    Backslashes mean something only before a quote or at the end, and before ${, which is no
    interpolation after one.
    """
    text = literal(text)
    return "'" + re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), text) + "'"


def storable(config: DictConfig) -> dict[str, Any]:
    """The values of a configuration for config.yaml, whose readers refuse every ${.

    In a path or a name, where it is nothing but text, a backslash stands between the two.
    """
    content: Any = OmegaConf.to_container(config, resolve=True)
    _change_texts(content, lambda text: re.sub(r"\$(\\*)\{", r"$\\\1{", text))
    return content


def restore_texts(content: dict[str, Any]) -> None:
    """Let the paths and names of a config.yaml that was read be what they were, in place."""
    _change_texts(content, lambda text: literal(re.sub(r"\$\\(\\*)\{", r"$\1{", text)))


def _change_texts(content: Any, change: Callable[[str], str]) -> None:
    for key in TEXTS:
        *parts, last = key.split(".")
        node = content
        for part in parts:
            node = node.get(part) if isinstance(node, dict) else None
        if isinstance(node, dict) and isinstance(node.get(last), str):
            node[last] = change(node[last])


def literal(text: str) -> str:
    """A text from which OmegaConf resolves this very text, with ${ in it or without."""
    return re.sub(r"(\\*)\$\{", lambda m: 2 * m[1] + "\\${", text)


def composed(folder: Path, name: str, words: list[str], own: Path | None = None) -> DictConfig:
    """A configuration as a training has it, unresolved.

    Args:
        folder: the folder of configurations.
        name: of the configuration in it, or else in `own`.
        words: key=value, as Hydra takes them.
        own: a folder of one's own, whose configurations may build on those of the other.
    """
    is_own = own is not None and not (folder / f"{name}.yaml").exists()
    places = [place.resolve() for place in (folder, own) if place is not None]
    searched = ",".join(quoted(f"file://{place}") for place in places)
    with initialize_config_dir(str(places[is_own]), version_base="1.3"):
        return compose(name, [f"hydra.searchpath=[{searched}]", *words])


def explain(error: Exception, folder: Path, arguments: list[str]) -> InputError:
    """The one-line form of an error in the composition of a configuration.

    Args:
        error: what Hydra or OmegaConf raised.
        folder: the folder of configurations.
        arguments: the command line, for the name of the configuration and a folder of one's own.
    """
    if isinstance(error, OverrideParseException):
        return cannot_be_read(error)
    text = str(error)
    said = re.search(r"Could not override '([^']+)'", text)
    if said:
        # The cause knows the very key in what was to be set at once, {…}; or only its beginning.
        mistyped = max(str(getattr(error.__cause__, "full_key", "")), said[1], key=len)
        return InputError(
            f"no config key {mistyped!r}{suggestion(mistyped, [*WORDS, *_keys(folder, arguments)])}"
        )
    missing = re.search(r"Cannot find primary config '([^']+)'", text)
    if missing:
        places = filter(None, (folder, _own_folder(arguments)))
        names = sorted(path.stem for place in places for path in place.glob("*.yaml"))
        return InputError(
            f"no configuration {missing[1]!r}{suggestion(missing[1], names)} (there are "
            f"{', '.join(names)})"
        )
    launcher = re.search(r"hydra/launcher/(submitit\w*)", text)
    if launcher:
        return InputError(
            f"hydra/launcher={launcher[1]} is not installed: pip install hydra-submitit-launcher"
        )
    if text.startswith("Error merging override") and error.__cause__ is not None:
        text += f": {error.__cause__}"  # which alone says why
    kept = re.split(r"\n\s*(?:Config search path|See https|object_type)", text)[0]
    return InputError("configuration: " + " ".join(kept.split()))


def cannot_be_read(error: OverrideParseException) -> InputError:
    """The one line for a word that Hydra's grammar does not allow, with quotes that it does."""
    key, equals, value = error.override.partition("=")
    if not equals:
        return InputError(f"{error.override!r} is no key=value")
    remedy = shlex.quote(f"{key}={quoted(value)}")
    return InputError(f"{error.override!r}: cannot be read as a value: as text, write {remedy}")


def _text(key: str, value: str) -> str:
    """A value as one text; null and what is quoted already are left as they are."""
    if value == "null" or re.fullmatch(QUOTED, value, re.S):
        return value
    return quoted(expanded(value) if key in PATHS else value)


def _swept(key: str, value: str) -> str:
    """Values to try, separated by commas outside quotes, each as one text."""
    if re.fullmatch(SWEEP_FUNCTION, value, re.S):
        return value
    parts = re.findall(rf"(?:^|,)((?:{QUOTED})(?=,|$)|[^,]*)", value, re.S)
    return ",".join(_text(key, part) for part in parts)


def _keys(folder: Path, arguments: list[str]) -> list[str]:
    """Every dotted key of the configuration that a command line names."""
    name = _value_of(arguments, "--config-name", "-cn") or "dgt_mid"
    GlobalHydra.instance().clear()
    try:
        config = composed(folder, name, [], _own_folder(arguments))
    except HydraException:  # what is wrong with it comes to light when it is composed as asked for
        return []
    return _dotted(OmegaConf.to_container(config, resolve=False), "")


def _own_folder(arguments: list[str]) -> Path | None:
    """The folder of configurations that a command line adds to ours."""
    given = _value_of(arguments, "--config-dir", "-cd")
    return Path(given) if given else None


def _value_of(arguments: list[str], *flags: str) -> str | None:
    """The value of an option, as --flag value or --flag=value; None if it is not there."""
    for word, following in zip(arguments, [*arguments[1:], None], strict=True):
        flag, equals, value = word.partition("=")
        if flag in flags:
            return value if equals else following
    return None


def _dotted(node: Any, prefix: str) -> list[str]:
    if not isinstance(node, dict):
        return []
    keys = [f"{prefix}{key}" for key in node]
    return keys + [k for key, value in node.items() for k in _dotted(value, f"{prefix}{key}.")]
