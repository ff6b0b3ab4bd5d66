"""Which effects are on a recording, in which order and how set; or whether an order matters."""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, fail, run, say
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


def main() -> None:
    """Parse the arguments and analyse."""
    parser = ArgumentParser(prog=program_name("analyse"), description=__doc__)
    parser.add_argument(
        "files", type=Path, nargs="*", help="recordings whose effects are asked for"
    )
    parser.add_argument("--dry", type=Path, help="what entered the effects, of one recording")
    parser.add_argument("--run", type=Path, help="rundir/name of an estimator (the package's)")
    parser.add_argument("--top", type=int, default=5, help="chains that are told (5)")
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    parser.add_argument(
        "-o", "--out", type=Path, help="folder for a playable chain: NAME.ts, patches, sound"
    )
    parser.add_argument(
        "--effects", nargs="+", default=[], metavar="EFFECT", help="all that may be there (any)"
    )
    parser.add_argument(
        "--swap", nargs=2, metavar="EFFECT", help="how many dB lie between two orders, on --dry"
    )
    parser.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="EFFECT.SETTING=VALUE",
        help="of --swap; settings that are not told stand in the middle of their ranges",
    )
    arguments = parser.parse_args()

    from vschaos2.errors import InputError
    from vschaos2.export.operators import UnknownOperatorError
    from vschaos2.export.trial import ExportError
    from vschaos2.ranges import check_count
    from vschaos2.training.threads import leave_busy_cores

    check_count("--top", arguments.top, 1, 1000)
    leave_busy_cores()
    if arguments.swap:
        _swap(arguments)
        return
    if arguments.set:
        raise InputError("--set belongs to --swap: leave it out")
    if not arguments.files:
        raise InputError("which recordings? Give files, or --swap EFFECT EFFECT --dry FILE")
    if arguments.dry is not None and len(arguments.files) > 1:
        raise InputError("--dry is what one recording was made of: give one file beside it")
    try:
        _analyse(arguments)
    except (ExportError, UnknownOperatorError) as error:
        fail(f"{error}; nothing was exported", 1)


def _analyse(arguments: argparse.Namespace) -> None:
    """Name the chain of every file, and write it where that is asked for.

    Of several files, those of which nothing can be said are told of, and the others are named.
    """
    from vschaos2.chains.features import RATE_HZ
    from vschaos2.errors import InputError
    from vschaos2.recognition.answers import answer, lines, plain
    from vschaos2.recognition.listening import among, listen, read_sound
    from vschaos2.recognition.playing import write_chain
    from vschaos2.recognition.ready import estimator_of
    from vschaos2.recognition.swapping import stand_in

    known = estimator_of(arguments.run, arguments.dry is not None)
    model, seconds = known.model, known.config.data.rendering.seconds
    one = len(arguments.files) == 1
    found: list[dict[str, Any]] = []
    for path, name in zip(arguments.files, _names(arguments.files), strict=True):
        try:
            sound = read_sound(path, arguments.dry)
        except InputError as error:
            if one:
                raise
            logger.warning("skipped: %s", error)
            continue
        opinion = listen(model, sound, seconds)
        if arguments.effects:
            opinion = among(model.vocabulary, opinion, arguments.effects)
        dry = stand_in() if sound.dry is None else sound.dry[: round(4.0 * RATE_HZ)]
        told = answer(model, sound.name, opinion, arguments.top, dry)
        found.append(plain(told))
        if not arguments.json:
            say(lines(told))
        if arguments.out is not None:
            folder = arguments.out if one else arguments.out / name
            for written in write_chain(told, told.setups(model), folder, arguments.dry):
                if not arguments.json:
                    say(f"  wrote {printable(written)}")
    if arguments.json:
        say(json.dumps(found, indent=1))
    if len(found) < len(arguments.files):
        unsaid = len(arguments.files) - len(found)
        raise InputError(
            f"nothing can be said of {unsaid} of {len(arguments.files)} files: see the lines above"
        )


def _names(files: Sequence[Path]) -> list[str]:
    """Names of folders for files, all different: the later one of two gets a number."""
    found: list[str] = []
    for file in files:
        stem = printable(file.stem).strip(".") or "sound"
        name, number = stem, 2
        while name in found:
            name, number = f"{stem}-{number}", number + 1
        found.append(name)
    return found


def _swap(arguments: argparse.Namespace) -> None:
    """Say how far two orders of two effects are apart."""
    from vschaos2.audio import read_audio
    from vschaos2.chains.features import RATE_HZ
    from vschaos2.errors import InputError
    from vschaos2.recognition.listening import check_sounds
    from vschaos2.recognition.swapping import HEARD_DB, setups_of, swapped

    if arguments.dry is None or arguments.files:
        raise InputError(
            "--swap plays one dry recording both ways: give it with --dry, and no other"
        )
    for option in ("run", "effects"):
        if getattr(arguments, option):
            raise InputError(f"--{option} is of no use beside --swap: leave it out")
    first, second = setups_of(arguments.swap, arguments.set)
    dry = read_audio(arguments.dry, RATE_HZ)
    if len(dry) < RATE_HZ // 4:
        raise InputError(f"{printable(arguments.dry)}: is shorter than a quarter of a second")
    check_sounds(arguments.dry, dry)
    found = swapped(first, second, dry)
    names = (first.pedal.name, second.pedal.name)
    if arguments.out is not None:
        from vschaos2.recognition.playing import write_swapped

        write_swapped(found, names, arguments.out)
    if arguments.json:
        say(json.dumps({"effects": names, "apart_db": round(found.apart_db, 3)}))
        return
    orders = f"{names[0]} → {names[1]} and {names[1]} → {names[0]}"
    verdict = "can be heard" if found.is_heard else "cannot be heard"
    exact = first.pedal.is_linear and second.pedal.is_linear
    why = ": both are linear, and commute" if exact else f" (from {HEARD_DB:g} dB on it counts)"
    say(f"{orders}: {found.apart_db:.2f} dB apart, which {verdict}{why}")


if __name__ == "__main__":
    run(main)
