import importlib.util
import json
import logging
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hydra import compose, initialize_config_dir

from vschaos2.command_line import run
from vschaos2.data.cache import open_cache
from vschaos2.data.dataset import SequentialWindows, WindowReader
from vschaos2.data.splits import split_files
from vschaos2.errors import InputError
from vschaos2.inspection.dataset import Use, inspect_dataset, use_of
from vschaos2.labels.metadata import load_metadata

ROOT = Path(__file__).resolve().parents[1]
RATE_HZ = 8000
USE = Use(
    sample_rate_hz=RATE_HZ,
    n_files=None,
    validation_fraction=0.25,
    seed=3,
    frame_samples=1024,
    hop_samples=256,
    callbacks={},
    tasks=[],
)


def tone(seconds=0.5, hz=200.0, rate_hz=RATE_HZ, peak=0.5):
    return peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)


def write(root, name, samples, rate_hz=RATE_HZ):
    path = root / "data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")


def write_task(root, task, lines, classes=None, tracks=None):
    folder = root / "metadata" / task
    (folder / "tracks").mkdir(parents=True)
    (folder / "metadata.txt").write_text(lines)
    if classes is not None:
        (folder / "classes.txt").write_text(classes)
    for name, text in (tracks or {}).items():
        (folder / "tracks" / name).write_text(text)


@pytest.fixture
def dataset(tmp_path):
    """Four sound tones of half a second."""
    root = tmp_path / "set"
    for number in range(4):
        write(root, f"{number}.wav", tone(hz=200 + 50 * number))
    return root


def found(report):
    """Severity and places of every finding, by what it is."""
    return {finding.what: (finding.severity, finding.where) for finding in report.findings}


