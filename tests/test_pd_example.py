# ruff: noqa: F811 (fixtures of another file)
"""Every patch in patches/ opens and is laid out cleanly; the example plays."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from exports import export_run
from pd.geometry import windows
from pd.runner import BLOCK, Patch, Played, record, run_pd
from test_external import assert_equal, compiler, hosted, library  # noqa: F401
from test_label_export import labelled_run
from test_pd_patches import FLAGS, LATENTS, MS, PATCHES, errors, labels, noise, played_path  # noqa: F401
from test_small_engine_in_pd import library as without_libtorch  # noqa: F401

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]

# Those that script.py writes are laid out by widths of their own: tests/test_patches.py.
DRAWN = sorted(path for path in PATCHES.glob("*.pd") if not path.stem.startswith("ordinario"))


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_no_boxes_overlap_and_all_are_in_view(path):
    found = windows(path)
    assert sum(len(window.boxes) for window in found) > 5
    for window in found:
        for index, box in enumerate(window.boxes):
            clashes = [other.text for other in window.boxes[:index] if box.overlaps(other)]
            assert not clashes, (window.name, box, clashes)
            assert box.left >= 0, (window.name, box)
            assert box.top >= 0, (window.name, box)
            assert box.right <= window.width, (window.name, box)
            assert box.bottom <= window.height, (window.name, box)


@pytest.mark.parametrize("path", sorted(PATCHES.glob("*.pd")), ids=lambda path: path.stem)
def test_patches_open_without_a_complaint(without_libtorch, played_path, tmp_path, path):
    arguments = {
        "four_voices": f"{played_path} 512 {LATENTS} 2",
        "four_voices_voice": f"1 512 {LATENTS} 2",
        "midi_labels": "5 80 0",
        "model_slot": "decode",
        "slow_walk": "4",
    }
    patch = Patch()
    patch.box(f"{path.stem} {arguments.get(path.stem, '')}")
    start = patch.box("loadbang")
    patch.send(start, 0.0, "; pd dsp 1")
    patch.send(start, 300.0, "; pd quit")
    lines, code = run_pd(patch, tmp_path, without_libtorch, *FLAGS)
    assert code == 0
    assert [line for line in lines if line.strip()] == []


def example(folder: Path, library: Path, events: list[tuple[float, str]], length: int) -> Played:
    """What comes out of pd_example.pd when its controls are told things at times in samples."""
    patch = Patch()
    tap = patch.box("r~ example-out")
    patch.box("pd_example")
    timed = [(time + BLOCK / 2, f"; {text}", None) for time, text in events]
    return record(folder, library, patch, [(tap, 0)], length, timed, flags=FLAGS)


def test_example_plays_a_file_through_forward(library, exported_path, tmp_path):
    length, start = 512 * BLOCK, 100 * BLOCK
    sound = noise(length - start)
    soundfile.write(tmp_path / "my sound.wav", sound.T, 44100, subtype="FLOAT")
    events = [(0.0, f"example-{text}") for text in ("buffer 512", "volume-1 1", "volume-2 0")]
    events.append((0.0, f"example-model symbol {exported_path}"))
    file = str(tmp_path / "my sound.wav").replace(" ", r"\ ")
    events += [(start, f"example-sound-file symbol {file}"), (start, "example-play 1")]
    events.append((300 * BLOCK, "example-both set gain_db -12"))
    played = example(tmp_path, library, events, length)
    assert errors(played) == []
    heard = np.concatenate([np.zeros((1, start), np.float32), sound], 1)
    expected = hosted(exported_path, "forward", heard, 512, ((300, "gain_db", -12.0),))
    assert_equal(played.signals[:, start:], expected[:, start:])


def test_example_plays_latents_and_notes(library, played_path, tmp_path):
    length, note_at, settled = 384 * BLOCK, 100 * BLOCK, 40 * BLOCK
    texts = ["buffer 512", "volume-1 0", "volume-2 1", f"model symbol {played_path}"]
    latents = [1.5, -3.0, 0.5, 2.0]
    texts += [f"latent-{i + 1} {value}" for i, value in enumerate(latents)]
    events = [(0.0, f"example-{text}") for text in texts]
    events.append((note_at, "example-note 70 100"))
    events.append((250 * BLOCK, "example-guess bang"))
    played = example(tmp_path, library, events, length)
    assert errors(played) == []
    steps = (0, [*latents, -1, -1]), (note_at, [*latents, 1, 5]), (250 * BLOCK, [*latents, -1, -1])
    expected = hosted(played_path, "decode", labels(length, *steps), 512)
    assert_equal(played.signals[:, settled:], expected[:, settled:])


def test_example_asks_a_model_that_guesses_without_red_lines(library, tmp_path):
    """Guesses are outlets for signals, before the one that answers; labels are found out."""
    path = export_run(labelled_run(), tmp_path, "guessing", blocks=2)
    events = [(0.0, f"example-{text}") for text in ("buffer 512", f"model symbol {path}")]
    events += [(200 * BLOCK, "example-both get temperature"), (220 * BLOCK, "example-both bang")]
    played = example(tmp_path, library, events, 256 * BLOCK)
    told = [line for line in played.lines if line.startswith("model: ")]
    assert [line for line in played.lines if line.startswith("error")] == []
    assert [line for line in played.lines if "audio signal" in line] == []
    assert told[0] == "model: temperature 0"
    assert "model: dim 7 1" in told  # four latents, three labels
    assert sum("loaded" in line for line in told) == 1


def test_notes_may_open_the_sound_of_the_example(library, played_path, tmp_path):
    length, note_at, off_at = 384 * BLOCK, 100 * BLOCK, 200 * BLOCK
    texts = ["buffer 512", "labels 2", "volume-1 0", "volume-2 1", f"model symbol {played_path}"]
    events = [(0.0, f"example-{text}") for text in [*texts, "gated 1", "latent-1 3"]]
    events += [(note_at, "example-note 70 127"), (off_at, "example-note 70 0")]
    played = example(tmp_path, library, events, length)
    assert errors(played) == []
    silence = [slice(40 * BLOCK, note_at), slice(off_at + int(80 * MS) + BLOCK, length)]
    assert not any(played.signals[0, part].any() for part in silence)
    latents = [3.0, 0.0, 0.0, 0.0]
    steps = (0, [*latents, -1, -1]), (note_at, [*latents, 1, 5])
    expected = hosted(played_path, "decode", labels(length, *steps), 512)
    open_part = slice(note_at + int(5 * MS) + BLOCK, off_at)
    assert_equal(played.signals[:, open_part], expected[:, open_part])


def test_walk_of_the_example_moves_every_latent(library, exported_path, tmp_path):
    length = 2048 * BLOCK
    patch = Patch()
    patch.box("pd_example")
    taps = []
    for number in range(1, 9):
        box = patch.box("sig~")
        patch.connect(patch.box(f"r example-slider-{number}"), box)
        taps.append((box, 0))
    events = [(0.0, "; example-seconds 0.5", None), (0.0, "; example-walk-set 1", None)]
    played = record(tmp_path, library, patch, taps, length, events, flags=FLAGS)
    assert errors(played) == []
    assert (played.signals.std(1) > 0.2).all()
    assert np.abs(np.corrcoef(played.signals) - np.eye(8)).max() < 0.95  # each its own way
