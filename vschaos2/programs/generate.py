"""Sound files, paths, morphs, measures and maps from a trained run; and the runs there are."""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say

logger = logging.getLogger("generate")

MODES = "random, eco, live, balanced, hq or offline"


def main() -> None:
    """Parse the arguments and generate."""
    parser = ArgumentParser(prog=program_name("generate"), description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=ArgumentParser)
    add_reconstruct(commands)
    add_encode(commands)
    add_trajectories(commands)
    add_morph(commands)
    add_evaluate(commands)
    add_map(commands)
    add_runs(commands)
    arguments = parser.parse_args()
    arguments.act(arguments)


Commands = argparse._SubParsersAction


def add_reconstruct(commands: Commands) -> None:
    """The arguments of `reconstruct`."""
    parser = commands.add_parser("reconstruct", help="pass sound files through the model")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    add_output(parser)
    parser.add_argument(
        "--inversion", default="keep_input", help=f"keep_input, {MODES} (%(default)s)"
    )
    parser.add_argument(
        *("--sample-latent", "--sample_latent"),
        **{"type": int, "nargs": "?", "const": 1, "default": 0, "choices": (0, 1)},
        help="draw from what each frame is heard as, instead of its mean",
    )
    parser.add_argument(
        "--jitter", type=float, metavar="STD", help="deviation of noise on each latent (none)"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other draws")
    add_meta(parser, "labels for all files, such as pitch C# octave 4 (guessed)")
    parser.add_argument("--dataset", type=Path, help="take the files' labels from its metadata")
    parser.set_defaults(act=reconstruct)


def reconstruct(arguments: argparse.Namespace) -> None:
    """Pass sound files through the model."""
    from vschaos2.families.export import playable_of
    from vschaos2.generation.file_labels import labels_for
    from vschaos2.generation.methods import has
    from vschaos2.generation.reconstruct import Unrest, reconstruct, reconstruct_by_forward

    trained = trained_run(arguments, "forward")
    if not has(trained, "encode"):
        refuse_options(arguments, trained)
        playable = playable_of(trained, {})
        written = reconstruct_by_forward(playable, arguments.files, arguments.out, arguments.sr)
        tell(written, arguments.out / "reconstructions")
        return
    labels = labels_for(trained, arguments.meta, arguments.dataset)
    unrest = Unrest(bool(arguments.sample_latent), arguments.jitter, arguments.seed)
    options = (arguments.sr, arguments.inversion, labels, unrest)
    written = reconstruct(trained.model, arguments.files, arguments.out, *options)
    tell(written, arguments.out / "reconstructions")


def add_encode(commands: Commands) -> None:
    """The arguments of `encode`."""
    parser = commands.add_parser("encode", help="write the latents, times and labels of sounds")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    parser.add_argument(
        "--format",
        default="npy",
        help="npy (latents [frames, dims], a .frames.csv beside them) or csv (%(default)s)",
    )
    parser.add_argument(
        "--projection", default="pca", help="axes of the latents: pca, ica or none (%(default)s)"
    )
    add_meta(parser, "labels for all files, such as pitch C# octave 4 (guessed)")
    parser.add_argument("--dataset", type=Path, help="take the files' labels from its metadata")
    parser.set_defaults(act=encode)


def encode(arguments: argparse.Namespace) -> None:
    """Write the latents, times and labels of sound files."""
    from vschaos2.generation.encoding import encode
    from vschaos2.generation.file_labels import labels_for
    from vschaos2.generation.player import Player

    trained = trained_run(arguments)
    labels = labels_for(trained, arguments.meta, arguments.dataset)
    player = Player(trained, arguments.projection)
    written = encode(player, arguments.files, arguments.out, labels, arguments.format)
    tell(written, arguments.out / "latents")


def add_trajectories(commands: Commands) -> None:
    """The arguments of `trajectories`."""
    parser = commands.add_parser("trajectories", help="play paths through the latent space")
    add_run(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--trajectories",
        nargs="+",
        metavar="KIND",
        help="point, line, interpolate, sin, square, triangle, saw, circle, ellipse, spiral, "
        "lissajous, random, brownian, uniform",
    )
    what.add_argument(
        "--latents",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="play .npy [steps, dims] or .csv: what encode wrote, as the sound was; what map "
        "wrote, a frame of a sound a row, one after the other",
    )
    add_output(parser)
    parser.add_argument(
        "-b", "--examples", type=int, default=3, help="of each kind, ≤ 10000 (%(default)s)"
    )
    parser.add_argument(
        "-s", "--steps", type=int, default=512, help="frames of each path, ≤ 4 hours (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other paths")
    parser.add_argument(
        "--amplitude", type=float, help="how far on each axis; sounds lie within ±3 (1.5)"
    )
    parser.add_argument(
        "--frequency",
        type=float,
        nargs="+",
        metavar="HZ",
        help="one, or one for each axis (drawn from 0.1 to 1 Hz; lines run once)",
    )
    parser.add_argument(
        "--projection", default="pca", help="axes of the paths: pca, ica or none (%(default)s)"
    )
    parser.add_argument(
        "--from", dest="origin", type=Path, metavar="FILE", help="a sound for the paths' origin"
    )
    parser.add_argument("--inversion", help=f"{MODES} (the run's)")
    add_meta(parser, "labels, such as pitch C# octave 4")
    parser.set_defaults(act=trajectories)


def trajectories(arguments: argparse.Namespace) -> None:
    """Play paths through the latent space, drawn from a seed or read from files."""
    from vschaos2.errors import InputError
    from vschaos2.generation.paths import PathOptions, play_latents, play_paths
    from vschaos2.generation.player import Player

    shaping = (arguments.origin, arguments.amplitude, arguments.frequency)
    if arguments.latents and shaping != (None, None, None):
        raise InputError(
            "--latents plays paths as they are: leave --from, --amplitude and --frequency out"
        )
    trained = trained_run(arguments, "encode", "decode")
    options = PathOptions(arguments.seed, arguments.amplitude, arguments.frequency)
    player = Player(
        trained, arguments.projection, arguments.inversion, arguments.meta, arguments.sr
    )
    if arguments.latents:
        written = play_latents(player, arguments.latents, arguments.out)
    else:
        written = play_paths(
            player,
            arguments.trajectories,
            arguments.out,
            arguments.examples,
            arguments.steps,
            options,
            arguments.origin,
        )
    tell(written, arguments.out / "trajectories")


def add_morph(commands: Commands) -> None:
    """The arguments of `morph`."""
    parser = commands.add_parser("morph", help="go from sound to sound through the latent space")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="two sounds or more")
    add_output(parser)
    course = parser.add_mutually_exclusive_group()
    course.add_argument(
        "--at", type=float, nargs="+", default=[], metavar="U", help="stay at 0 (first) … 1 (last)"
    )
    course.add_argument(
        "--over-time",
        nargs="?",
        const="linear",
        default="linear",
        metavar="EASE",
        help="from 0 to 1: linear, in, out, cosine, smooth, smoother (%(default)s)",
    )
    course.add_argument("--weights", type=Path, metavar="NPY", help="positions from 0 to 1 in time")
    parser.add_argument("--curve", default="slerp", help="slerp or linear (%(default)s)")
    parser.add_argument(
        "--align", default="stretch", help="stretch, loop, dtw or none (%(default)s)"
    )
    parser.add_argument("--inversion", help=f"{MODES} (the run's)")
    add_meta(parser, "labels of the morph (guessed from the sounds)")
    parser.set_defaults(act=morph)


