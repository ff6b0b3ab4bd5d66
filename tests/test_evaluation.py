import csv
import json

import numpy as np
import pytest
import soundfile
import torch
from conftest import TINY
from matplotlib.image import imread
from omegaconf import OmegaConf

from vschaos2.data.stretches import Stretch, with_stretch
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.signal_path import hear
from vschaos2.generation import Player, evaluate, map_latents, offline_core, reconstruct
from vschaos2.generation.latent_map import principal, write_csv
from vschaos2.generation.map_picture import HUES, draw_map
from vschaos2.generation.passages import Passage, passage
from vschaos2.generation.score_tables import markdown, write_tables
from vschaos2.objectives.measures import measure
from vschaos2.objectives.noise_measures import hop_tone_db, roughness
from vschaos2.objectives.octave_levels import OCTAVES, octave_levels_db
from vschaos2.runs.folder import Run

RATE, N_FFT, HOP, DIMS = 44100, 512, 128, 4
LABELS = """
conditioning:
  octave: {dim: 2}
prediction:
  pitch: {dim: 3, args: {hidden_dims: 8}}
"""


@pytest.fixture
def dataset(tmp_path):
    """a.wav: pitch 1 until 0.1 s, 2 after it; deep/b.wav: pitch 0; c.wav: silent, unknown."""
    root = tmp_path / "set"
    (root / "data" / "deep").mkdir(parents=True)
    (root / "metadata" / "pitch" / "tracks").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, amount in (("a.wav", 0.1), ("deep/b.wav", 0.2), ("c.wav", 0.0)):
        soundfile.write(root / "data" / name, amount * rng.standard_normal(8_820), RATE, "FLOAT")
    (root / "metadata/pitch/classes.txt").write_text("0\tA\n1\tB\n2\tC\n")
    (root / "metadata/pitch/tracks/a.txt").write_text("0,0.1\t1\n0.1,1\t2\n")
    (root / "metadata/pitch/metadata.txt").write_text("data/a.wav\ta.txt\ndata/deep/b.wav\t0\n")
    return root


@pytest.fixture
def run(dataset, tmp_path):
    """A run that never trained, on that dataset, with b held out."""
    config = OmegaConf.create(TINY)
    config.model = OmegaConf.merge(config.model, OmegaConf.create(LABELS))
    config.data.dataset = {"root": str(dataset)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        model.prediction.predictors[0].layers[-1].weight *= 20.0  # so that guesses differ
        latents = torch.randn(64, DIMS)
    folder = tmp_path / "runs" / "x" / "version_0"
    folder.mkdir(parents=True)
    (folder / "held_out.txt").write_text("data/deep/b.wav\n")
    return Run(folder, config, model, Kept(latents, {"pitch": ["A", "B", "C"]}), {})


def read(path):
    return soundfile.read(path, dtype="float32")[0]


# --- evaluation ---


def test_scores_are_those_of_the_files_that_reconstruct_writes(run, dataset, tmp_path):
    result = evaluate(run)
    assert result.files == ["data/deep/b.wav"]
    source = dataset / "data" / "deep" / "b.wav"
    (kept,) = reconstruct(run.model, [source], tmp_path / "kept")
    expected = measure(read(source), read(kept))
    (score,) = result.scores
    for name, value in expected.items():
        assert score[f"keep_input/{name}"] == pytest.approx(value, rel=1e-4)
    for way, path in (("original", source), ("keep_input", kept)):
        assert score[f"{way}/roughness"] == pytest.approx(roughness(read(path)), rel=1e-4)
        assert score[f"{way}/hop_tone_db"] == pytest.approx(hop_tone_db(read(path), HOP), abs=1e-2)
        for octave, level_db in enumerate(octave_levels_db(read(source), read(path))):
            name = f"{way}/octave_from_{RATE >> octave + 2}_hz_db"
            assert way == "original" or score[name] == pytest.approx(
                level_db, abs=1e-2, nan_ok=True
            )
    noise = {name for name in score if name.endswith(("roughness", "hop_tone_db"))}
    levels = {name for name in score if "/octave_from_" in name}
    assert len(noise) == 6 and len(levels) == 2 * OCTAVES
    assert set(score) - noise - levels - {f"keep_input/{name}" for name in expected} == {
        "decode/spectral_convergence",
        "decode/log_spectral_distance_db",
        "decode/multi_resolution_stft",
        "decode/gain_db",
    }
    # Magnitudes are the same on both ways, so that levels are, too; phases are not.
    assert score["decode/gain_db"] == pytest.approx(score["keep_input/gain_db"], abs=1.5)


def test_accuracy_counts_audible_frames_whose_label_is_known(run, dataset):
    result = evaluate(run, dataset)
    right = frames = 0
    core = offline_core(run.model, "eco")
    for name in ("a.wav", "deep/b.wav"):
        heard = hear(core, dataset / "data" / name)
        for f, guess in enumerate(heard.guesses[:, 0]):
            seconds = ((f + 1) * HOP - N_FFT / 2) / RATE
            truth = 0 if name != "a.wav" else 1 if seconds < 0.1 else 2
            if 0.0 <= seconds < heard.length / RATE and heard.audible[f]:
                right, frames = right + (guess == truth), frames + 1
    (label,) = result.labels
    assert (label.task, label.measure, label.frames) == ("pitch", "accuracy", frames)
    assert label.value == pytest.approx(right / frames)
    assert 0 < right < frames  # or the test would show little


def test_a_silent_file_has_null_scores_and_leaves_the_means_finite(run, dataset, tmp_path):
    (dataset / "data" / "broken.wav").write_bytes(b"RIFF and no more")
    result = evaluate(run, dataset)
    assert result.skipped == ["data/broken.wav"]
    assert result.files == ["data/a.wav", "data/c.wav", "data/deep/b.wav"]
    written = write_tables(result, tmp_path / "out")
    content = json.loads(written[2].read_text())
    assert content["files"]["data/c.wav"]["keep_input/snr_db"] is None
    assert content["run"] == "x/version_0"
    values = [content["files"][f]["keep_input/snr_db"] for f in ("data/a.wav", "data/deep/b.wav")]
    assert content["means"]["keep_input/snr_db"] == pytest.approx(np.mean(values))
    with written[1].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == result.files
    assert float(rows[0]["keep_input/snr_db"]) == pytest.approx(values[0])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"evaluation.{ending}" for ending in ("md", "csv", "json")
    }


