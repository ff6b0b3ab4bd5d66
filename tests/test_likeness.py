"""Settings after another recording, least squares, and what runs leave and where: small parts."""

import json
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from pieces import worked

import vschaos2
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.objectives.loudness import k_weighting, loudness_lufs
from vschaos2.processors.chain import Chain
from vschaos2.programs.retrieve import sorted_words
from vschaos2.retrieval import likeness
from vschaos2.retrieval.agreement import agreement, agreement_said
from vschaos2.retrieval.least_squares import Residuals, least_squares
from vschaos2.retrieval.likeness import Likeness
from vschaos2.retrieval.pictures import decay_over_frequency_s
from vschaos2.retrieval.prior import Prior, write_prior
from vschaos2.retrieval.processes import outcomes
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.run_folder import write_run
from vschaos2.retrieval.style import style, unlikeness

RATE = 44_100


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def test_a_line_is_found_among_outliers_by_mean_distance():
    """y = 2 x + 1, a tenth of it far off: least squares would be, the mean distance is not."""
    x = torch.linspace(-1.0, 1.0, 200, dtype=torch.float64)
    y = 2.0 * x + 1.0
    y[::10] += 5.0

    def evaluate(numbers):
        away = numbers[0] * x + numbers[1] - y
        weights = 1.0 / away.abs().clamp(min=1e-3) / len(away)
        return Residuals(away, weights, float(away.abs().mean()))

    found = least_squares(evaluate, torch.zeros(2), 12)
    assert found.numbers.tolist() == pytest.approx([2.0, 1.0], abs=0.01)


def test_a_step_that_raises_the_cost_is_taken_back():
    def evaluate(numbers):
        value = torch.where(numbers.abs() < 1e-9, 0.1 * torch.ones(1), torch.ones(1)).double()
        return Residuals(value, torch.ones(1).double(), float(value.square().sum()))

    found = least_squares(evaluate, torch.zeros(1), 3)
    assert found.numbers.tolist() == [0.0]


def test_loudness_is_that_of_the_standard():
    """BS.1770: a sine of 997 Hz at full scale in one of two channels is -3.01 LKFS; its filters."""
    for rate in (44_100, 48_000):
        sine = np.sin(2.0 * math.pi * 997.0 * np.arange(3 * rate) / rate)
        found = loudness_lufs(np.stack((sine, 0.0 * sine)), rate)
        assert found == pytest.approx(-3.01, abs=0.02)
        gated = np.concatenate((sine, 0.0 * sine, 1e-3 * sine))[None]
        assert loudness_lufs(gated, rate) == pytest.approx(found, abs=0.3)
    assert loudness_lufs(np.zeros((1, 48_000)), 48_000) == -math.inf
    assert k_weighting(48_000)[0, :3] == pytest.approx([1.53512486, -2.69169619, 1.19839281])
    assert k_weighting(48_000)[1, 4:] == pytest.approx([-1.99004745, 0.99007225])


def test_decay_over_frequency_is_what_was_set_at_either_end():
    chain = Chain(["fdn_reverb"], RATE)
    chain.load_preset({"reverb_low_s": 2.0, "reverb_high_ratio": 0.5})
    found = decay_over_frequency_s(Rendering(chain, RATE), torch.tensor([1.0, RATE / 2.0]))
    assert found.tolist() == pytest.approx([2.0, 1.0], rel=0.01)


def test_style_does_not_hear_loudness_and_hears_width():
    sound = torch.randn(2, 3 * RATE) * torch.linspace(0.1, 1.0, 3 * RATE)
    soft, mono = style(0.1 * sound, RATE), style(sound[:1].expand(2, -1), RATE)
    here = style(sound, RATE)
    assert float(unlikeness(soft, here).square().sum()) < 1e-4
    apart = {name: float((mono[name] - here[name]).abs().max()) for name in here}
    assert apart["width"] > 5.0
    assert max(apart, key=apart.__getitem__) == "width"


@pytest.fixture
def quick(monkeypatch):
    """Two steps, each of which goes on by its slopes, are enough for few settings."""
    monkeypatch.setattr(likeness, "STEPS", 2)


