"""NAME.lv2, NAME.vst3 and NAME.clap: a model as plug-ins, which carry it inside.

`make plugins` builds them for any model. One of them becomes the plug-in of one model by what is
put behind its code, where the system's loader looks at nothing: the model, what it shows, how long
both are; and by another id of as many letters, so that a host takes it for another plug-in.
"""

import hashlib
import json
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, get_args

from vschaos2.errors import InputError
from vschaos2.export.playable import Playable
from vschaos2.export.plugin_about import Kind, plugin_about

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "plugins"
NOTICE = ROOT / "plugins" / "THIRD-PARTY.txt"
OWN_LICENCE = ROOT / "LICENSE"
ID = b"anymodel" * 4  # VSCHAOS_ID of plugins/dpf/DistrhoPluginInfo.h
COUNT = b"vschaos2 parameters: "  # and, with dashes for digits, of plugins/core/parameters.cc
DASHES = b"----"
MARK = b"vschaos2"  # and of plugins/core/parameters.cc
FORMATS = ("lv2", "vst3", "clap")
DESCRIBER = "describe"
OF_INSTRUMENT = " effect"  # ends the name of what sound goes through, where notes play NAME
ARCHITECTURE = "x86_64-linux"  # as VST3 calls it
METHODS: Mapping[Kind, str] = {"instrument": "decode", "insert": "forward"}
FILES: Mapping[Kind, str] = {"instrument": "instrument-{}.so", "insert": "effect-{}.so"}


def check_plugins(playable: Playable, built: Path | None = None) -> None:
    """Refuse what no plug-in can play, and a machine that has none.

    Raises:
        InputError: saying what is missing.
    """
    program = playable.for_engine()
    if isinstance(program, str):
        raise InputError(
            f"--daw: plug-ins play by the small engine, which knows nothing of {program}: leave "
            "--daw out, and play the .ts"
        )
    check_built(playable.methods, built)


def check_built(methods: Collection[str], built: Path | None = None) -> None:
    """Refuse what has no method that a plug-in plays, and a machine that has built none.

    Raises:
        InputError: saying what a plug-in plays, or naming a file that is missing.
    """
    built, kinds = built or BUILT, kinds_of(methods)
    if not kinds:
        raise InputError(
            f"--daw: plug-ins play {' and '.join(METHODS.values())}, and this has "
            f"{', '.join(methods)} alone: leave --daw out, and play the .ts"
        )
    needed = [FILES[kind].format(of) for kind in kinds for of in FORMATS]
    for file in [*needed, DESCRIBER]:
        if not (built / file).is_file():
            raise InputError(f"--daw: there is no {built / file}: run make plugins first")


def check_plugin_name(name: str) -> None:
    """Refuse a name by which one model's plug-ins would take the place of another's.

    Raises:
        InputError: for such a name.
    """
    if name.lower().endswith(OF_INSTRUMENT):
        raise InputError(
            f"name {name!r}: --daw calls the effect of an instrument NAME{OF_INSTRUMENT}, and this "
            "would take the place of one: give another with -n"
        )


def kinds_of(methods: Collection[str]) -> list[Kind]:
    """Which plug-ins there are of a model with these methods."""
    return [kind for kind in get_args(Kind) if METHODS[kind] in methods]


def plugin_files(
    name: str, card: Mapping[str, Any], content: bytes, built: Path | None = None
) -> dict[Path, bytes]:
    """Files of the plug-ins of a model, by their places beneath a folder.

    A model that both plays latents and hears sounds has an instrument, NAME, and an effect, `NAME
    effect`; a pedal has an effect called NAME.

    Args:
        name: of the model.
        card: of `measure_card`.
        content: of NAME.ts.
        built: the folder that `make plugins` fills, if it is another.

    Raises:
        InputError: if what is in it cannot be used.
    """
    kinds = kinds_of(card["methods"])
    files: dict[Path, bytes] = {}
    for kind in kinds:
        called = f"{name}{OF_INSTRUMENT}" if kind == "insert" and len(kinds) > 1 else name
        files |= _files_of(kind, called, card, content, built or BUILT)
    return files


def carrying(code: bytes, kind: Kind, about: Mapping[str, Any], content: bytes) -> bytes:
    """A plug-in's compiled file, carrying a model."""
    mine = hashlib.sha256(f"{kind} {about['name']}".encode()).hexdigest()[: len(ID)].encode()
    text = json.dumps(about, allow_nan=False, ensure_ascii=False).encode()
    sizes = len(content).to_bytes(8, "little") + len(text).to_bytes(8, "little")
    count = b"%04d" % len(about["parameters"])
    code = code.replace(ID, mine).replace(COUNT + DASHES, COUNT + count)
    return code + content + text + sizes + MARK


def _files_of(
    kind: Kind, name: str, card: Mapping[str, Any], content: bytes, built: Path
) -> dict[Path, bytes]:
    notice = OWN_LICENCE.read_bytes() + b"\n----\n\n" + NOTICE.read_bytes()
    about = plugin_about(kind, name, card) | {"licences": notice.decode()}
    made: dict[str, bytes] = {}
    for form in FORMATS:
        place = built / FILES[kind].format(form)
        code = place.read_bytes()
        if ID not in code or COUNT + DASHES not in code:
            raise InputError(f"{place}: is not as this version makes it: run make plugins again")
        made[form] = carrying(code, kind, about, content)
    lv2, vst3 = Path(f"{name}.lv2"), Path(f"{name}.vst3") / "Contents"
    described = _described(made["lv2"], built)
    return {
        lv2 / "plugin.so": made["lv2"],
        lv2 / "LICENCES.txt": notice,
        **{lv2 / file: text for file, text in described.items()},
        vst3 / ARCHITECTURE / f"{name}.so": made["vst3"],
        vst3 / "Resources" / "LICENCES.txt": notice,
        Path(f"{name}.clap"): made["clap"],
    }


def _described(library: bytes, built: Path) -> dict[str, bytes]:
    """What the plug-in says of itself in Turtle, by file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "plugin.so"
        place.write_bytes(library)
        done = subprocess.run(
            [built / DESCRIBER, place], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise InputError(
                f"{built}: its LV2 plug-in cannot be loaded here"
                f"{': ' + said[-1] if said else ''}: run make plugins again"
            )
        return {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.ttl"))}
