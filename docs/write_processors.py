"""Writes docs/processors.md: every processor of a chain, what it does and what it is set by.

python3 -m docs.write_processors
"""

import inspect
from pathlib import Path

from vschaos2.files import write_whole
from vschaos2.parts import parts
from vschaos2.processors import chain
from vschaos2.processors.controllers import CONTROLLERS

PAGE = Path(__file__).resolve().parent / "processors.md"
RATE_HZ = 48_000
CONTROL = {
    "fixed": "stands at what is said, and learns nothing",
    "static": "begins at what is said, and is learnt",
    "told": "hears the knobs; as `static` where there are none",
    "following": "hears the sound, in finished blocks of 64 samples; delays nothing",
    "told_following": "hears both",
}
INTRODUCTION = """\
# Processors

*Written by `python3 -m docs.write_processors` from the processors themselves.*

A grey box is a chain of processors, written as a list:

```yaml
model:
  net:
    _target_: Chain
    hidden_dims: null
    processors:
      - gain
      - parametric_eq: {{name: tone, peak1_gain_db: 3}}
      - compressor: {{controller: told, threshold_db: -20}}
```

The configurations `effect_grey_drive`, `effect_grey_fuzz`, `effect_grey_compressor`,
`effect_grey_eq` and `effect_modulation` have such lists. A chain has no delay of its own: pairs are
laid so that the strongest tap of the device's response is at 0, or as
`data.dataset.latency_samples` says (0 for what a plug-in rendered in time). An exported chain is
set by every parameter, by name and in its unit, as in `set peak1_gain_db 3`, and stays there
whatever was learnt and knobs say; after `reset`, too, which forgets sound only. `release` gives all
of them back. A parameter with the name of a knob or of another control has that of its processor
before it: `phaser_mix`.

Each item is a kind, alone or with a mapping: where its parameters begin, its `controller`, its
`name`, and the options of its kind. Where two processors of a chain have a parameter of one name,
it follows theirs: `tone_peak1_gain_db`.

| `controller` | its parameters |
| --- | --- |
{controllers}

A gain, a level or a threshold that is moved while it plays glides there by a raised cosine of 20
ms; a filter crosses from one fixed filter to the next, so that nothing clicks. What was learnt is
a value in the unit below, within its range: a fitted chain is its own preset.

Ranges are those at 48 kHz; no filter is set above .45 of the sample rate.
"""


def page() -> str:
    """The whole page."""
    controllers = "\n".join(f"| `{name}` | {CONTROL[name]} |" for name in CONTROLLERS)
    kinds = {kind: make for kind, make in parts(chain.KIND).items() if _is_ours(make)}
    found = [INTRODUCTION.format(controllers=controllers)]
    return "\n".join([*found, *(_kind(kind, make) for kind, make in kinds.items())])


def _is_ours(make: object) -> bool:
    return str(getattr(make, "__module__", "")).startswith("vschaos2.processors.")


def _kind(kind: str, make: object) -> str:
    said = inspect.cleandoc(str(make.__doc__)).partition("\n\n")[0].replace("\n", " ")
    lines = [f"## `{kind}`\n", f"{said}\n"]
    takes = inspect.signature(make).parameters  # type: ignore[arg-type]
    options = [f"`{n}` ({p.default})" for n, p in takes.items() if n not in chain.GIVEN]
    if options:
        lines.append(f"Options: {', '.join(options)}.\n")
    processor = make(RATE_HZ)  # type: ignore[operator]
    if processor.physical:
        lines += ["| parameter | unit | range | begins at |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{p.name}` | {p.unit} | {p.least:g} … {p.most:g}{' (log)' * (p.scale == 'log')} "
            f"| {p.default:.3g} |"
            for p in processor.physical
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    write_whole(PAGE, page())
