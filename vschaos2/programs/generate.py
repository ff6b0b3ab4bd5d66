"""Sound files, paths, morphs, measures and maps from a trained run; and the runs there are."""

import argparse
import json
import logging
import re
from pathlib import Path
from typing import Any

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say
from vschaos2.programs import generate_arguments as arguments_of
from vschaos2.programs.presets import collect_presets, map_presets
from vschaos2.terminal import printable

logger = logging.getLogger("generate")


def main() -> None:
    """Parse the arguments and generate."""
    parser = ArgumentParser(prog=program_name("generate"), description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=ArgumentParser)
    for add, act in COMMANDS:
        add(commands).set_defaults(act=act)
    arguments = parser.parse_args()
    arguments.act(arguments)


def reconstruct(arguments: argparse.Namespace) -> None:
    """Pass sound files through the model."""
    from vschaos2.generation.file_labels import labels_for
    from vschaos2.generation.reconstruct import Unrest, reconstruct

    trained = trained_run(arguments, "encode", "decode")
    labels = labels_for(trained, arguments.meta, arguments.dataset)
    unrest = Unrest(bool(arguments.sample_latent), arguments.jitter, arguments.seed)
    options = (arguments.sr, arguments.inversion, labels, unrest)
    written = reconstruct(trained.model, arguments.files, arguments.out, *options)
    tell(written, arguments.out / "reconstructions")


def process_files(arguments: argparse.Namespace) -> None:
    """Pass sound files through a run at chosen settings, or through several."""
    from vschaos2.generation.process import process, set_controls

    behind = [_plainly(arguments, path) for path in arguments.through]
    stages = [_stage(asked) for asked in (arguments, *behind)]
    set_controls(stages[0], arguments.set)
    folder = arguments.out / "processed"
    tell(process(stages, arguments.files, folder, arguments.sr), folder)


def _stage(arguments: argparse.Namespace) -> Any:
    """What sounds go through: a run, or a collection of chains."""
    from vschaos2.families.export import playable_of
    from vschaos2.generation.process import check_stage
    from vschaos2.retrieval.playable_collection import playable_collection
    from vschaos2.retrieval.preset_folder import is_preset_folder, refuse_options_of_runs

    if is_preset_folder(arguments.run):
        refuse_options_of_runs(arguments.run, name=arguments.name, version=arguments.version)
        return playable_collection(arguments.run, {})
    trained = trained_run(arguments, "forward")
    check_stage(trained)
    return playable_of(trained, {})


def _plainly(arguments: argparse.Namespace, path: Path) -> argparse.Namespace:
    """The same arguments about the newest version of another run."""
    return argparse.Namespace(run=path, name=None, version=None, plugins=arguments.plugins)


def transfer(arguments: argparse.Namespace) -> None:
    """Play sound files as another instrument would."""
    from vschaos2.generation.methods import check_family
    from vschaos2.generation.transfer import FOLDER, TransferOptions, transfer

    trained = trained_run(arguments)
    check_family(trained, "bridge", "transfer")
    options = TransferOptions(
        to=arguments.to,
        origin=arguments.origin,
        method=arguments.method,
        levels=arguments.level,
        sigmas=arguments.sigma,
        steps=arguments.steps,
        solver=arguments.solver,
        transpose=arguments.transpose,
        inversion=arguments.inversion,
        seed=arguments.seed,
        guidance=arguments.guidance,
        rate_hz=arguments.sr,
    )
    tell(transfer(trained, arguments.files, arguments.out, options), arguments.out / FOLDER)


def dream(arguments: argparse.Namespace) -> None:
    """Make new material of an instrument of a bridge."""
    from vschaos2.generation.dream import FOLDER, DreamOptions, dream
    from vschaos2.generation.methods import check_family

    trained = trained_run(arguments)
    check_family(trained, "bridge", "dream")
    options = DreamOptions(
        seconds=arguments.seconds,
        instrument=arguments.instrument,
        like=arguments.like,
        examples=arguments.examples,
        steps=arguments.steps,
        seed=arguments.seed,
        inversion=arguments.inversion,
        rate_hz=arguments.sr,
    )
    tell(dream(trained, arguments.out, options), arguments.out / FOLDER)


def encode(arguments: argparse.Namespace) -> None:
    """Write the latents, times and labels of sound files."""
    from vschaos2.generation.encoding import encode
    from vschaos2.generation.file_labels import labels_for
    from vschaos2.generation.player import Player

    trained = trained_run(arguments, "encode", "decode")
    labels = labels_for(trained, arguments.meta, arguments.dataset)
    player = Player(trained, arguments.projection)
    written = encode(player, arguments.files, arguments.out, labels, arguments.format)
    tell(written, arguments.out / "latents")


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
    options = PathOptions(
        arguments.seed, arguments.amplitude, arguments.frequency, arguments.temperature
    )
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


def evaluate(arguments: argparse.Namespace) -> None:
    """Measure the run, show the table and write it."""
    from vschaos2.files import check_place
    from vschaos2.folders import results_folder
    from vschaos2.programs.evaluations import measured

    trained = trained_run(arguments)
    place = arguments.out or trained.folder / "evaluation"
    with results_folder(place, arguments.out is None) as folder:
        check_place(folder / "evaluation.json")
        table, written = measured(arguments, trained, folder)
    logger.info(table)
    tell(written, folder)