def check(root, *arguments, monkeypatch):
    """Exit code of the program; importing it does nothing."""
    spec = importlib.util.spec_from_file_location("check_dataset", ROOT / "check_dataset.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["check_dataset.py", str(root), *arguments])
    try:
        run(module.main)
    except SystemExit as leaving:
        return leaving.code
    finally:  # the program keeps the cache from speaking of files that the report names
        logging.getLogger("vschaos2.data.cache.skipped").setLevel(logging.NOTSET)
    return 0


# --- recordings ---


def test_nothing_is_found_in_a_good_dataset(dataset):
    report = inspect_dataset(dataset, USE)
    assert report.findings == [] and report.errors == 0
    assert "findings  none" in report.summary()


def test_durations_rates_and_channels_are_those_of_the_files(dataset):
    write(dataset, "stereo.wav", np.stack([tone(1.5), tone(1.5)], 1))
    write(dataset, "fast.wav", tone(1.0, rate_hz=16000, hz=333), 16000)
    recordings = inspect_dataset(dataset, USE).recordings
    assert recordings.sample_rates_hz == {8000: 5, 16000: 1}
    assert recordings.channels == {1: 5, 2: 1}
    assert (recordings.shortest_s, recordings.median_s, recordings.longest_s) == (0.5, 0.5, 1.5)
    assert recordings.total_s == 4.5


def test_silent_files_are_found_and_so_are_channels_that_cancel(dataset):
    write(dataset, "silent.wav", np.zeros(4000))
    write(dataset, "silent_too.wav", np.zeros(4000))
    write(dataset, "cancels.wav", np.stack([tone(), -tone()], 1))
    write(dataset, "faint.wav", tone(peak=0.001))
    places = ["data/cancels.wav", "data/silent.wav", "data/silent_too.wav"]
    assert found(inspect_dataset(dataset, USE)) == {"silent files": ("warning", places)}


def test_silence_all_through_is_an_error(dataset):
    for path in (dataset / "data").iterdir():
        path.unlink()
    write(dataset, "silent.wav", np.zeros(40_000))
    assert found(inspect_dataset(dataset, USE))["silent files"] == ("error", ["data/silent.wav"])


def test_levels_that_no_recording_has_are_found(dataset):
    for name, peak in (("hot.wav", 20.0), ("integers.wav", 20_000.0), ("faint.wav", 1e-38)):
        path = dataset / "data" / name
        soundfile.write(path, tone(peak=peak), RATE_HZ, subtype="FLOAT")
    findings = found(inspect_dataset(dataset, USE, clipping=False))
    assert findings["files far above full scale"] == ("warning", ["data/hot.wav: peak 20"])
    assert findings["silent files"] == ("warning", ["data/faint.wav"])
    severity, [place] = findings["unreadable files"]
    assert severity == "error" and place.startswith("data/integers.wav: sample of ")
    assert len(findings) == 3


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_names_that_are_no_utf8_are_inspected_and_printed(dataset, monkeypatch, capsys):
    write(dataset, "silent.wav", np.zeros(4000))
    sounds = dataset / "data"
    try:
        (sounds / "silent.wav").rename(sounds / os.fsdecode(b"caf\xe9.wav"))
    except OSError:
        pytest.skip("this file system has no such names")
    assert check(dataset, monkeypatch=monkeypatch) == 0
    said = capsys.readouterr().out
    assert "silent files" in said and "data/caf" in said and said.encode()


def test_clipping_is_found_and_normalised_tones_are_not(dataset):
    for hz in (20, 50, 440, 2000):  # 2000 Hz: four samples a period, two of them at the peak
        write(dataset, f"full_{hz}.wav", tone(hz=hz, peak=1.0))
    clipped = np.clip(tone(hz=100, peak=1.5), -1, 1)
    write(dataset, "clipped.wav", clipped)
    write(dataset, "one_channel.wav", np.stack([tone(hz=130), clipped], 1))
    write(dataset, "square.wav", np.sign(tone(hz=125) + 1e-9))
    findings = found(inspect_dataset(dataset, USE))
    severity, places = findings.pop("clipped files")
    assert findings == {} and severity == "warning"
    # 100 Hz for half a second has 100 peaks; sin passes 2/3 after 41.8 degrees.
    first_s = np.ceil(np.arcsin(2 / 3) / (2 * np.pi * 100) * RATE_HZ) / RATE_HZ
    assert places[0] == f"data/clipped.wav: 100 times, first at {first_s:.3f} s"
    assert places[1] == f"data/one_channel.wav: 100 times, first at {first_s:.3f} s"
    assert places[2].startswith("data/square.wav: 124 times")
    assert found(inspect_dataset(dataset, USE, clipping=False)) == {}


def test_clipping_across_the_blocks_of_a_long_file_is_counted_once(dataset, monkeypatch):
    write(dataset, "0.wav", np.clip(tone(hz=100, peak=1.5), -1, 1))
    late = tone(peak=0.5)
    late[1600:1604] = 1.0
    write(dataset, "late.wav", late)
    for block_samples in (37, 64, 101, 4000):
        monkeypatch.setattr("vschaos2.inspection.sounds.BLOCK_SAMPLES", block_samples)
        places = found(inspect_dataset(dataset, USE))["clipped files"][1]
        assert places == [
            "data/0.wav: 100 times, first at 0.001 s",
            "data/late.wav: 1 time, first at 0.200 s",
        ]


def test_duplicates_are_found_whatever_their_format(dataset):
    samples, _ = soundfile.read(dataset / "data" / "0.wav", dtype="int16")
    write(dataset, "copy/0.wav", samples)
    write(dataset, "again.flac", samples)
    write(dataset, "inverted.wav", -samples)  # as long and as loud, and another sound
    expected = ["data/0.wav = data/again.flac = data/copy/0.wav"]
    assert found(inspect_dataset(dataset, USE)) == {"duplicate files": ("warning", expected)}


def test_unreadable_files_are_errors_with_their_reason(dataset):
    (dataset / "data" / "empty.wav").touch()
    (dataset / "data" / "text.wav").write_text("no sound" * 20)
    report = inspect_dataset(dataset, USE)
    severity, places = found(report)["unreadable files"]
    assert severity == "error" and report.errors == 1 and report.recordings.files == 4
    assert places[0] == "data/empty.wav: is empty (0 bytes)"
    assert places[1].startswith("data/text.wav: cannot be decoded")


def test_a_dataset_with_nothing_usable_is_reported_not_raised(tmp_path):
    assert "no sound file" in found(inspect_dataset(tmp_path, USE))
    (tmp_path / "a.wav").touch()
    report = inspect_dataset(tmp_path, USE)
    assert found(report)["unreadable files"] == ("error", ["a.wav: is empty (0 bytes)"])
    assert report.recordings is None and "unreadable" in report.text()
    with pytest.raises(InputError, match="no such folder"):
        inspect_dataset(tmp_path / "nowhere", USE)
    with pytest.raises(InputError, match=r"a\.wav: is a file, no folder"):
        inspect_dataset(tmp_path / "a.wav", USE)


def test_metadata_that_lead_elsewhere_are_a_finding(dataset, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (dataset / "metadata").symlink_to(tmp_path / "elsewhere")
    report = inspect_dataset(dataset, USE)
    severity, (where,) = found(report)["labels that are not read"]
    assert severity == "error" and "metadata: a link leads out of the dataset" in where
    assert report.recordings is not None


def test_of_countless_bad_lines_the_first_are_kept_and_all_are_counted(dataset, monkeypatch):
    monkeypatch.setattr("vschaos2.inspection.labels.KEPT_PLACES", 5)
    monkeypatch.setattr("vschaos2.inspection.findings.KEPT_PLACES", 4)
    folder = dataset / "metadata" / "many"
    folder.mkdir(parents=True)
    lines = [f"data/{n}.wav\tbad" for n in range(20)] + [f"data/{n}.wav\t1" for n in range(20, 50)]
    (folder / "metadata.txt").write_text("\n".join(lines))
    report = inspect_dataset(dataset, USE)
    by_name = {finding.what: finding for finding in report.findings}
    for what, kept, count in (("bad lines", 5, 20), ("labels without files", 4, 30)):
        finding = by_name[f"many: {what}"]
        assert len(finding.where) == kept and finding.unlisted == count - kept
        assert f"({count})" in finding.lines()[0]
        assert any(f"… and {count - 3} more" in line for line in finding.lines())


def test_a_cache_that_cannot_be_written_is_no_finding(dataset, monkeypatch):
    def fail(*_, **__):
        raise InputError("the disk is full")

    monkeypatch.setattr("vschaos2.inspection.dataset.open_cache", fail)
    with pytest.raises(InputError, match="the disk is full"):
        inspect_dataset(dataset, USE)


def test_files_below_the_rate_and_shorter_than_a_window_are_noted(dataset):
    write(dataset, "low.wav", tone(rate_hz=4000), 4000)
    write(dataset, "short.wav", tone(1023 / RATE_HZ))
    write(dataset, "just.wav", tone(1024 / RATE_HZ))
    assert found(inspect_dataset(dataset, USE)) == {
        "files below the model's 8000 Hz": ("note", ["data/low.wav: 4000 Hz"]),
        "files shorter than 1024 samples": ("note", ["data/short.wav"]),
    }


# --- labels ---


def test_every_bad_line_is_found_at_once(dataset):
    lines = "data/0.wav\t1\ndata/1.wav 2\ndata/2.wav\tx\ndata/3.wav\tt.txt\n"
    write_task(dataset, "pitch", lines, classes="0\tA\n1\tB\nC\n", tracks={"t.txt": "0,0.1\t9\n"})
    write_task(dataset, "fine", "".join(f"data/{n}.wav\t0\n" for n in range(4)))
    (dataset / "metadata" / "bare").mkdir()
    findings = found(inspect_dataset(dataset, USE))
    severity, places = findings["pitch: bad lines"]
    assert severity == "error"
    named = ("classes.txt, line 3", "metadata.txt, line 2", "metadata.txt, line 3", "t.txt, line 1")
    assert all(name in place for name, place in zip(named, places, strict=True))
    assert "missing" in findings["bare: bad lines"][1][0]
    assert not any(what.startswith("fine") for what in findings)


def test_files_without_labels_and_labels_without_files_are_found(dataset):
    (dataset / "data" / "broken.wav").touch()
    lines = "data/0.wav\t0\ndata/1.wav\tnone\ndata/3.wav\t0\ndata/gone.wav\t0\ndata/broken.wav\t0\n"
    write_task(dataset, "pitch", lines)
    findings = found(inspect_dataset(dataset, USE))
    assert findings["pitch: files without labels"] == ("warning", ["data/2.wav"])
    severity, places = findings["pitch: labels without files"]
    assert severity == "error"
    assert places == [f"{dataset / 'metadata/pitch/metadata.txt'}, line 4: data/gone.wav"]


def test_overlapping_and_late_segments_are_found(dataset):
    tracks = {
        "0": "0,0.2\t0\n0.2,0.5\t0\n",
        "1": "0,0.2005\t0\n0.2,0.5\t0\n",  # half a millisecond is rounding
        "2": "0.4,0.5\t0\n0,0.3\t0\n0.15,0.25\t0\n",
        "3": "0,0.5\t0\n500,1000\t0\n",
    }
    write_task(
        dataset, "pitch", "".join(f"data/{n}.wav\ttracks/{n}\n" for n in range(4)), None, tracks
    )
    assert found(inspect_dataset(dataset, USE)) == {
        "pitch: overlapping segments": ("warning", ["data/2.wav: by up to 0.1 s"]),
        "pitch: segments after the end of their file": (
            "warning",
            ["data/3.wav: 500 s, but it ends at 0.5 s"],
        ),
    }


@pytest.mark.parametrize(("heard", "part"), [("0.0,0.1\t2\n0.1,0.5\t1\n", "20%"), ("", None)])
def test_labels_that_are_heard_otherwise_are_found(dataset, heard, part):
    write_task(dataset, "pitch", "".join(f"data/{n}.wav\t2\n" for n in range(4)))
    folder = dataset / "metadata/pitch"
    (folder / "heard").mkdir()
    (folder / "heard.txt").write_text("data/0.wav\theard/0.wav.txt\n")
    (folder / "heard/0.wav.txt").write_text(heard)
    places = found(inspect_dataset(dataset, USE))
    wanted = None if part is None else [f"metadata/pitch: {part} of the time that both tell of"]
    assert places.get("pitch: heard otherwise than labelled", (None, None))[1] == wanted


def test_class_balance_is_counted_in_seconds(dataset):
    lines = "data/0.wav\tA\ndata/1.wav\tA\ndata/2.wav\tt\ndata/3.wav\tnone\n"
    tracks = {"t": "0,0.04\tB\n0.04,9\tA\n"}
    write_task(dataset, "pitch", lines, "0\tA\n1\tB\n2\tC\n", tracks)
    report = inspect_dataset(dataset, USE)
    facts = report.tasks["pitch"]
    assert facts.seconds_by_class == pytest.approx({"A": 1.46, "B": 0.04, "C": 0.0})
    assert facts.labelled_part == pytest.approx(1.5 / 2.0)
    assert (facts.n_classes, facts.labelled_files) == (3, 3)
    assert found(report) == {
        "pitch: rare classes": ("warning", ["B: 0.04 s of 1.46"]),
        "pitch: classes without sound": ("note", ["C"]),
    }
    assert "3 classes, 2 of them heard; 75% of the sound is labelled" in report.summary()


def test_numbers_that_are_no_classes_are_recognised_and_need_a_type(dataset):
    write_task(dataset, "level", "".join(f"data/{n}.wav\t-{n}.5\n" for n in range(4)))
    report = inspect_dataset(dataset, USE)
    (finding,) = report.findings
    assert finding.severity == "warning"
    assert finding.remedy == "set data.dataset.metadata_callbacks.level.type=float"
    assert (report.tasks["level"].smallest, report.tasks["level"].largest) == (-3.5, -0.5)
    needed = Use(**{**vars(USE), "tasks": ["level"]})
    assert inspect_dataset(dataset, needed).errors == 1
    told = Use(**{**vars(USE), "tasks": ["level"], "callbacks": {"level": {"type": "float"}}})
    assert inspect_dataset(dataset, told).findings == []


# --- what a configuration makes of it ---


def test_the_plan_is_what_training_would_do(dataset):
    for number in range(5):
        write(dataset, f"more/{number}.wav", tone(0.3 + 0.2 * number, hz=77 + number))
    plan = inspect_dataset(dataset, USE).training
    cache = open_cache(dataset, RATE_HZ)
    training, held_out = split_files(cache, 0.25, 3)
    windows = SequentialWindows(WindowReader(cache, training, 1024, 256), 64)
    assert plan.training_windows == sum(len(batch["waveform"]) for batch in windows)
    assert (plan.training_files, plan.held_out_files) == (len(training), len(held_out)) == (7, 2)
    assert plan.held_out_s == sum(cache.files[n].length for n in held_out) / RATE_HZ


def test_the_plan_of_one_recording_says_which_stretches_are_held_out(tmp_path):
    write(tmp_path, "long.wav", tone(40.0))
    plan = inspect_dataset(tmp_path, USE).training
    assert (plan.training_files, plan.held_out_files, plan.held_out_stretches) == (1, 1, 5)
    assert plan.held_out_s == pytest.approx(10.0, abs=0.01)
    # 2 s hold (2·rate - 1024) // 256 + 1 windows that lie wholly in them.
    assert plan.held_out_windows == 5 * ((2 * RATE_HZ - 1024) // 256 + 1)
    assert "held out: 5 stretches of it" in plan.line()


def test_only_the_files_in_use_are_judged(dataset):
    write(dataset, "9.wav", np.zeros(4000))
    (dataset / "data" / "empty.wav").touch()
    report = inspect_dataset(dataset, Use(**{**vars(USE), "n_files": 2}))
    assert report.findings == [] and report.recordings.files == 2
    cache = open_cache(dataset, RATE_HZ, n_files=2)
    assert inspect_dataset(dataset, Use(**{**vars(USE), "n_files": 2}), cache) == report


def test_tasks_that_a_model_needs_must_be_there(dataset):
    write_task(dataset, "pitch", "".join(f"data/{n}.wav\t0\n" for n in range(4)))
    use = Use(**{**vars(USE), "tasks": ["octave", "pitch"], "callbacks": {"level": {}}})
    assert found(inspect_dataset(dataset, use)) == {
        "tasks of the configuration without metadata": ("error", ["level", "octave"])
    }


def test_a_configuration_says_how_a_dataset_is_used():
    with initialize_config_dir(str(ROOT / "vschaos2" / "configs"), version_base="1.3"):
        config = compose(
            "dgt_mid",
            [
                "seed=5",
                "data.dataset.n_files=7",
                "++data.dataset.metadata_callbacks={level: {type: float}}",
                "++model.conditioning={pitch: {dim: 12}}",
                "++model.prediction={pitch: {dim: 12}, octave: {dim: 9}}",
            ],
        )
    use = use_of(config)
    transform = config.data.transform
    assert (use.seed, use.n_files, use.sample_rate_hz) == (5, 7, config.data.dataset.sample_rate_hz)
    assert (use.frame_samples, use.hop_samples) == (transform.n_fft, transform.hop)
    assert use.validation_fraction == config.data.dataset.validation_fraction
    assert use.callbacks == {"level": {"type": "float"}} and use.tasks == ["octave", "pitch"]
    config.data.transform.sample_rate_hz = 10**15
    with pytest.raises(
        InputError, match=r"data\.transform\.sample_rate_hz is 10+, but .* is 44100"
    ):
        use_of(config)


# --- the program ---


def test_the_program_prints_the_report_and_exits_by_it(dataset, monkeypatch, capsys):
    rate = f"data.dataset.sample_rate_hz={RATE_HZ}"
    assert check(dataset, rate, monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "4 files, 2.0 s" in printed and "8000 Hz, mono" in printed
    (dataset / "data" / "empty.wav").touch()
    assert check(dataset, "--config", "dgt_mid", rate, monkeypatch=monkeypatch) == 1
    printed = capsys.readouterr()
    assert "error    unreadable files (1)\n         data/empty.wav: is empty" in printed.out
    assert "→ repair these files" in printed.out
    assert max(map(len, printed.out.splitlines())) < 140 and "skipped" not in printed.err


def test_json_holds_every_place(dataset, monkeypatch, capsys):
    for number in range(10):
        (dataset / "data" / f"empty_{number}.wav").touch()
    write_task(dataset, "pitch", "".join(f"data/{n}.wav\t{n % 2}\n" for n in range(4)))
    rate = f"data.dataset.sample_rate_hz={RATE_HZ}"
    assert check(dataset, "--json", rate, monkeypatch=monkeypatch) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["errors"] == 1 and content["recordings"]["files"] == 4
    assert len(content["findings"][0]["where"]) == 10 and content["findings"][0]["remedy"]
    assert content["tasks"]["pitch"]["seconds_by_class"] == {"0": 1.0, "1": 1.0}
    assert content["training"]["held_out_files"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--jsn"], "unrecognized arguments: --jsn"),
        (["--config", "dgt_mdi"], "did you mean 'dgt_mid'"),
        (["data.dataset.nfiles=2"], "did you mean 'data.dataset.n_files'"),
        (["data.dataset.validation_fraction=2"], "validation_fraction must be in (0, 1)"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(
    dataset, arguments, message, monkeypatch, capsys
):
    assert check(dataset, *arguments, monkeypatch=monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and message in printed.err and printed.err.count("\n") == 1


def test_what_the_check_passes_training_loads(dataset):
    write_task(dataset, "pitch", "".join(f"data/{n}.wav\t{n}\n" for n in range(4)))
    assert inspect_dataset(dataset, USE).errors == 0
    files = [file.path for file in open_cache(dataset, RATE_HZ).files]
    labels = load_metadata(dataset, files).at(np.arange(4), np.full(4, 0.1))["pitch"]
    assert labels.tolist() == [0, 1, 2, 3]
