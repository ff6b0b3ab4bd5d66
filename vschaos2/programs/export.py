"""Turn a trained run into NAME.ts for nn~ in Max and PureData, its card and its patches."""

from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, fail, run, say
from vschaos2.terminal import printable

DETECTOR = "detector"  # if no folder is called so
WISHES = (
    *("projection", "latent_dims", "inversion", "texture", "confidence", "rate"),
    *("to", "from", "method", "sigma", "steps", "guidance"),
)


def main() -> None:
    """Parse the arguments and export."""
    parser = ArgumentParser(prog=program_name("export"), description=__doc__)
    parser.add_argument(
        "run",
        type=Path,
        help="rundir/name, rundir/name/version_N, or rundir; or a folder of presets; or the word "
        f"{DETECTOR}: onsets in sound, which need no training; or, with --daw or --web, an "
        "exported NAME.ts",
    )
    parser.add_argument("-o", "--out", type=Path, default=Path(), help="folder to write to")
    parser.add_argument(
        "-v", "--version", type=int, help="of the run (newest; nearest of a retrieval)"
    )
    parser.add_argument(
        "-n",
        "--name",
        help="file name without .ts (the run's); in a rundir, which run (the newest)",
    )
    parser.add_argument("--projection", help="latent axes: none, pca or ica (pca)")
    parser.add_argument(
        "--latent-dims",
        type=float,
        help="axes to show: a count, or a part of the variance between 0 and 1 (all)",
    )
    parser.add_argument(
        "--inversion", help="phase recovery: random, eco, live, balanced or hq (the run's)"
    )
    parser.add_argument(
        "--texture",
        type=float,
        help="part of the noise played as noise at first, 0 to 1 (the run's)",
    )
    parser.add_argument(
        "--rate",
        type=int,
        metavar="HZ",
        help="sample rate of the host: 44100, 48000, 88200 or 96000 (the run's); from 88200 on, "
        "window and hop of an instrument are twice as many samples",
    )
    parser.add_argument(
        "--confidence", action="store_true", help="outlets for how sure each guessed label is"
    )
    parser.add_argument(
        "--to", metavar="INSTRUMENT", help="of a bridge: what is played (of two, the other one)"
    )
    parser.add_argument(
        "--from", metavar="INSTRUMENT", help="of a bridge: what is heard (of two, the other one)"
    )
    parser.add_argument(
        "--method", help="of a bridge: translator, bridge or affine (the first that it learnt)"
    )
    parser.add_argument(
        "--sigma", type=float, help="of --method bridge: how far up into the noise (1.2)"
    )
    parser.add_argument("--steps", type=int, help="of --method bridge: up, and down (2)")
    parser.add_argument(
        "--guidance",
        type=float,
        help="of --method bridge: how much further away from the other instrument than was learnt "
        "each goes, 0 to 10 (0.2)",
    )
    parser.add_argument(
        "--nam",
        nargs="*",
        metavar="NAME VALUE",
        help="of an effect, write NAME.nam for Neural Amp Modeler instead, knobs at these values",
    )
    parser.add_argument(
        "--web",
        action="store_true",
        help="also write NAME.html, which plays it in a browser: one file, by a double click",
    )
    parser.add_argument(
        "--daw",
        action="store_true",
        help="also write plug-ins that carry it: LV2, VST3 and CLAP (after make plugins)",
    )
    parser.add_argument(
        "--plugins", nargs="+", default=[], metavar="MODULE", help="code that the run needs (none)"
    )
    arguments = parser.parse_args()

    from vschaos2.errors import InputError
    from vschaos2.export.write import check_name
    from vschaos2.families.export import export
    from vschaos2.families.loading import load_run
    from vschaos2.plugins import load_plugins
    from vschaos2.retrieval.playable_collection import export_collection
    from vschaos2.retrieval.preset_folder import is_preset_folder, refuse_options_of_runs
    from vschaos2.retrieval.tries import nearest
    from vschaos2.runs.listing import run_in

    if arguments.name is not None and arguments.nam is None:
        check_name(arguments.name)
    load_plugins(arguments.plugins)
    # Which of these its family takes it says itself.
    options = {key: getattr(arguments, key) for key in WISHES}
    wishes = {
        key: value for key, value in options.items() if value is not None and value is not False
    }
    if arguments.run == Path(DETECTOR) and not arguments.run.exists():
        from vschaos2.recognition.playable_onsets import detector_rate, export_detector

        of_runs = {
            "version": arguments.version,
            "nam": arguments.nam,
            "web": arguments.web or None,
            "daw": arguments.daw or None,
        }
        given = {key: value for key, value in of_runs.items() if value is not None}
        rate_hz = detector_rate({**wishes, **given})
        _export(lambda: export_detector(arguments.out, arguments.name, rate_hz))
        return
    is_exported = arguments.run.suffix == ".ts" and not arguments.run.is_dir()
    if is_exported and (arguments.daw or arguments.web):
        from vschaos2.export.exported_file import write_of_exported

        _refuse_beside_a_file(arguments, wishes)
        path = write_of_exported(
            arguments.run,
            arguments.out,
            arguments.name,
            with_page=arguments.web,
            with_plugins=arguments.daw,
        )
        others = ", and the like in LV2 and VST3" if arguments.daw else ""
        if arguments.daw and arguments.web:
            others += f", and {printable(path.with_suffix('.html').name)}"
        say(f"exported: {printable(path)}{others}")
        return
    if is_exported and arguments.run.exists():
        raise InputError(
            f"{printable(arguments.run)}: is exported already: add --daw for plug-ins of it, or "
            "--web for a page"
        )
    if is_preset_folder(arguments.run):
        refuse_options_of_runs(
            arguments.run,
            version=arguments.version,
            nam=arguments.nam,
            web=arguments.web or None,
            daw=arguments.daw or None,
        )
        _export(lambda: export_collection(arguments.run, arguments.out, arguments.name, wishes))
        return
    folder = run_in(arguments.run, arguments.name)
    folder = nearest(folder) if arguments.version is None else folder
    trained = load_run(folder, arguments.version)
    name = arguments.name or trained.folder.parent.name
    if arguments.nam is not None:
        from vschaos2.export.playable import check_wishes
        from vschaos2.families.effect.nam_export import export_nam

        if arguments.web:
            raise InputError(
                "--nam and --web: NAME.nam is written instead of what a page plays: give one"
            )
        if arguments.daw:
            raise InputError(
                "--nam and --daw: NAME.nam is written instead of what a plug-in carries: give one"
            )
        check_wishes(wishes, ("nam",), "effect")
        path = export_nam(trained, arguments.out, name, arguments.nam)
        say(f"exported: {printable(path)}")
        return
    _export(
        lambda: export(
            trained,
            arguments.out,
            name,
            wishes,
            with_page=arguments.web,
            with_plugins=arguments.daw,
        )
    )


def _refuse_beside_a_file(arguments: Namespace, wishes: Mapping[str, Any]) -> None:
    """Refuse options that an exported file answers no more.

    Raises:
        InputError: for the first of them.
    """
    from vschaos2.errors import InputError

    given = dict.fromkeys(wishes)
    for name in ("version", "nam"):
        if getattr(arguments, name) not in (None, False):
            given[name] = None
    for name in given:
        raise InputError(
            f"--{name.replace('_', '-')}: {printable(arguments.run)} is exported already: leave it "
            "out, or give the run"
        )


def _export(make: Callable[[], Path]) -> None:
    """Export, and say what was written, or what the file did not prove."""
    from vschaos2.export.operators import UnknownOperatorError
    from vschaos2.export.trial import ExportError

    try:
        path = make()
    except (ExportError, UnknownOperatorError) as error:
        fail(f"{error}; nothing was written", 1)
    say(f"exported: {printable(path)}")


if __name__ == "__main__":
    run(main)
