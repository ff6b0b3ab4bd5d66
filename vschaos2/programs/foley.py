"""Events, and sound on them: the commands `onsets` and `foley` of generate.py."""

import argparse
from pathlib import Path
from typing import Any

from vschaos2.events.options import (
    LEAST_GAP_MS,
    LEAST_THRESHOLD,
    LIKELIHOOD,
    MIN_GAP_MS,
    MOST_GAP_MS,
    MOST_THRESHOLD,
    THRESHOLD,
)
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.programs.options import add_meta, add_run


def add_onsets(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The arguments of `onsets`."""
    parser.add_argument(
        "files", type=Path, nargs="+", help="sound files or films, or folders of them"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        help=f"how much must be new, {LEAST_THRESHOLD:g} to {MOST_THRESHOLD:g} ({THRESHOLD:g}); in "
        f"films how strong a strike must be ({FILM_THRESHOLD:g})",
    )
    parser.add_argument(
        "--min-gap",
        type=float,
        metavar="MS",
        help=f"least time between two, {LEAST_GAP_MS:g} to {MOST_GAP_MS:g} ({MIN_GAP_MS:g}; in "
        f"films {1000 * FILM_GAP_S:g})",
    )
    parser.add_argument(
        "--run", type=Path, help="of onset_video, which sees strikes in films (by motion alone)"
    )
    parser.add_argument("--sound", action="store_true", help="listen to the sound of films instead")
    add_notes(parser)
    parser.add_argument(
        "--greatest-hits",
        action="store_true",
        help="write NAME_times.txt, as the Greatest Hits have them: no strengths",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    parser.add_argument(
        "--overwrite", action="store_true", help="write files of times anew that are there already"
    )
    return parser


def add_notes(parser: argparse.ArgumentParser) -> None:
    """The argument that lets the net listen."""
    parser.add_argument(
        "--notes", action="store_true",
        help="listen by a small trained net, which hears more notes than the flux does; "
        f"--threshold is how sure it must be ({LIKELIHOOD:g})",
    )  # fmt: skip


def add_foley(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The arguments of `foley`."""
    add_run(parser)
    parser.add_argument("--onsets", type=Path, metavar="CSV", help="events, as `onsets` writes")
    parser.add_argument("--audio", type=Path, metavar="SOUND", help="or a sound that has them")
    parser.add_argument("--video", type=Path, metavar="FILM", help="or a film that has them")
    parser.add_argument(
        "--finder", type=Path, metavar="RUN", help="that finds them in films (motion alone)"
    )
    parser.add_argument("--material", metavar="NAME", help="the same as --meta material NAME")
    add_meta(parser, "labels for all hits, such as material wood (as the events say, or any)")
    parser.add_argument("--like", type=Path, metavar="FILE", help="hits like this recorded one")
    parser.add_argument(
        "--velocity", default="auto", help="0 to 1, or auto: as strong as the events (%(default)s)"
    )
    parser.add_argument(
        "--variation",
        type=float,
        help="0 (the same hit each time) to 1 (another one); 1, or 0.3 with --like",
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other hits")
    parser.add_argument(
        "--offset", type=float, default=0.0, metavar="MS", help="every hit so much later (0)"
    )
    parser.add_argument(
        "--threshold",
        type=float,
        help=f"how much must be new ({THRESHOLD:g}), or in films stop ({FILM_THRESHOLD:g})",
    )
    parser.add_argument(
        "--min-gap",
        type=float,
        metavar="MS",
        help=f"least time between two events ({MIN_GAP_MS:g}; films {1000 * FILM_GAP_S:g})",
    )
    add_notes(parser)
    parser.add_argument(
        "--mux", action="store_true", help="write the film with this sound, pictures untouched"
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    parser.add_argument(
        "--overwrite", action="store_true", help="write NAME.times.csv anew if it is there already"
    )
    return parser


def make_foley(arguments: argparse.Namespace, trained: Any, finder: Any) -> list[Path]:
    """Write what the arguments of `add_foley` ask for, by a loaded run; → the files."""
    from vschaos2.errors import InputError
    from vschaos2.generation.foley import foley, texture
    from vschaos2.generation.foley_guide import Guide, check_guide

    if trained.config.family not in ("foley", "vae"):
        raise InputError(
            f"{trained.folder}: is a run of family {trained.config.family!r}, and foley needs hits "
            "(--config-name oneshots), or an instrument for a texture"
        )
    guide = Guide(
        arguments.onsets,
        arguments.audio,
        arguments.video,
        finder,
        arguments.threshold,
        arguments.min_gap,
        arguments.notes,
    )
    check_guide(guide)
    if trained.config.family == "vae":
        _refuse_hits(arguments)
        return texture(trained, arguments.out, guide, arguments.seed, arguments.mux)
    return foley(
        trained,
        arguments.out,
        guide,
        _hits(arguments, trained),
        arguments.offset,
        arguments.mux,
        arguments.overwrite,
        () if arguments.like is None else (arguments.like,),
    )


def _hits(arguments: argparse.Namespace, trained: Any) -> Any:
    from vschaos2.generation.hit_plan import HitOptions, example_of

    labels = _labels(arguments)
    velocity = _velocity(arguments.velocity)
    model = trained.model
    like = None
    if arguments.like is not None:
        like = example_of(model, arguments.like, labels, velocity)
    return HitOptions(labels, like, velocity, arguments.variation, arguments.seed)


def _labels(arguments: argparse.Namespace) -> dict[str, str]:
    from vschaos2.errors import InputError

    words = list(arguments.meta)
    if len(words) % 2:
        raise InputError(f"--meta takes pairs of LABEL NAME, got {' '.join(words)}")
    labels = dict(zip(words[::2], words[1::2], strict=True))
    material = arguments.material
    if material is not None and labels.setdefault("material", material) != material:
        raise InputError("--material and --meta material say different things: leave one out")
    return labels


def _velocity(word: str) -> float | None:
    from vschaos2.errors import InputError

    if word == "auto":
        return None
    try:
        return float(word)
    except ValueError:
        raise InputError(f"--velocity must be auto or a number, got {word!r:.40}") from None


def _refuse_hits(arguments: argparse.Namespace) -> None:
    from vschaos2.errors import InputError

    given = {
        "--meta": bool(arguments.meta),
        "--material": arguments.material is not None,
        "--like": arguments.like is not None,
        "--velocity": arguments.velocity != "auto",
        "--variation": arguments.variation is not None,
        "--offset": arguments.offset != 0.0,
        "--finder": arguments.finder is not None,
        "--notes": arguments.notes,
        "--threshold": arguments.threshold is not None,
        "--min-gap": arguments.min_gap is not None,
    }
    for option, is_given in given.items():
        if is_given:
            raise InputError(
                f"{option}: of hits, and this run is an instrument, which follows a curve of "
                "loudness: leave it out, or give a run of --config-name oneshots"
            )