def test_the_table_is_even_and_has_a_line_for_every_file(run, dataset):
    result = evaluate(run, dataset)
    scores, noise, levels, labels, _ = markdown(result).split("\n\n")
    for table, count in ((scores, 3 + 3), (noise, 3 + 3), (levels, 2 + 2), (labels, 2 + 1)):
        lines = table.splitlines()
        assert len(lines) == count
        assert len({len(line) for line in lines}) == 1
        assert len({line.count("|") for line in lines}) == 1
    assert "mean of 3" in scores
    columns = [head.strip() for head in noise.splitlines()[0].split("|")][2:-1]
    assert columns[:2] == ["original roughness", "original hop tone"]
    assert columns[-1] == "decode hop tone"
    kept = [cell.strip() for cell in levels.splitlines()[2].split("|")][1:-1]
    heads = [cell.strip() for cell in levels.splitlines()[0].split("|")][1:-1]
    worst = max((c for c in kept[2:] if c != "–"), key=lambda cell: abs(float(cell)))
    assert kept[0] == "kept" and kept[heads.index(kept[1])] == worst
    assert f"{result.labels[0].value:.3f}" in labels


def test_a_stretch_is_measured_as_a_file_that_holds_nothing_else(run, dataset, tmp_path):
    first, end = 3_000, 7_000
    source = dataset / "data" / "a.wav"
    (run.folder / "held_out.txt").write_text(
        with_stretch("data/a.wav", Stretch(first, end), RATE) + "\n"
    )
    result = evaluate(run)
    assert result.files == ["data/a.wav 0.07-0.16 s"]
    alone = tmp_path / "alone" / "data"
    (alone.parent / "metadata" / "pitch" / "tracks").mkdir(parents=True)
    alone.mkdir()
    soundfile.write(alone / "a.wav", read(source)[first:end], RATE, "FLOAT")
    tracks = alone.parent / "metadata" / "pitch"
    tracks.joinpath("classes.txt").write_text("0\tA\n1\tB\n2\tC\n")
    change_s = 0.1 - first / RATE
    tracks.joinpath("tracks", "a.txt").write_text(f"0,{change_s}\t1\n{change_s},1\t2\n")
    tracks.joinpath("metadata.txt").write_text("data/a.wav\ta.txt\n")
    expected = evaluate(run, alone.parent)
    assert result.scores == expected.scores
    assert result.labels == expected.labels and result.labels[0].frames > 20


def test_a_stretch_after_the_end_of_its_file_cannot_be_read(run):
    (run.folder / "held_out.txt").write_text("data/a.wav\t50.0\t51.0\ndata/a.wav\t0.0\t0.1\n")
    assert evaluate(run).skipped == ["data/a.wav 50.00-51.00 s"]


def test_a_file_called_like_a_stretch_is_measured_whole(run, dataset):
    name = "data/a.wav\t0.0\t0.1"
    (dataset / name).write_bytes((dataset / "data" / "a.wav").read_bytes())
    assert passage(dataset, name) == Passage(dataset / name)