def morph(arguments: argparse.Namespace) -> None:
    """Go from sound to sound through the latent space."""
    from vschaos2.generation.morphing import Course, morph
    from vschaos2.generation.player import Player

    trained = trained_run(arguments, "encode", "decode")
    course = Course(arguments.at, arguments.over_time, arguments.weights)
    player = Player(
        trained,
        inversion=arguments.inversion,
        words=arguments.meta,
        sample_rate_hz=arguments.sr,
    )
    written = morph(
        player, arguments.files, arguments.out, course, arguments.curve, arguments.align
    )
    tell(written, arguments.out / "morphs")


def add_evaluate(commands: Commands) -> None:
    """The arguments of `evaluate`."""
    parser = commands.add_parser("evaluate", help="measure the run on files it never trained on")
    add_run(parser)
    parser.add_argument("--dataset", type=Path, help="measure its files (the held-out ones)")
    parser.add_argument("--out", type=Path, help="folder to write to (RUN/evaluation)")
    parser.add_argument("--inversion", help=f"of decode: {MODES} (the run's)")
    parser.set_defaults(act=evaluate)


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure the run, show the table and write it."""
    from vschaos2.files import check_place
    from vschaos2.folders import made_folder
    from vschaos2.generation.evaluation import evaluate
    from vschaos2.generation.score_tables import markdown, write_tables

    trained = trained_run(arguments, "encode", "decode")
    folder = made_folder(arguments.out or trained.folder / "evaluation", arguments.out is None)
    check_place(folder / "evaluation.json")
    result = evaluate(trained, arguments.dataset, arguments.inversion)
    written = write_tables(result, folder)
    logger.info(markdown(result))
    tell(written, folder)


def add_map(commands: Commands) -> None:
    """The arguments of `map`."""
    parser = commands.add_parser("map", help="draw where sounds lie in the latent space")
    add_run(parser)
    parser.add_argument("--dataset", type=Path, help="folder of sounds (that of the training)")
    parser.add_argument(
        "--color", metavar="TASK", help="label to colour by, or folder, or level (first label)"
    )
    parser.add_argument(
        "--projection", default="pca", help="the player's axes: pca, ica or none (%(default)s)"
    )
    parser.add_argument("--out", type=Path, help="folder to write to (RUN/map)")
    parser.set_defaults(act=draw_map)


def draw_map(arguments: argparse.Namespace) -> None:
    """Draw the latent space, and write its points."""
    from vschaos2.files import check_place
    from vschaos2.folders import made_folder
    from vschaos2.generation.latent_map import map_latents, write_csv
    from vschaos2.generation.map_picture import draw_map
    from vschaos2.generation.player import Player

    trained = trained_run(arguments, "encode", "decode")
    folder = made_folder(arguments.out or trained.folder / "map", arguments.out is None)
    written = [folder / "latent_map.png", folder / "latent_map.csv"]
    for path in written:
        check_place(path)
    player = Player(trained, arguments.projection)
    points = map_latents(player, arguments.projection, arguments.dataset, arguments.color)
    draw_map(points, written[0])
    write_csv(points, written[1])
    tell(written, folder)


def add_run(parser: argparse.ArgumentParser) -> None:
    """The run that every command starts from."""
    parser.add_argument("run", type=Path, help="rundir/name, rundir/name/version_N, or rundir")
    parser.add_argument("-n", "--name", help="in a rundir, which run (the newest trained)")
    parser.add_argument("-v", "--version", type=int, help="version of the run (newest)")
    parser.add_argument(
        "--plugins", nargs="+", default=[], metavar="MODULE", help="code that the run needs (none)"
    )


def refuse_options(arguments: argparse.Namespace, trained: Any) -> None:
    """Raise InputError for options of `reconstruct` that mean something to latents only."""
    from vschaos2.errors import InputError

    usual = {"inversion": "keep_input", "sample_latent": 0, "jitter": None, "meta": []}
    for name, value in {**usual, "dataset": None, "seed": 0}.items():
        if getattr(arguments, name) != value:
            raise InputError(
                f"--{name.replace('_', '-')}: {trained.folder} has no latents: leave it out"
            )


def trained_run(arguments: argparse.Namespace, *methods: str) -> Any:
    """The run that was asked for, loaded; it has all of these methods."""
    from vschaos2.families.loading import load_named_run
    from vschaos2.generation.methods import check_methods
    from vschaos2.plugins import load_plugins

    load_plugins(arguments.plugins)
    trained = load_named_run(arguments.run, arguments.name, arguments.version)
    check_methods(trained, *methods)
    return trained


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where sounds go, and at which rate."""
    parser.add_argument("--sr", type=int, help="sample rate of the results (the model's)")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")


def add_meta(parser: argparse.ArgumentParser, text: str) -> None:
    """Labels in words."""
    parser.add_argument(
        "--meta", nargs="+", action="extend", default=[], metavar="TASK VALUE", help=text
    )


def tell(written: list[Path], folder: Path) -> None:
    """Say what was written."""
    logger.info("wrote %d files to %s", len(written), folder)


def add_runs(commands: Commands) -> None:
    """Add `runs` to the subcommands."""
    runs = commands.add_parser("runs", help="list the runs in a folder, and how far each has come")
    runs.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="(%(default)s)")
    runs.add_argument("--json", action="store_true", help="as JSON, one object a run")
    runs.set_defaults(act=show_runs)


def show_runs(arguments: argparse.Namespace) -> None:
    """Print the runs in a folder as a table, or as JSON."""
    from vschaos2.runs.listing import list_runs, table

    rows = list_runs(arguments.folder)
    text = json.dumps([row._asdict() for row in rows], indent=2) if arguments.json else table(rows)
    say(text)


if __name__ == "__main__":
    run(main)
