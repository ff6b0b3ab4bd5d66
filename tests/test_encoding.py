"""Sounds that become latents in files, and sound as they did when these are played."""

import csv
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from conftest import TINY
from omegaconf import OmegaConf
from test_label_generation import LABELS, NOTES, write_dataset

import generate
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.signal_path import hear, offline_core, sound_of
from vschaos2.generation import Player, encode, play_latents
from vschaos2.generation.file_labels import labels_for
from vschaos2.generation.latent_files import read_frames
from vschaos2.generation.latent_map import map_latents, write_csv
from vschaos2.generation.latent_tables import TaskColumns, column_of
from vschaos2.labels.tasks import LabelTask
from vschaos2.runs.folder import Run

RATE, N_FFT, HOP, DIMS = 44100, 512, 128, 4
OVERLAP = N_FFT // HOP
LSB = 2.0**-15  # of a 16-bit file; and more than that of any other


@pytest.fixture(scope="module")
def labelled() -> Run:
    """Told pitch and bend; guesses pitch, and octave, which it is not told."""
    config = OmegaConf.create(TINY)
    labels = OmegaConf.merge(LABELS_NODE, {"prediction": {"octave": {"dim": 9}}})
    config.model = OmegaConf.merge(config.model, labels)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        for predictor in model.prediction.predictors:
            predictor.layers[-1].weight *= 20.0  # so that guesses differ from frame to frame
        latents = torch.randn(64, DIMS)
    kept = Kept(latents, {"pitch": NOTES})
    return Run(Path("runs/x/version_0"), config, model, kept, {"step": 1.0})


LABELS_NODE = OmegaConf.create(LABELS)