def test_missing_files_are_told_in_one_line(run, dataset, tmp_path):
    (run.folder / "held_out.txt").write_text("data/gone.wav\n")
    with pytest.raises(InputError, match=r"gone.wav is missing: give --dataset"):
        evaluate(run)
    (run.folder / "held_out.txt").unlink()
    with pytest.raises(InputError, match="held-out files are unknown: give --dataset"):
        evaluate(run)
    with pytest.raises(InputError, match="no such folder"):
        evaluate(run, tmp_path / "nowhere")
    with pytest.raises(InputError, match="no sound files"):
        evaluate(run, run.folder)
    run.config.data.dataset.root = str(tmp_path / "moved")
    with pytest.raises(InputError, match=r"its dataset .* is not there: give --dataset"):
        evaluate(run)


# --- map ---


def test_principal_components_equal_the_eigenvectors_of_the_covariance():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((200, 5)) @ rng.standard_normal((5, 5)) + 3.0
    components, explained = principal(points)
    variances, vectors = np.linalg.eigh(np.cov(points.T))
    expected = (points - points.mean(0)) @ vectors[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(components), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(explained, variances[[-1, -2]] / variances.sum())
    assert (components[np.abs(components).argmax(0), [0, 1]] > 0).all()


def test_points_of_one_dimension_have_one_component():
    components, explained = principal(np.array([[1.0], [3.0], [8.0]]))
    np.testing.assert_allclose(components, [[-3, 0], [-1, 0], [4, 0]])
    np.testing.assert_allclose(explained, [1, 0])


def test_a_map_shows_audible_frames_with_their_labels(run, dataset, tmp_path):
    player = Player(run)
    points = map_latents(player, "pca", colour="pitch")
    heard = hear(player.core, dataset / "data" / "a.wav")
    mine = points.file == points.files.index("data/a.wav")
    np.testing.assert_allclose(points.coordinates[mine], heard.latents[heard.audible > 0])
    assert not (points.file == points.files.index("data/c.wav")).any()  # silent
    seconds = points.seconds[mine]
    expected = np.where(np.maximum(seconds, 0) < 0.1, 1.0, 2.0)
    np.testing.assert_array_equal(points.values[mine], expected)
    assert points.names == ["A", "B", "C"]
    write_csv(points, tmp_path / "map.csv")
    with (tmp_path / "map.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(points.file)
    assert {row["file"] for row in rows} == {"data/a.wav", "data/deep/b.wav"}
    assert {row["pitch"] for row in rows if row["file"] == "data/a.wav"} == {"B", "C"}
    assert float(rows[5]["pca_3"]) == pytest.approx(points.coordinates[5, 2], rel=1e-4)
    assert float(rows[5]["pc_1"]) == pytest.approx(points.components[5, 0], rel=1e-4)


def test_distances_between_components_are_those_between_latents(run, dataset):
    """Two latents: with as many components as dimensions, distances are kept."""
    points = map_latents(Player(run), "ica")
    latents = hear(offline_core(run.model, "eco"), dataset / "data" / "a.wav")
    mine = points.file == 0
    z = latents.latents[latents.audible > 0].astype(float)
    far = np.linalg.norm(z - z[0], axis=1)
    assert (
        np.linalg.norm(points.components[mine] - points.components[0], axis=1) < far + 1e-3
    ).all()


def test_colours_without_a_task_are_folders_or_levels(run, dataset):
    player = Player(run)
    folders = map_latents(player, "pca", colour="folder")
    assert folders.names == ["data", "data/deep"]
    assert set(folders.values[folders.file == folders.files.index("data/a.wav")]) == {0.0}
    level = map_latents(player, "pca", colour="level")
    np.testing.assert_array_equal(level.values, level.level_db)
    assert not level.names
    with pytest.raises(InputError, match=r"--color timbre: not known of .*: one of pitch, folder"):
        map_latents(player, "pca", colour="timbre")


def test_the_picture_shows_the_colours_of_its_classes(run, tmp_path):
    draw_map(map_latents(Player(run), "pca", colour="pitch"), tmp_path / "map.png")
    assert [path.name for path in tmp_path.glob("*.png")] == ["map.png"]
    picture = imread(tmp_path / "map.png")[..., :3]
    for hue in HUES[:3]:
        rgb = np.array([int(hue[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        assert (np.abs(picture - rgb).max(-1) < 0.02).sum() > 20  # at least in the legend
    assert (np.abs(picture - np.array([0.9, 0.1, 0.1])).max(-1) < 0.02).sum() == 0


def test_a_folder_of_silence_has_no_map(run, tmp_path):
    (tmp_path / "quiet").mkdir()
    soundfile.write(tmp_path / "quiet" / "silence.wav", np.zeros(8_000), RATE)
    with pytest.raises(InputError, match="no audible sound in 1 files"):
        map_latents(Player(run), "pca", tmp_path / "quiet")
