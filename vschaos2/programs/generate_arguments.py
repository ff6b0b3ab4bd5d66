"""The arguments of generate.py's commands."""

import argparse
from pathlib import Path

from vschaos2.programs.foley import add_foley as add_foley_options
from vschaos2.programs.foley import add_onsets as add_onsets_options
from vschaos2.programs.options import MODES, add_meta, add_output, add_run, add_texture
from vschaos2.programs.presets import add_collection
from vschaos2.programs.presets import add_map as add_map_of_presets

Parser = argparse.ArgumentParser
Commands = argparse._SubParsersAction


def add_reconstruct(commands: Commands) -> Parser:
    """The arguments of `reconstruct`."""
    parser = commands.add_parser("reconstruct", help="pass sound files through the model")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    add_output(parser)
    parser.add_argument(
        "--inversion", default="keep_input", help=f"keep_input, {MODES} (%(default)s)"
    )
    add_texture(parser)
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
    return parser


def add_process(commands: Commands) -> Parser:
    """The arguments of `process`."""
    parser = commands.add_parser("process", help="pass sound files through an effect, or several")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    add_output(parser)
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME VALUE",
        help="knobs of the first run, such as drive 0.7 mix 0.5 (as recorded in the middle)",
    )
    parser.add_argument(
        "--through",
        type=Path,
        nargs="+",
        default=[],
        metavar="RUN",
        help="runs behind it, in this order, at their first settings (none)",
    )
    return parser


def add_transfer(commands: Commands) -> Parser:
    """The arguments of `transfer`."""
    parser = commands.add_parser("transfer", help="play sound files as another instrument would")
    add_run(parser)
    parser.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    parser.add_argument("--to", required=True, metavar="NAME", help="instrument that plays")
    parser.add_argument(
        "--from",
        dest="origin",
        default="auto",
        metavar="NAME",
        help="instrument that is heard (%(default)s: by ear)",
    )
    parser.add_argument(
        "--method", help="translator, bridge, warm or affine (the first that the run learnt)"
    )
    how_far = parser.add_mutually_exclusive_group()
    how_far.add_argument(
        "--level",
        type=float,
        nargs="+",
        default=[],
        metavar="T",
        help="of bridge and warm: from the source's structure (0) to the target's timbre (1); a "
        "file for each (0.55)",
    )
    how_far.add_argument(
        "--sigma",
        type=float,
        nargs="+",
        default=[],
        metavar="S",
        help="the same as deviations of the noise, such as 0.7 1.2 2.3",
    )
    parser.add_argument("--steps", type=int, help="of bridge and warm: each way, ≤ 1000 (2)")
    parser.add_argument("--solver", help="of bridge and warm: midpoint or heun (midpoint)")
    parser.add_argument(
        "--guidance",
        type=float,
        help="of bridge and warm: how much further away from the other instrument than was learnt "
        "each goes, 0 to 10 (0.2)",
    )
    parser.add_argument(
        "--transpose",
        default="auto",
        metavar="N",
        help="semitones; auto: the octave that the target plays in (%(default)s)",
    )
    parser.add_argument("--inversion", help=f"{MODES} (the run's)")
    parser.add_argument("--seed", type=int, default=0, help="of warm: another seed, other noise")
    add_output(parser)
    return parser


def add_dream(commands: Commands) -> Parser:
    """The arguments of `dream`."""
    parser = commands.add_parser("dream", help="make new material of an instrument of a bridge")
    add_run(parser)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--as", dest="instrument", metavar="NAME", help="instrument that plays")
    who.add_argument("--like", type=Path, metavar="FILE", help="the instrument of this sound")
    parser.add_argument("--seconds", type=float, default=30.0, help="≤ 3600 (%(default)s)")
    parser.add_argument("-b", "--examples", type=int, default=1, help="pieces (%(default)s)")
    parser.add_argument("--steps", type=int, default=16, help="≤ 1000 (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other pieces")
    parser.add_argument("--inversion", help=f"{MODES} (the run's)")
    add_output(parser)
    return parser


def add_encode(commands: Commands) -> Parser:
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
    return parser


def add_trajectories(commands: Commands) -> Parser:
    """The arguments of `trajectories`."""
    parser = commands.add_parser("trajectories", help="play paths through the latent space")
    add_run(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--trajectories",
        nargs="+",
        metavar="KIND",
        help="point, line, interpolate, sin, square, triangle, saw, circle, ellipse, spiral, "
        "lissajous, random, brownian, uniform; prior: as the recordings' latents move",
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
        "--temperature",
        type=float,
        default=1.0,
        help="of prior, 0 to 10: how freely it moves; 1 as the recordings do (%(default)s)",
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
    add_texture(parser)
    add_meta(parser, "labels, such as pitch C# octave 4")
    return parser


def add_morph(commands: Commands) -> Parser:
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
    add_texture(parser)
    add_meta(parser, "labels of the morph (guessed from the sounds)")
    return parser


def add_evaluate(commands: Commands) -> Parser:
    """The arguments of `evaluate`."""
    parser = commands.add_parser("evaluate", help="measure the run on files it never trained on")
    add_run(parser)
    parser.add_argument("--dataset", type=Path, help="measure its files (the held-out ones)")
    parser.add_argument("--out", type=Path, help="folder to write to (RUN/evaluation)")
    parser.add_argument("--inversion", help=f"of decode: {MODES} (the run's)")
    parser.add_argument(
        "--paired",
        type=Path,
        nargs=2,
        default=[],
        metavar="FOLDER",
        help="of a bridge: the same music by two of its instruments, files called alike (none)",
    )
    add_texture(parser)
    return parser


def add_map(commands: Commands) -> Parser:
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
    return parser


def add_runs(commands: Commands) -> Parser:
    """Add `runs` to the subcommands."""
    runs = commands.add_parser("runs", help="list the runs in a folder, and how far each has come")
    runs.add_argument("folder", type=Path, nargs="?", default=Path("runs"), help="(%(default)s)")
    runs.add_argument("--json", action="store_true", help="as JSON, one object a run")
    return runs


def add_import(commands: Commands) -> Parser:
    """The arguments of `import`."""
    parser = commands.add_parser("import", help="make a run of an amp model of others, a .nam file")
    parser.add_argument("file", type=Path, help="of Neural Amp Modeler: WaveNet or LSTM")
    parser.add_argument("-n", "--name", help="of the run (the file's)")
    parser.add_argument("--rundir", type=Path, default=Path("runs"), help="(%(default)s)")
    parser.add_argument(
        "--input-level",
        type=float,
        metavar="DBU",
        help="of a sine that is full scale at your converter: drive the model as its amp was "
        "(full scale is as it was there)",
    )
    parser.add_argument(
        "--loudness",
        type=float,
        metavar="DB",
        help="bring the model to it, such as -18, by what the file tells (as loud as it is)",
    )
    return parser


def add_presets(commands: Commands) -> Parser:
    """The arguments of `presets`."""
    return add_collection(commands.add_parser("presets", help="collect many retrieved chains"))


def add_onsets(commands: Commands) -> Parser:
    """The arguments of `onsets`."""
    help_text = "write when something begins, and how strong"
    return add_onsets_options(commands.add_parser("onsets", help=help_text))


def add_foley(commands: Commands) -> Parser:
    """The arguments of `foley`."""
    help_text = "make sound for the events of a film or a sound"
    return add_foley_options(commands.add_parser("foley", help=help_text))


def add_effect_map(commands: Commands) -> Parser:
    """The arguments of `effect-map`."""
    help_text = "tell how the settings of collected chains lie"
    return add_map_of_presets(commands.add_parser("effect-map", help=help_text))
