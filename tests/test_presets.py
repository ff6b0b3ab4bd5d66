"""Many retrieved runs become a folder of presets, and say why others do not."""

import json
import math
import sys

import numpy as np
import pytest
import torch
from retrieved_runs import drawn, write_run

from vschaos2.command_line import run
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.processors.parameter import Ranges
from vschaos2.programs import generate, presets
from vschaos2.retrieval.preset_folder import INFO, RAW_NUMBERS, read_presets, write_presets
from vschaos2.retrieval.presets import collect
from vschaos2.retrieval.tries import Limits, nearest, read_date

WHEN = "2026-11-%02dT12:00:00+00:00"


@pytest.fixture(scope="module")
def known():
    return drawn(5)


@pytest.fixture(scope="module")
def runs(known, tmp_path_factory):
    """Four tracks, one of them tried twice, and a run for each reason to leave one out."""
    root = tmp_path_factory.mktemp("runs")
    write_run(root, "b", known[1], left=0.08)
    write_run(root, "a", known[0], left=0.30)
    write_run(root, "a", known[4], left=0.04)  # the better of two tries
    write_run(root, "a", known[2], left=0.10)
    write_run(root, "c", known[2], left=0.20, rate_hz=48000, begun=WHEN % 25)
    write_run(root, "d", known[3], left=0.60, losses=(0.9, 0.8, 0.3, 0.9))
    write_run(root, "rising", known[0], losses=(0.2, 0.3, 0.4))
    write_run(root, "loud", known[0], losses=(9.0, 8.0, 7.0))
    other = {"peak_gain_db": 3.0}
    write_run(root, "other", other, chain="model.net.processors=[peak,{space: {reverb: false}}]")
    write_run(root, "like", known[0], like="song.wav")
    write_run(root, "ended", known[0], terminated_by="Ctrl-C")
    write_run(root, "nan", known[0], losses=(1.0, math.nan))
    trained = write_run(root, "trained", known[0])
    (trained / "meta.json").unlink()
    growing = write_run(root, "growing", known[0])
    growing.rename(growing.with_name(".growing"))
    half = write_run(root, "half", known[0])
    (half / "checkpoints" / "best.ckpt").unlink()
    return root


def test_rows_are_the_best_tries_in_the_order_of_everything_else(runs, known):
    found = collect(runs, Limits())
    assert found.tracks == ("a", "b", "c", "d")
    assert found.info["runs"] == ["a/version_1", "b/version_0", "c/version_0", "d/version_0"]
    assert found.info["wet_files"] == [f"wet/{track}.wav" for track in found.tracks]
    assert found.info["distances_left"] == [0.04, 0.08, 0.2, 0.6]
    assert found.info["sample_rate_hz"] == 44100
    for row, number in zip(found.values.tolist(), (4, 1, 2, 3), strict=True):
        assert dict(zip(found.names, row, strict=True)) == pytest.approx(known[number], rel=1e-9)
    chain = load_run(runs / "a" / "version_1").model.net.chain
    values = torch.tensor(list(chain.preset().values()), dtype=torch.float64)
    raw = Ranges(chain.physical).raw(values[:, None])[:, 0]
    torch.testing.assert_close(found.raw[0], raw, rtol=0, atol=1e-9)


def test_the_latest_of_a_track_stands_for_it_if_that_is_asked_for(runs):
    found = collect(runs, Limits(), is_latest=True)
    assert found.info["runs"] == ["a/version_2", "b/version_0", "c/version_0", "d/version_0"]
    reasons = {each["run"]: each["reason"] for each in found.info["left_out"]}
    assert reasons["a/version_1"] == "a/version_2 is later"


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("a/version_0", "a/version_1 came nearer"),
        ("rising/version_0", "its first loss is its lowest"),
        ("loud/version_0", "its least loss is 7, above 4"),
        ("other/version_0", "its chain is another: peak, space, where most are peak, compressor"),
        ("like/version_0", "was made to sound like a reference"),
        ("ended/version_0", "was ended by Ctrl-C"),
        ("nan/version_0", "tells of no fit"),
        ("trained/version_0", "is not there"),
        ("half/version_0", "has no checkpoint"),
    ],
)
def test_what_is_left_out_is_named_with_its_reason(runs, run, reason):
    left_out = {each["run"]: each["reason"] for each in collect(runs, Limits()).info["left_out"]}
    assert reason in left_out[run]


def test_a_run_in_the_making_is_not_seen(runs):
    found = collect(runs, Limits())
    told = [*found.info["runs"], *(each["run"] for each in found.info["left_out"])]
    assert len(told) == 14 and not [each for each in told if "growing" in each]


def test_limits_leave_out_what_is_beyond_them(runs):
    def left_out(**limits):
        return {e["run"]: e["reason"] for e in collect(runs, Limits(**limits)).info["left_out"]}

    assert "fluctuates by 0.5, more than 0.2" in left_out(fluctuation=0.2)["d/version_0"]
    assert "60% of the distance is left, more than 25%" in left_out(left=0.25)["d/version_0"]
    late = left_out(end=read_date("--end", "2026-11-22"))
    assert "after --end" in late["c/version_0"] and "a/version_1" not in late
    early = left_out(start=read_date("--start", "2026-11-22:00"))
    assert "before --start" in early["a/version_1"] and "c/version_0" not in early


