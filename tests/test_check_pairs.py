import importlib
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2.command_line import run
from vschaos2.inspection.pairs import inspect_pairs, noise_floor_db
from vschaos2.programs.check import main

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
devices = importlib.import_module("devices").DEVICES
plucked = importlib.import_module("plucked_strings")
sys.path.remove(str(EXAMPLES))

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def dry():
    """Music of which the beginning comes again at its end, after silence."""
    music = plucked.strings(5.0, 5, RATE_HZ)
    return np.concatenate([music, np.zeros(8000), music[:24_000]])


def write(root, name, sound, rate_hz=RATE_HZ):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, rate_hz, subtype="FLOAT")


def tell(root, knob, lines):
    (root / "metadata" / knob).mkdir(parents=True)
    (root / "metadata" / knob / "metadata.txt").write_text(lines)


@pytest.fixture
def pairs(tmp_path, dry):
    """A clipper at two settings of a knob: one late, turned and noisy, the other too loud."""
    root = tmp_path / "pairs"
    soft, hard = (devices["diode_clipper"](dry, RATE_HZ, drive_db=db) for db in (12.0, 30.0))
    noise = 1e-2 * np.random.default_rng(0).standard_normal(len(dry))
    write(root, "dry/riff.wav", dry)
    write(root, "wet/riff.wav", np.concatenate([np.zeros(100), noise - soft]))
    write(root, "wet/riff@2.wav", np.clip(5.0 * hard, -1.0, 1.0))
    tell(root, "drive", "wet/riff.wav\t12\nwet/riff@2.wav\t30\n")
    tell(root, "tone", "wet/riff.wav\t5\nwet/riff@2.wav\t5\n")
    return root


def test_each_pair_is_told_of(pairs):
    report = inspect_pairs(pairs)
    late, loud = report.pairs
    assert (late.name, late.polarity, late.removed_samples) == ("wet/riff.wav", -1, 100)
    assert late.delay_samples == pytest.approx(100.3, abs=0.3)
    assert late.noise_floor_db == pytest.approx(-40.0, abs=1.5)
    assert (loud.polarity, loud.kind.kind) == (1, "static")
    assert loud.repeat.esr < 1e-3 < late.repeat.esr
    assert loud.repeat.again_s - loud.repeat.first_s == pytest.approx(5.5)
    assert "wet: " in loud.clipping and not late.clipping
    assert late.peak_db == pytest.approx(20 * np.log10(0.9), abs=1e-3)
    drive, tone = report.knobs
    assert drive.positions == (12.0, 30.0) and tone.positions == (5.0,)
    told = {finding.what: finding.where for finding in report.findings}
    assert told["knobs that stand still"] == ["tone: 5"]
    assert told["noise floors that are heard"] == ["wet/riff.wav: -40 dB"]
    assert len(told["clipped recordings"]) == 1 and len(told["pairs shorter than 10 s"]) == 2
    assert report.errors == 0 and report.kind.configuration == "effect_drive"


def test_the_noise_floor_is_read_where_the_dry_sound_is_silent():
    dry, wet = np.zeros(8000), np.full(8000, 1e-3)
    dry[:4000], wet[:4000] = 0.5, 1e-5
    assert noise_floor_db(dry, wet, RATE_HZ) == pytest.approx(-60.0)
    assert noise_floor_db(dry + 0.1, wet, RATE_HZ) is None


def checked(root, *arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check_dataset.py", str(root), *arguments])
    try:
        run(main)
    except SystemExit as leaving:
        return leaving.code
    finally:
        logging.getLogger("vschaos2.data.cache.skipped").setLevel(logging.NOTSET)
    return 0


def test_the_program_knows_a_folder_of_pairs(pairs, monkeypatch, capsys):
    assert checked(pairs, monkeypatch=monkeypatch) == 0
    said = capsys.readouterr().out
    assert "wet/riff@2.wav  " in said and "delay 100." in said and "polarity turned" in said
    assert "looks static: --config-name effect_drive fits" in said
    assert "knob drive      12 to 30, at 12, 30" in said
    assert checked(pairs, "--json", monkeypatch=monkeypatch) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["pairs"][0]["polarity"] == -1 and content["errors"] == 0
    assert content["pairs"][1]["kind"]["configuration"] == "effect_drive"
    assert content["knobs"][0]["positions"] == [12.0, 30.0]


def test_what_cannot_be_learned_from_is_an_error_with_exit_code_1(
    tmp_path, dry, monkeypatch, capsys
):
    write(tmp_path, "dry/a.wav", dry)
    write(tmp_path, "wet/a.wav", plucked.strings(5.0, 9, RATE_HZ))
    tell(tmp_path, "drive", "wet/b.wav\t1\n")
    assert checked(tmp_path, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().out
    assert "nothing in the wet recording follows the dry one" in said
    assert "no value of the knob drive for wet/a.wav" in said
    write(tmp_path, "wet/b.wav", dry)
    assert checked(tmp_path, monkeypatch=monkeypatch) == 1
    assert "recordings without a partner: wet/b.wav" in capsys.readouterr().out


def test_a_swapped_pair_is_asked_about(tmp_path, dry):
    wet = np.concatenate([np.zeros(300), np.tanh(6.0 * dry)])
    write(tmp_path, "dry/a.wav", wet)
    write(tmp_path, "wet/a.wav", dry)
    early = [f for f in inspect_pairs(tmp_path).findings if "come before" in f.what]
    assert [f.severity for f in early] == ["warning"]
    assert "swapped" in early[0].remedy


def test_rates_that_differ_are_an_error(tmp_path, dry):
    write(tmp_path, "dry/a.wav", dry)
    write(tmp_path, "wet/a.wav", dry, 48_000)
    (finding,) = inspect_pairs(tmp_path).findings
    assert (finding.severity, finding.what) == ("error", "rates that differ")


def test_what_is_no_sound_is_told_as_that(tmp_path, dry):
    write(tmp_path, "dry/a.wav", dry)
    write(tmp_path, "wet/a.wav", dry)
    (tmp_path / "wet/a.wav").write_text("a list of what I recorded")
    (finding,) = inspect_pairs(tmp_path).findings
    assert (finding.severity, finding.what) == ("error", "unreadable files")
    assert finding.where[0].startswith(f"{tmp_path}/wet/a.wav: cannot be decoded")
