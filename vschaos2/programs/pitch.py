"""Label a dataset by ear: pitch and octave of every recording, over time, as its metadata."""

import logging
from pathlib import Path

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say
from vschaos2.dataset_paths import sound_folder
from vschaos2.terminal import printable


def main() -> None:
    """Parse the arguments and extract."""
    parser = ArgumentParser(prog=program_name("pitch"), description=__doc__)
    parser.add_argument("dataset", type=Path, help="folder of recordings, or of data/")
    parser.add_argument(
        "-c", "--threshold", type=float, help="periodicity of voiced sound, 0 to 1 (the method's)"
    )
    parser.add_argument(
        "-l", "--hop_length", type=int, default=256, help="step in samples (%(default)s)"
    )
    parser.add_argument("--fmin", type=float, default=50.0, help="in Hz (%(default)g)")
    parser.add_argument("--fmax", type=float, default=2000.0, help="in Hz (%(default)g)")
    parser.add_argument("--method", default="swift", help="swift, crepe or pyin (%(default)s)")
    parser.add_argument("--batch_size", type=int, help="of crepe: windows at once (256)")
    parser.add_argument("--model", help="of crepe: tiny or full (full)")
    parser.add_argument("--device", help="of crepe: cpu, cuda … (a GPU if there is one)")
    by_hand = parser.add_mutually_exclusive_group()
    by_hand.add_argument(
        "--overwrite", action="store_true", help="replace labels that were made otherwise"
    )
    by_hand.add_argument(
        "--fill", action="store_true", help="keep labels made by hand, and label what they do not"
    )
    arguments = parser.parse_args()

    from vschaos2.pitch.extraction import extract_pitch
    from vschaos2.pitch.methods import make_tracker
    from vschaos2.pitch.trackers import NOMINAL_RATE_HZ

    of_crepe = {
        name: value
        for name in ("model", "batch_size", "device")
        if (value := getattr(arguments, name)) is not None
    }
    if of_crepe and arguments.method != "crepe":
        logging.getLogger(__name__).warning(
            "--%s: only for --method crepe, not used by %s",
            ", --".join(of_crepe), arguments.method,
        )  # fmt: skip
    tracker = make_tracker(
        arguments.method,
        arguments.hop_length / NOMINAL_RATE_HZ,
        arguments.fmin,
        arguments.fmax,
        **of_crepe,
    )
    done = extract_pitch(
        arguments.dataset,
        tracker,
        arguments.hop_length,
        arguments.threshold,
        arguments.overwrite,
        fill=arguments.fill,
    )
    new = done.files - done.resumed
    voiced = f", {done.voiced_seconds / done.seconds:.0%} of it voiced" if done.seconds else ""
    say(
        f"pitch and octave of {done.files} files in {printable(arguments.dataset / 'metadata')}: "
        f"{new} new, {done.seconds / 60:.1f} minutes{voiced}; {done.resumed} from before, "
        f"{len(done.unreadable)} unreadable"
    )
    if arguments.fill:
        _say_agreement(arguments.dataset)


def _say_agreement(root: Path) -> None:
    """Say how far what was heard agrees with the labels made by hand."""
    from vschaos2.audio import find_audio_files
    from vschaos2.labels.metadata import read_task
    from vschaos2.pitch.extraction import TASKS

    files = [path.relative_to(root).as_posix() for path in find_audio_files(sound_folder(root))]
    for task in TASKS:
        agreed = read_task(root / "metadata" / task, files, {}).agreed
        if agreed is not None:
            say(f"{task}: heard as you labelled it in {agreed:.0%} of the time that both tell of")


if __name__ == "__main__":
    run(main)