def test_a_folder_of_one_track_has_its_name(runs):
    assert collect(runs / "b", Limits()).tracks == ("b",)


def test_dates_are_read_as_diffvox_writes_them():
    assert read_date("--start", "2024-09-17:15").hour == 15
    assert read_date("--start", "2024-09-17") == read_date("--start", "2024-09-17:00")
    assert read_date("--start", "2024-09-17T15:30:00+00:00").minute == 30
    with pytest.raises(InputError, match="is no date"):
        read_date("--start", "yesterday")


def test_a_folder_says_the_same(runs, tmp_path):
    written = collect(runs, Limits())
    write_presets(tmp_path, written)
    found = read_presets(tmp_path)
    assert found.parameters == tuple(
        p._replace(default=p.least, pace=1.0) for p in written.parameters
    )
    assert found.tracks == written.tracks and torch.equal(found.raw, written.raw)
    torch.testing.assert_close(found.values, written.values)
    assert found.info == json.loads(json.dumps(written.info))
    table = (tmp_path / "presets.csv").read_text().splitlines()
    assert len(table) == 5 and table[0].startswith("track,peak_hz [Hz],peak_gain_db [dB],peak_q")
    assert table[1].split(",")[1] == f"{float(written.values[0, 0]):.6g}"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("rows", "has 3 rows of"),
        ("numbers", "not finite"),
        ("json", "cannot be read as JSON"),
        ("scale", "has the scale 'cubic'"),
        ("pickle", "cannot be read as numbers"),
        ("keys", "is none of our presets, nor one of DiffVox'"),
        ("missing", "holds no info.json and raw_params.npy"),
    ],
)
def test_a_damaged_folder_is_refused_in_a_line(runs, tmp_path, damage, message):
    write_presets(tmp_path, collect(runs, Limits()))
    raw, info = np.load(tmp_path / RAW_NUMBERS), json.loads((tmp_path / INFO).read_text())
    if damage == "rows":
        np.save(tmp_path / RAW_NUMBERS, raw[:3])
    elif damage == "numbers":
        np.save(tmp_path / RAW_NUMBERS, raw * np.nan)
    elif damage == "pickle":
        np.save(tmp_path / RAW_NUMBERS, np.array([{}], dtype=object))
    elif damage == "missing":
        (tmp_path / INFO).unlink()
    elif damage == "json":
        (tmp_path / INFO).write_text("{")
    elif damage == "scale":
        info["scales"][0] = "cubic"
        (tmp_path / INFO).write_text(json.dumps(info))
    else:
        (tmp_path / INFO).write_text(json.dumps({"presets": []}))
    with pytest.raises(InputError) as raised:
        read_presets(tmp_path)
    assert message in str(raised.value) and "\n" not in str(raised.value)


def called(program, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", [*map(str, words)])
    try:
        run(program.main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_both_programs_take_what_users_of_diffvox_type(runs, tmp_path, monkeypatch, capsys):
    theirs = ["--loss-thresh", "4", "--fluc-thresh", "0.2", runs, tmp_path / "a", "2026-11-17:00"]
    theirs += ["--end_date", "2026-11-23:00"]
    assert called(presets, monkeypatch, "get_params.py", *theirs) == 0
    assert "2 presets of" in capsys.readouterr().out
    without = [runs, tmp_path / "any", "--loss-thresh", "inf"]
    assert called(presets, monkeypatch, "get_params.py", *without) == 0
    assert read_presets(tmp_path / "any").info["limits"]["loss"] is None
    ours = ["presets", runs, tmp_path / "b", "--fluc-thresh", "0.2"]
    ours += ["--start", "2026-11-17", "--end", "2026-11-23"]
    assert called(generate, monkeypatch, "generate.py", *ours) == 0
    for name in (RAW_NUMBERS, INFO, "presets.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert read_presets(tmp_path / "a").tracks == ("a", "b")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["NOWHERE", "OUT"], "no such folder"),
        (["RUNS", "OUT", "--left-thresh", "0.01"], "none of 14 runs can be taken"),
        (["RUNS", "OUT", "--loss-thresh", "-1"], "--loss-thresh must be a number from 0"),
        (["RUNS", "OUT", "--start", "soon"], "'soon' is no date"),
        (["RUNS", "OUT", "2026-11-17", "--start", "2026-11-18"], "give one"),
        (["EMPTY", "OUT"], "holds no run"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    runs, tmp_path, monkeypatch, capsys, words, message
):
    (tmp_path / "empty").mkdir()
    places = {"RUNS": runs, "OUT": tmp_path / "out", "EMPTY": tmp_path / "empty"}
    words = [places.get(word, word) for word in words]
    assert called(presets, monkeypatch, "get_params.py", *words) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert message in errors[-1] and errors[-1].startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_of_a_track_that_was_tried_often_the_nearest_is_played(runs, caplog):
    caplog.set_level("INFO")
    assert nearest(runs / "a") == runs / "a" / "version_1"
    assert "of 3 tries version_1 came nearest" in caplog.text
    for path in (runs / "b", runs / "trained", runs / "a" / "version_0", runs / "nobody"):
        assert nearest(path) == path