def test_a_reference_draws_settings_to_it_and_a_heavy_prior_holds_them(quick):
    chain = Chain([{"high_shelf": {"high_shelf_hz": 3000.0}}, "pan"], RATE)
    rendering = Rendering(chain, RATE)
    dry = 0.1 * torch.randn(3 * RATE // 64 * 64)
    raw = torch.cat([c.start[:, 0] for c in chain.controllers])
    prior = Prior(chain.physical, raw, 0.5 * torch.eye(len(raw), dtype=torch.float64))
    chain.load_preset({"high_shelf_gain_db": 8.0, "pan": 40.0})
    with torch.no_grad():
        reference = rendering.render(0.1 * torch.randn(len(dry)))
    found = {}
    for weight in (0.01, 1e4):
        chain.load_preset({"high_shelf_gain_db": 0.0, "pan": 0.0})
        search = Likeness(rendering, dry, reference, prior, weight)
        search.run()
        found[weight] = chain.preset()
    assert found[0.01]["high_shelf_gain_db"] == pytest.approx(8.0, abs=1.5)
    assert found[0.01]["pan"] == pytest.approx(40.0, abs=4.0)
    assert found[1e4]["pan"] == pytest.approx(0.0, abs=1.0)


def test_the_program_makes_a_run_of_a_reference(quick, tmp_path, monkeypatch, capsys, caplog):
    """And says in a line what it cannot take: no prior, a silent or a short reference."""
    from vschaos2.programs.retrieve import main

    processors = ["peak", "pan"]
    chain = Chain(processors, RATE)
    raw = torch.cat([c.start[:, 0] for c in chain.controllers])
    prior = Prior(chain.physical, raw, 0.3 * torch.eye(len(raw), dtype=torch.float64))
    write_prior(tmp_path / "prior.npz", prior)
    dry = (0.1 * torch.randn(6 * RATE)).numpy()
    sided = np.stack((1.3 * dry[::-1], 0.5 * dry[::-1]), 1)
    for name, sound in (("dry", dry), ("like", sided), ("silent", 0 * dry), ("short", dry[:RATE])):
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE, subtype="FLOAT")

    def call(like, *more):
        words = [
            "retrieve.py", "dry.wav", "--like", like, "--prior", "prior.npz", "--out", "runs/like",
            "model.net.processors=[peak,pan]", *more,
        ]  # fmt: skip
        monkeypatch.setattr(sys, "argv", words)
        main()

    monkeypatch.chdir(tmp_path)
    for like, reason in (("silent.wav", "is silent"), ("short.wav", "or more"), ("no", "no file")):
        with pytest.raises(InputError, match=reason):
            call(like)
    for option in ("--repeat", "--seed", "--jobs"):
        with pytest.raises(InputError, match=f"{option}: --like makes one run"):
            call("like.wav", option, "2")
    with pytest.raises(InputError, match="is no folder name"):
        call("like.wav", "--out", "runs/like (1)")
    with pytest.raises(InputError, match="knows nothing of"):
        call("like.wav", "model.net.processors=[gain,pan]")
    assert not list(tmp_path.glob("runs/like/*"))
    call("like.wav")
    assert "as unlike the reference as" in capsys.readouterr().out
    folder = tmp_path / "runs" / "like" / "version_0"
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["like"] == "like.wav"
    assert meta["distance"] < 0.05 * meta["distance_unprocessed"]
    pan = json.loads((folder / "settings.json").read_text())["pan"]["value"]
    wanted = 400.0 / math.pi * math.atan2(0.5, 1.3) - 100.0
    assert pan == pytest.approx(wanted, abs=4.0)
    assert load_run(folder).model.net.chain.preset()["pan"] == pytest.approx(pan, abs=0.1)
    assert "hardly nearer" not in caplog.text
    call("like.wav", "--prior-weight", "1e6")
    assert "runs/like: hardly nearer to the reference than the dry sound is" in caplog.text


def test_words_that_set_something_are_told_from_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.wav").touch()
    words = ["data_dir=pairs", "log_dir=runs", "a=b.wav", "model.x=3", "--override", "seed=2"]
    own, overrides = sorted_words(words)
    assert own == ["pairs", "--out", "runs", "a=b.wav"]
    assert overrides == ["model.x=3", "seed=2"]


def test_runs_tell_which_settings_they_agree_on(tmp_path):
    folders = []
    for n, (hz, gain) in enumerate(((100.0, 1.0), (102.0, 4.0))):
        folders.append(tmp_path / f"version_{n}")
        folders[-1].mkdir()
        of = {"unit": "", "lowest": 10.0, "highest": 1000.0, "scale": "log"}
        settings = {
            "hz": of | {"value": hz},
            "gain": of | {"value": gain, "lowest": 0.0, "highest": 10.0, "scale": "linear"},
        }
        (folders[-1] / "settings.json").write_text(json.dumps(settings))
    apart = agreement(folders)
    assert apart["hz"] == pytest.approx(math.log(1.02) / math.log(100.0), rel=1e-3)
    assert apart["gain"] == pytest.approx(0.3, rel=1e-3)
    alike, other = agreement_said(folders)
    assert alike.endswith("hz")
    assert other.endswith("gain (30%)")
    assert agreement_said(folders[:1]) == []


def _hang(out):
    def fill(folder):
        (folder / "settings.json").write_text("{}")
        time.sleep(60.0)

    write_run(out, fill)


def test_what_is_killed_leaves_no_run_and_the_next_one_clears_up(tmp_path):
    out = tmp_path / "vox"
    process = multiprocessing.get_context("fork").Process(target=_hang, args=(out,))
    process.start()
    while not list(out.glob(".retrieving-*/settings.json")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert list(out.glob("version_*")) == []
    folder = write_run(out, lambda folder: (folder / "a").touch() and None)
    assert folder == out / "version_0"
    assert [each.name for each in out.iterdir()] == ["version_0"]
    assert sorted(each.name for each in folder.iterdir()) == ["a", "checkpoints"]


def test_what_fails_leaves_nothing(tmp_path):
    def fill(folder):
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        write_run(tmp_path / "vox", fill)
    assert list((tmp_path / "vox").iterdir()) == []


def test_pieces_in_processes_of_their_own_spoil_no_others():
    found = {each.number: each for each in outcomes(worked, ["a", "bad", "dies"], 2)}
    assert found[0].made == "A"
    assert found[1].reason == "bad one"
    assert "ended with code -9" in found[2].reason


WAITING = """
import sys, time
from pathlib import Path
from vschaos2.retrieval.processes import outcomes

def waits(folder):
    Path(folder, "begun").touch()
    time.sleep(3)
    Path(folder, "ended").touch()

if __name__ == "__main__":
    list(outcomes(waits, [sys.argv[1]], 1))
"""


def test_pieces_end_with_the_program_that_was_killed(tmp_path):
    """What it leaves going would make a run beside the one that is made anew."""
    program = tmp_path / "program.py"
    program.write_text(WAITING)
    environment = {**os.environ, "PYTHONPATH": str(Path(vschaos2.__file__).parents[1])}
    command = [sys.executable, str(program), str(tmp_path)]
    with subprocess.Popen(command, env=environment) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "begun").exists() and time.monotonic() < until:
            time.sleep(0.02)
        assert (tmp_path / "begun").exists()
        process.kill()
    time.sleep(4)
    assert not (tmp_path / "ended").exists()