@pytest.fixture
def sounds(tmp_path) -> Path:
    """a.wav: a swell that is loud up to both ends; deep/b.wav: silent in its middle."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    swell = rng.standard_normal(6_001) * np.linspace(0.2, 0.01, 6_001)
    soundfile.write(folder / "a.wav", swell, RATE, "FLOAT")
    gap = 0.1 * rng.standard_normal(12_000)
    gap[4_000:8_000] = 0.0
    soundfile.write(folder / "deep" / "b.wav", gap, RATE, "FLOAT")
    return folder


def encoded(run: Run, out: Path, source: Path, form: str, projection: str = "pca", words=()):
    player = Player(run, projection)
    return encode(player, [source], out, labels_for(run, words), form)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def read(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


# --- what is written ---


@pytest.mark.parametrize("projection", ["pca", "ica", "none"])
def test_latents_are_those_of_every_frame_on_the_axes_that_are_named(
    tiny_run, sounds, tmp_path, projection
):
    (array,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "npy", projection)
    (table,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "csv", projection)
    assert (array, table) == (tmp_path / "latents" / "a.npy", tmp_path / "latents" / "a.csv")
    latents = np.load(array)
    assert latents.dtype == np.float32
    axes = Player(tiny_run, projection).axes
    known = hear(offline_core(tiny_run.model, "eco"), sounds / "a.wav").latents
    expected = (known - axes.centre.numpy()) @ axes.to_axes.numpy()
    np.testing.assert_allclose(latents, expected, atol=1e-4)
    rows = rows_of(table)
    names = [f"{projection}_{axis}" for axis in range(1, DIMS + 1)]
    assert list(rows[0]) == ["seconds", "level_db", "audible", *names]
    shown = np.float32([[row[name] for name in names] for row in rows])
    np.testing.assert_array_equal(shown, latents)  # nine digits give every float32 back


def test_tables_in_blocks_equal_the_table_at_once(labelled, sounds, tmp_path, monkeypatch):
    (whole,) = encoded(labelled, tmp_path / "a", sounds / "a.wav", "csv")
    monkeypatch.setattr("vschaos2.generation.encoding.BLOCK", 7)
    (blocks,) = encoded(labelled, tmp_path / "b", sounds / "a.wav", "csv")
    assert blocks.read_bytes() == whole.read_bytes()
    assert len(rows_of(blocks)) == 50


def test_times_are_those_of_the_frames_centres(tiny_run, sounds, tmp_path):
    (array,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "npy")
    rows = rows_of(tmp_path / "latents" / "a.frames.csv")
    count = math.ceil(6_001 / HOP) + OVERLAP - 1  # all that hold a sample of it
    assert np.load(array).shape == (count, DIMS) and len(rows) == count
    centres = [((frame + 1) * HOP - N_FFT / 2) / RATE for frame in range(count)]
    np.testing.assert_allclose([float(row["seconds"]) for row in rows], centres, atol=1e-6)
    assert {row["axes"] for row in rows} == {"pca"}


def test_folders_keep_their_sub_folders_and_silent_frames_say_so(tiny_run, sounds, tmp_path):
    written = encoded(tiny_run, tmp_path, sounds, "csv")
    assert written == [tmp_path / "latents" / "a.csv", tmp_path / "latents" / "deep" / "b.csv"]
    for row in rows_of(written[1]):
        end = float(row["seconds"]) * RATE + N_FFT / 2
        holds_sound = end - N_FFT < 4_000 or end > 8_000
        assert abs(end - 8_000) < 2 or row["audible"] == str(int(holds_sound))
        assert (float(row["level_db"]) < -100) == (row["audible"] == "0")


def test_labels_are_told_or_guessed_or_empty(labelled, tmp_path):
    root = write_dataset(tmp_path / "set")
    source = root / "data" / "a.wav"
    player = Player(labelled)
    told = labels_for(labelled, (), root)
    encode(player, [source], tmp_path / "told", told, "csv")
    rows = rows_of(tmp_path / "told" / "latents" / "a.csv")
    heard = hear(player.core, source, told(source))
    for frame, row in enumerate(rows):
        seconds = max(0.0, ((frame + 1) * HOP - N_FFT / 2) / RATE)
        if seconds < 0.19:
            assert row["pitch"] == ("B" if seconds < 0.1 else "C") and row["bend"] == "-0.5"
        octave = list(labelled.model.prediction.tasks).index("octave")
        assert row["octave"] == str(int(heard.guesses[frame, octave]))
    encoded(labelled, tmp_path / "guessed", source, "csv")
    rows = rows_of(tmp_path / "guessed" / "latents" / "a.csv")
    guesses = hear(player.core, source).labels[:, 0]
    assert [row["pitch"] for row in rows] == [NOTES[int(guess)] for guess in guesses]
    assert {row["bend"] for row in rows} == {""}  # nobody tells, nothing guesses it


def test_a_label_has_its_name_unless_another_column_has_it():
    names = ("pitch", "seconds", "pca_3", "axis_1", "pca_0", "a\x1bb", "none")
    heads = [column_of(name) for name in names]
    assert heads[:4] == ["pitch", "label_seconds", "label_pca_3", "label_axis_1"]
    assert heads[4:] == ["pca_0", "a\\x1bb", "none"]


def test_labels_come_back_from_their_cells():
    names = ["C", "36", "\x1b[2J", "a,b"]
    tasks = TaskColumns({"note": LabelTask(6), "bend": LabelTask(1)}, {"note": names})
    values = np.float32([0, 1, 2, 3, 4, math.nan])
    cells = tasks.cells(0, values)
    assert cells == ["C", "36", "\\x1b[2J", "a,b", "4", ""]
    assert [tasks.value(0, cell) for cell in cells[:5]] == [0.0, 1.0, 2.0, 3.0, 4.0]
    numbers = np.float32([1e-5, -0.1, 12345.678, 1e6])
    assert [np.float32(tasks.value(1, cell)) for cell in tasks.cells(1, numbers)] == list(numbers)


# --- what is heard of it ---


@pytest.mark.parametrize("form", ["npy", "csv"])
@pytest.mark.parametrize("projection", ["pca", "none"])
def test_encoded_sounds_are_played_as_they_are_decoded_to_both_ends(
    tiny_run, sounds, tmp_path, form, projection
):
    """The oracle: `sound_of` all that was heard, under no gain, from the first sample on."""
    files = encoded(tiny_run, tmp_path, sounds / "a.wav", form, projection)
    player = Player(tiny_run, projection)
    (played,) = play_latents(player, files, tmp_path)
    assert played == tmp_path / "trajectories" / "a.wav"
    heard = hear(player.core, sounds / "a.wav")
    assert heard.audible.all()
    expected = np.concatenate(
        list(sound_of(player.core, heard.latents, heard.labels, 0, heard.length))
    )
    sound = read(played)
    assert len(sound) == heard.length == 6_001 + -6_001 % HOP
    assert np.abs(sound - expected).max() < LSB
    assert np.abs(sound[:HOP]).max() > 0.01 and np.abs(sound[-2 * HOP :]).max() > LSB


@pytest.mark.parametrize("form", ["npy", "csv"])
def test_labels_of_a_file_are_told_when_it_is_played(labelled, sounds, tmp_path, form):
    words = ("pitch", "C", "bend", "-0.25")
    files = encoded(labelled, tmp_path, sounds / "a.wav", form, words=words)
    player = Player(labelled)
    heard = hear(player.core, sounds / "a.wav", labels_for(labelled, words)(sounds / "a.wav"))

    def decoded(*labels: float) -> np.ndarray:
        every = np.tile(np.float32(labels), (len(heard.latents), 1))
        return np.concatenate(list(sound_of(player.core, heard.latents, every, 0, heard.length)))

    (played,) = play_latents(player, files, tmp_path / "as_told")
    assert np.abs(read(played) - decoded(2.0, -0.25)).max() < LSB
    (played,) = play_latents(Player(labelled, words=["pitch", "A"]), files, tmp_path / "given")
    assert np.abs(read(played) - decoded(0.0, -0.25)).max() < LSB
    assert np.abs(decoded(0.0, -0.25) - decoded(2.0, -0.25)).max() > 10 * LSB


def test_silence_is_played_as_silence(tiny_run, sounds, tmp_path):
    (file,) = encoded(tiny_run, tmp_path, sounds / "deep" / "b.wav", "npy")
    sound = read(play_latents(Player(tiny_run), [file], tmp_path)[0])
    assert np.abs(sound[4_000 + N_FFT : 8_000 - N_FFT]).max() == 0.0
    assert np.abs(sound[:3_000]).max() > 10 * LSB < np.abs(sound[9_000:]).max()


def test_an_array_alone_or_a_part_of_a_table_is_a_path(tiny_run, sounds, tmp_path):
    player = Player(tiny_run)
    (array,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "npy")
    (table,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "csv")
    np.save(tmp_path / "alone.npy", np.load(array)[10:30])
    lines = table.read_text().splitlines(keepends=True)
    (tmp_path / "part.csv").write_text("".join([lines[0], *lines[11:31]]))
    alone, part = play_latents(player, [tmp_path / f for f in ("alone.npy", "part.csv")], tmp_path)
    player.write(tmp_path / "path.wav", np.load(array)[10:30])
    np.testing.assert_array_equal(read(alone), read(tmp_path / "path.wav"))
    np.testing.assert_array_equal(read(part), read(tmp_path / "path.wav"))
    assert len(read(alone)) == 20 * HOP


@pytest.mark.parametrize("projection", ["pca", "ica"])
def test_points_of_a_map_are_a_path_in_their_order(labelled, tmp_path, projection):
    root = write_dataset(tmp_path / "set")
    player = Player(labelled, projection)
    points = map_latents(player, projection, root, "pitch")
    write_csv(points, tmp_path / "map.csv")
    frames = read_frames(tmp_path / "map.csv", player)
    np.testing.assert_allclose(frames.coordinates, points.coordinates, rtol=1e-4)
    np.testing.assert_array_equal(frames.labels[:, 0], points.values.astype(np.float32))
    (played,) = play_latents(player, [tmp_path / "map.csv"], tmp_path)
    assert len(read(played)) == len(points.file) * HOP
    other = Player(labelled, "none")
    with pytest.raises(InputError, match=f"axes '{projection}', not 'none': give --projection"):
        read_frames(tmp_path / "map.csv", other)


# --- files of strangers ---


def with_cells(path: Path, changes: dict[str, str], row: int = 2) -> Path:
    rows = rows_of(path)
    rows[row] |= changes
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pca_2": "far"}, r"line 4: pca_2 must be a number within ±1e\+06, got 'far'"),
        ({"pca_2": "nan"}, "line 4: pca_2 must be a number"),
        ({"pca_2": "1e7"}, "line 4: pca_2 must be a number"),
        ({"pca_2": ""}, "line 4: pca_2 must be a number"),
        ({"seconds": "\x1b[2J"}, r"line 4: seconds must be .*'\\\\x1b\[2J'"),
        ({"audible": "-1"}, "line 4: audible must be a number from 0 to 1, got '-1'"),
        ({"pitch": "H"}, "line 4: pitch 'H' is no class or value that the model has"),
        ({"bend": "inf"}, "line 4: bend 'inf' is no class or value"),
    ],
)
def test_cells_that_mean_nothing_are_told_with_their_line(
    labelled, sounds, tmp_path, changes, message
):
    (file,) = encoded(labelled, tmp_path, sounds / "a.wav", "csv")
    with pytest.raises(InputError, match=message) as caught:
        read_frames(with_cells(file, changes), Player(labelled))
    assert str(caught.value).startswith(str(file)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1 must name pca_1 … pca_4, and has none of them"),
        (b"a,b\n1,2\n", "line 1 must name pca_1"),
        (b"pca_1,pca_2,pca_3\n1,2,3\n", "has 3 columns pca_…"),
        (b"pca_1,pca_2,pca_3,pca_4,pca_5\n1,2,3,4,5\n", "has 5 columns pca_…"),
        (b"pca_1,pca_2,pca_3,pca_5\n1,2,3,4\n", "has 4 columns pca_…"),
        (
            b"none_1,none_2,none_3,none_4\n1,2,3,4\n",
            "axes 'none', not 'pca': give --projection none",
        ),
        (b"pca_1,pca_2,pca_3,pca_4\n", "has no frame in it"),
        (b"pca_1,pca_2,pca_3,pca_4\n1,2,3\n", "line 2 has 3 cells, not 4"),
        (b"pca_1,pca_2,pca_3,pca_4\n1,2,3,\xff\n", "cannot be read as a table"),
        (b"pca_1" + b"," * 70_000, "a line of 65536 characters"),
        (b'"' + b"x\n" * 80_000, "cannot be read as a table .field larger"),
    ],
)
def test_tables_that_hold_no_frames_are_refused_in_one_line(tiny_run, tmp_path, content, message):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_frames(path, Player(tiny_run))
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_columns_without_a_projection_are_on_the_axes_that_are_asked_for(tiny_run, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("axis_4,axis_3,axis_2,axis_1\n4,3,2,1\n", encoding="utf-8-sig")
    for projection in ("pca", "none"):
        frames = read_frames(path, Player(tiny_run, projection))
        assert frames.coordinates.tolist() == [[1.0, 2.0, 3.0, 4.0]] and frames.seconds is None
    path.write_text("audible,axis_1,axis_2,axis_3,axis_4\n2,1,2,3,4\n")
    with pytest.raises(InputError, match="audible must be a number from 0 to 1, got '2'"):
        read_frames(path, Player(tiny_run))


def test_longer_tables_than_are_played_are_refused(tiny_run, tmp_path, monkeypatch):
    monkeypatch.setattr("vschaos2.generation.latent_tables.MOST_VALUES", 50)
    path = tmp_path / "x.csv"
    for rows, is_read in ((10, True), (11, False)):
        path.write_text("pca_1,pca_2,pca_3,pca_4\n" + "1,2,3,4\n" * rows)
        if is_read:
            assert len(read_frames(path, Player(tiny_run)).coordinates) == rows
            continue
        with pytest.raises(InputError, match="has more than 10 rows: cut it in parts"):
            read_frames(path, Player(tiny_run))


def test_an_array_and_the_table_beside_it_belong_together(tiny_run, sounds, tmp_path):
    (file,) = encoded(tiny_run, tmp_path, sounds / "a.wav", "npy", "ica")
    with pytest.raises(InputError, match="axes 'ica', not 'pca': give --projection ica"):
        read_frames(file, Player(tiny_run))
    np.save(file, np.load(file)[:-1])
    with pytest.raises(InputError, match=r"has 49 steps, and a.frames.csv beside it tells of 50"):
        read_frames(file, Player(tiny_run, "ica"))


# --- the program ---


def test_program_encodes_and_plays_again(tmp_path, tiny_run, tiny_run_folder, sounds, monkeypatch):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["generate.py", *map(str, arguments)])
        generate.main()

    with pytest.raises(InputError, match="format must be one of npy, csv, got 'wav'"):
        command("encode", tiny_run_folder, "--files", sounds, "--out", tmp_path, "--format", "wav")
    command("encode", tiny_run_folder, "--files", sounds, "--out", tmp_path, "--projection", "none")
    latents = tmp_path / "latents"
    names = {path.relative_to(latents).as_posix() for path in latents.rglob("*.*")}
    assert names == {"a.npy", "a.frames.csv", "deep/b.npy", "deep/b.frames.csv"}
    told = ("--projection", "none", "--inversion", "eco", "--out", tmp_path)
    given = (latents / "a.npy", latents / "deep/b.npy")
    command("trajectories", tiny_run_folder, "--latents", *given, *told)
    core = offline_core(tiny_run.model, "eco", Player(tiny_run, "none").axes)
    heard = hear(core, sounds / "a.wav")
    expected = np.concatenate(list(sound_of(core, heard.latents, heard.labels, 0, heard.length)))
    assert np.abs(read(tmp_path / "trajectories" / "a.wav") - expected).max() < LSB
    assert len(read(tmp_path / "trajectories" / "b.wav")) == 12_000 + -12_000 % HOP
