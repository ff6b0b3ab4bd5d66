"""Writes docs/configuration.md: every key of configs/, its default and its meaning.

    python3 -m docs.write_configuration

The meaning of a key is its comment: on its line, continued on lines that hold only a comment in
the same column, or on the lines just above it. A key without one is an error.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.streaming import StreamingSynthesis
from vschaos2.families.vae.build import build_model
from vschaos2.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "vschaos2" / "configs"
PAGE = ROOT / "docs" / "configuration.md"
# What the configurations of a family share, by the first file of each.
BASES = ("base", "effect", "bridge", "oneshots", "order", "film")
NOT_SHOWN = ("defaults", "hydra")  # how a configuration is composed, not what it says
INTRODUCTION = """\
# Configuration

*Written by `python3 -m docs.write_configuration` from the files of
[vschaos2/configs/](../vschaos2/configs) and
their comments.*

Every value can be set on the command line, `key=value`; a value with spaces, commas or brackets in
quotes, `'key=[1, 2]'`. A key that is not there is added with a plus, `+key=value`; under `trainer.`
every argument of [Lightning's Trainer](https://lightning.ai/docs/pytorch/stable/common/trainer.html)
is allowed, with a plus or without. A mistyped key is answered with the nearest. `???` must be
given, `null` is nothing. Every value has its range, and all are checked before the first file is
opened.

**Paths and names** (`data.dataset.root`, `rundir`, `name`, `resume`, `model.init_from`) are taken
as they stand, whatever is in them (a `rundir`, in UTF-8), and a path's `~` is the home folder; only
the shell has to be told in quotes what it would else take for itself:
`'data.dataset.root=~/Music/it is (mine), #1'`. Within a sweep (`-m`) commas separate what is tried,
and a value with commas wants quotes of its own: `"name='a,b',c"`. Other values that hold brackets,
quotes or letters beyond ASCII want quotes of their own, too; the message shows them.
"""
CHOICE = """\
## Configurations

Chosen with `--config-name NAME`. "dgt" is the discrete Gabor transform that makes the frames:
[how_it_works.md](how_it_works.md#2-transform-what-a-frame-consists-of).
"""
SIZES = """\
What they come to. Window and hop are in samples. Delays are the model's own, at 44.1 kHz;
[the host adds its own](how_it_works.md#10-delay-where-the-milliseconds-go).
"""
EFFECTS = """\
## Configurations of effects

Of what is learnt from a dry and a wet recording; see [effects.md](effects.md).
"""
EFFECT_KEYS = """\
All of them begin with the keys of `effect.yaml` beside those of `engine`, `callbacks` and `trainer`
below.
"""
BRIDGES = """\
## Configuration of bridges

Of what plays one instrument as another, `bridge`; see [transfer.md](transfer.md).
"""

HITS = """\
## Configuration of hits

Of what is struck, `oneshots`; see [foley.md](foley.md).
"""
ORDERS = """\
## Configurations of estimators of chains

Learnt from clean recordings and effects of our own; see [chain_order.md](chain_order.md).
"""
FILMS = """\
## Configurations of what sees strikes in films

Learnt from films and files of times, or the films' own sound; see [foley.md](foley.md).
"""
SIZE_TITLES = ("name", "window, hop", "latents", "weights", "delay of forward / decode")


class Key(NamedTuple):
    """One key of a YAML file.

    Attributes:
        name: with the keys above it, joined by dots.
        default: its value as the file has it; nothing for a key that holds other keys.
        meaning: its comment.
    """

    name: str
    default: str
    meaning: str


def keys_of(path: Path, prefix: str = "", not_shown: tuple[str, ...] = NOT_SHOWN) -> list[Key]:
    """Every key of a YAML file in its order, but those of the first level that are not shown.

    Raises:
        ValueError: naming the keys that have a value and no comment.
    """
    text = path.read_text(encoding="utf-8")
    tree = yaml.compose(text, Loader=yaml.SafeLoader)
    comments = _comments(text.splitlines())
    tree.value = [pair for pair in tree.value if pair[0].value not in not_shown]
    found = list(_walk(tree, prefix, comments, text))
    silent = [key.name for key in found if key.default and not key.meaning]
    if silent:
        raise ValueError(f"{path}: no comment says what {', '.join(silent)} means: add one")
    return [key for key in found if key.default or key.meaning]


def header(path: Path) -> str:
    """The comment that a YAML file begins with, without Hydra's directives and commands."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return " ".join(
        text.lstrip("# ")
        for text in itertools.takewhile(lambda line: line.startswith("#"), lines)
        if not text.startswith(("# @package", "# python "))
    )


def configurations(bases: tuple[str, ...] = BASES) -> list[Path]:
    """The files that --config-name chooses, of families whose common file is one of `bases`."""
    files = sorted(path for path in CONFIGS.glob("*.yaml") if path.stem not in BASES)
    return [path for path in files if _base_of(path) in bases]


def _base_of(path: Path) -> str:
    """The common file that a configuration comes to in the end."""
    parent = yaml.safe_load(path.read_text(encoding="utf-8"))["defaults"][0]
    return parent if parent in BASES else _base_of(CONFIGS / f"{parent}.yaml")


def groups() -> dict[str, list[Path]]:
    """The files of every group, in the order of base.yaml."""
    base = yaml.safe_load((CONFIGS / "base.yaml").read_text(encoding="utf-8"))
    names = [next(iter(entry)) for entry in base["defaults"] if isinstance(entry, dict)]
    return {name: sorted((CONFIGS / name).glob("*.yaml")) for name in names}


def sizes() -> list[tuple[str, ...]]:
    """Name, window and hop, latents, weights and delays of every configuration."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        files = configurations((BASES[0],))
        return [(f"`{path.stem}`", *_size(compose(path.stem))) for path in files]


def page() -> str:
    """The whole page, in Markdown."""
    parts = [INTRODUCTION, CHOICE, _choices(BASES[0])]
    parts += [SIZES, _table(SIZE_TITLES, sizes())]
    parts += [EFFECTS, _choices(BASES[1]), EFFECT_KEYS]
    parts.append(_key_table(keys_of(CONFIGS / f"{BASES[1]}.yaml")))
    parts += [BRIDGES, _key_table(keys_of(CONFIGS / "bridge.yaml"))]
    parts += [HITS, _key_table(keys_of(CONFIGS / "oneshots.yaml"))]
    parts += [ORDERS, _choices("order"), _key_table(keys_of(CONFIGS / "order.yaml"))]
    parts += [FILMS, _choices("film"), _key_table(keys_of(CONFIGS / "film.yaml"))]
    parts += ["## Of the whole training\n", _key_table(keys_of(CONFIGS / "base.yaml"))]
    for group, paths in groups().items():
        parts.append(f"## `{group}`\n")
        for path in paths:
            # A file of the whole configuration speaks to Hydra too, and means it.
            whole = "# @package _global_" in path.read_text(encoding="utf-8")
            not_shown = NOT_SHOWN if group == "engine" else NOT_SHOWN[:1]
            keys = keys_of(path, *(("", not_shown) if whole else (f"{group}.",)))
            parts.append(f"`{group}={path.stem}`: {header(path)}".removesuffix(": ") + "\n")
            parts.append(_key_table(keys))
    return "\n".join(parts)


def _choices(base: str) -> str:
    """The configurations of a family, in a table."""
    rows = [(f"`{path.stem}`", header(path), _changes(path)) for path in configurations((base,))]
    return _table(("name", "what for", "differs in"), rows)


def _comments(lines: list[str]) -> dict[int, str]:
    """The comment that belongs to each line that has anything else on it, by line number."""
    comments: dict[int, str] = {}
    above: list[str] = []
    owner, column = -1, -1
    first = next((n for n, line in enumerate(lines) if not line.startswith("#")), 0)
    for number, line in enumerate(lines[first:], first):  # what is above speaks of the file
        own = re.search(r"(?:^|\s)#\s?(.*)$", line)
        if line.lstrip().startswith("#"):
            text = line.lstrip().lstrip("#").strip()
            if owner >= 0 and line.index("#") == column:
                comments[owner] += " " + text
            else:
                above.append(text)
        elif not line.strip():
            above, owner = [], -1  # an empty line ends a comment above
        else:
            comments[number] = " ".join([*above, *([own[1].strip()] if own else [])])
            above, owner = [], number if own else -1
            column = line.index("#", own.start()) if own else -1
    return comments


def _walk(
    node: yaml.MappingNode, prefix: str, comments: dict[int, str], text: str
) -> Iterator[Key]:
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        meaning = comments.get(key.start_mark.line, "")
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield Key(name, "", meaning)
            yield from _walk(value, f"{name}.", comments, text)
        else:
            default = text[value.start_mark.index : value.end_mark.index].strip()
            yield Key(name, default or "null", meaning)


def _size(config: DictConfig) -> tuple[str, ...]:
    model, n_fft, hop = build_model(config), config.data.transform.n_fft, config.data.transform.hop
    weights = sum(weight.numel() for weight in model.parameters())
    decode = MagnitudeInversion(n_fft, hop, config.inversion).delay_samples
    keeps = StreamingSynthesis(n_fft, hop).delay_samples
    # `live` serves both methods; in all others `forward` keeps the input's phases.
    delays = [decode if config.inversion == "live" else keeps, decode]
    milliseconds = [1000 * samples / config.data.dataset.sample_rate_hz for samples in delays]
    return (
        f"{n_fft}, {hop}",
        f"{config.model.latent_dim}",
        f"{weights / 1e6:.1f} M",
        " / ".join(f"{value:.1f}" if value < 10 else f"{value:.0f}" for value in milliseconds)
        + " ms",
    )


def _changes(path: Path) -> str:
    """The keys that a configuration sets, as key=value."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    chosen = [
        f"`{key.split()[-1]}={value}`"
        for entry in content["defaults"]
        if isinstance(entry, dict)
        for key, value in entry.items()
    ]
    parents = [
        f"all of `{entry}`, and"
        for entry in content["defaults"]
        if entry not in (*BASES, "_self_") and isinstance(entry, str)
    ]
    own = {key: value for key, value in content.items() if key not in (*NOT_SHOWN, "name")}
    return " ".join([*parents, *chosen, *_leaves(own, "")])


def _leaves(node: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, dict) and not prefix.endswith(("conditioning.", "prediction.")):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"`{prefix}{key}`" if isinstance(value, dict) else f"`{prefix}{key}={value}`"


def _key_table(keys: list[Key]) -> str:
    rows = [(f"`{k.name}`", f"`{k.default}`" if k.default else "", k.meaning) for k in keys]
    return _table(("key", "default", "meaning"), rows)


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def main() -> None:
    """Write the page."""
    write_whole(PAGE, page())


if __name__ == "__main__":
    main()
