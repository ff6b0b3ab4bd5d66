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
`effect_grey_eq`, `effect_modulation` and `effect_chain` have such lists. A chain has no delay of
its own: pairs are laid so that the strongest tap of the device's response is at 0, or as
`data.dataset.latency_samples` says (0 for what a plug-in rendered in time). An exported chain is
set by every parameter, by name and in its unit, as in `set peak1_gain_db 3`, and stays there
whatever was learnt and knobs say; after `reset`, too, which forgets sound only. `release` gives all
of them back. A parameter with the name of a knob or of another control has that of its processor
before it: `phaser_mix`.

Each item is a kind, alone or with a mapping: where its parameters begin, its `controller`, its
`name`, and the options of its kind. Where two processors of a chain have a parameter of one name,
it follows theirs: `tone_peak1_gain_db`. With `enabled: false` an item is left out; where items are
mappings, so it may be said behind a command: `model.net.processors.1.expander.enabled=false`.

Most processors hear and make as many channels as there are. `pan`, `ping_pong`, `fdn_reverb` and
`space` make stereo of mono, too: `model.channels_out` is 2 behind them.

| `controller` | its parameters |
| --- | --- |
{controllers}

A gain, a level or a threshold that is moved while it plays glides there by a raised cosine of 20
ms; a filter crosses from one fixed filter to the next, and echoes from one time to the next, so
that nothing clicks and nothing slides. What was learnt is a value in the unit below, within its
range: a fitted chain is its own preset.

Ranges are those at 48 kHz; no filter is set above .45 of the sample rate. A pan goes from -100
(left) to 100 and keeps the power: its gains are √2 cos θ and √2 sin θ, both 1 in the middle.

## The space

```text
direct ──────────────────────────────────────── pan ─┐
   ├── echoes, odd and even, each with its pan ──────┤ + → left, right
   │      └ echo_to_reverb_db ┐                      │
   └────────────────────────── + ── own EQ ── room ──┘
```

`ping_pong` and `fdn_reverb` are parts of `space`, each beside the sound as it is. Odd echoes come
after one, three, five `echo_ms`, even ones after two, four, six; the low pass is heard once more
with each. The room is six delay lines of 23 to 48 ms, each of which feeds all by a Householder
matrix, which keeps the energy: `reverb_in1` to `6` lead into them, `reverb_left1` to `6` and
`reverb_right1` to `6` out. At low frequencies a sound is 60 dB down after `reverb_low_s`, at half
the sample rate after `reverb_high_ratio` of that. No setting makes a loop that grows.

From Python, `Space.response(values, frequencies)` is the same in closed form, and
`Space.responses` its parts; both have derivatives, as the sound itself has.
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