def draw_map(arguments: argparse.Namespace) -> None:
    """Draw the latent space, and write its points."""
    from vschaos2.files import check_place
    from vschaos2.folders import results_folder
    from vschaos2.generation.latent_map import map_latents, write_csv
    from vschaos2.generation.map_picture import draw_map
    from vschaos2.generation.player import Player

    trained = trained_run(arguments, "encode", "decode")
    with results_folder(arguments.out or trained.folder / "map", arguments.out is None) as folder:
        written = [folder / "latent_map.png", folder / "latent_map.csv"]
        for path in written:
            check_place(path)
        player = Player(trained, arguments.projection)
        points = map_latents(player, arguments.projection, arguments.dataset, arguments.color)
        draw_map(points, written[0])
        write_csv(points, written[1])
    tell(written, folder)


def find_onsets(arguments: argparse.Namespace) -> None:
    """Write when something begins in sound files and films, and how strong it is."""
    from vschaos2.errors import InputError
    from vschaos2.families.loading import load_run
    from vschaos2.generation.onsets import Finding, onsets_of_files
    from vschaos2.training.threads import leave_busy_cores

    leave_busy_cores()
    if arguments.run is not None and arguments.sound:
        raise InputError("--run sees films, --sound hears them: give one of them")
    run = None if arguments.run is None else load_run(arguments.run)
    finding = Finding(arguments.threshold, arguments.min_gap, run, arguments.sound, arguments.notes)
    written = onsets_of_files(
        arguments.files,
        arguments.out,
        finding,
        arguments.overwrite,
        arguments.greatest_hits,
    )
    tell(written, arguments.out)


def trained_run(arguments: argparse.Namespace, *methods: str) -> Any:
    """The run that was asked for, loaded; it has all of these methods."""
    from vschaos2.errors import InputError
    from vschaos2.families.loading import load_named_run
    from vschaos2.generation.methods import check_methods, with_latents
    from vschaos2.plugins import load_plugins
    from vschaos2.ranges import check_number
    from vschaos2.retrieval.tries import nearest
    from vschaos2.runs.listing import run_in
    from vschaos2.training.threads import leave_busy_cores

    leave_busy_cores()
    load_plugins(arguments.plugins)
    path = arguments.run
    if arguments.version is None:  # of a retrieval's tries, the best one
        path = nearest(run_in(path, arguments.name))
    trained = load_named_run(path, arguments.name, arguments.version)
    check_methods(trained, *methods)
    if methods:
        trained = with_latents(trained)
    texture = getattr(arguments, "texture", None)
    if texture is not None:
        if not hasattr(trained.model, "texture"):
            raise InputError(f"--texture: {trained.folder} knows of none: leave it out")
        check_number("--texture", texture, 0.0, 1.0)
        trained.model.texture = texture
    return trained


def tell(written: list[Path], folder: Path) -> None:
    """Say what was written."""
    logger.info("wrote %d files to %s", len(written), folder)


def show_runs(arguments: argparse.Namespace) -> None:
    """Print the runs in a folder as a table, or as JSON."""
    from vschaos2.runs.listing import list_runs, table

    rows = list_runs(arguments.folder)
    text = json.dumps([row._asdict() for row in rows], indent=2) if arguments.json else table(rows)
    say(text)


def foley(arguments: argparse.Namespace) -> None:
    """Make sound for the events of a film or a sound."""
    from vschaos2.families.loading import load_run
    from vschaos2.generation.foley import FOLDER
    from vschaos2.programs.foley import make_foley

    trained = trained_run(arguments)
    finder = None if arguments.finder is None else load_run(arguments.finder)
    tell(make_foley(arguments, trained, finder), arguments.out / FOLDER)


def import_model(arguments: argparse.Namespace) -> None:
    """Make a run of a .nam file."""
    from vschaos2.families.effect.nam_import import import_nam

    path = arguments.file
    levels = (arguments.input_level, arguments.loudness)
    name = re.sub(r"[^\w .+-]", "-", path.stem) if arguments.name is None else arguments.name
    folder = import_nam(path, arguments.rundir, name, *levels)
    logger.info("%s is a run now: script.py and process take it", printable(folder.parent))


COMMANDS = (
    (arguments_of.add_reconstruct, reconstruct),
    (arguments_of.add_process, process_files),
    (arguments_of.add_transfer, transfer),
    (arguments_of.add_dream, dream),
    (arguments_of.add_encode, encode),
    (arguments_of.add_trajectories, trajectories),
    (arguments_of.add_morph, morph),
    (arguments_of.add_evaluate, evaluate),
    (arguments_of.add_map, draw_map),
    (arguments_of.add_runs, show_runs),
    (arguments_of.add_import, import_model),
    (arguments_of.add_onsets, find_onsets),
    (arguments_of.add_foley, foley),
    (arguments_of.add_presets, collect_presets),
    (arguments_of.add_effect_map, map_presets),
)

if __name__ == "__main__":
    run(main)
