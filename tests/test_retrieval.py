"""Settings of a chain, read off and fitted: parts by closed forms, the whole on a known chain."""

import json
import math
import sys

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from vschaos2.api import compose
from vschaos2.data.pair_files import Pair
from vschaos2.dsp.alignment import fast_length
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.objectives.loudness import loudness_lufs
from vschaos2.processors.chain import Chain
from vschaos2.processors.fdn_reverb import EVEN, LINES_S, FdnReverb
from vschaos2.processors.recursion import BLOCK
from vschaos2.programs.retrieve import main
from vschaos2.retrieval import equaliser
from vschaos2.retrieval import fit as fitting
from vschaos2.retrieval.deconvolution import (
    arrivals,
    decay_s,
    echoes,
    high_ratio,
    in_band,
    response,
)
from vschaos2.retrieval.equaliser import read_filters, read_response
from vschaos2.retrieval.folder import jobs_of, retrieve_all
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.retrieve import retrieve, said
from vschaos2.retrieval.spectra import multi_scale_distance

RATE = 44_100


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


def noise(seconds: float) -> Tensor:
    return 0.1 * torch.randn(round(seconds * RATE) // BLOCK * BLOCK)


def test_distance_of_a_sound_twice_as_loud_is_its_closed_form():
    """‖2T - T‖ / ‖T‖ = 1 and ln 2, of left and right, and half of it of mid and side."""
    sound = torch.randn(2, RATE // 4)
    assert float(multi_scale_distance(sound, sound)) == 0.0
    wanted = 1.5 * (1.0 + math.log(2.0))
    assert float(multi_scale_distance(2.0 * sound, sound)) == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("samples", [1, 7, 100, 4097, 264_600, 400_001])
def test_fast_lengths_have_small_factors_and_waste_little(samples):
    found = fast_length(samples)
    assert samples <= found <= 1.1 * samples + 1
    for factor in (2, 3, 5):
        while found % factor == 0:
            found //= factor
    assert found == 1


def test_an_echo_is_read_off_music():
    dry = noise(4.0)
    wet = torch.stack((dry, dry))
    for turn, gain in ((1, 0.5), (2, 0.2), (3, 0.08)):
        delay = turn * 16_537
        wet[:, delay:] += gain * dry[:-delay]
    found = echoes(response(dry, wet, 3 * RATE), RATE)
    assert found.time_ms == pytest.approx(1000.0 * 16_537 / RATE, abs=0.02)
    assert found.level_db == pytest.approx(20.0 * math.log10(0.5), abs=0.5)
    assert found.feedback == pytest.approx(0.4, abs=0.04)


@pytest.mark.parametrize("seconds", [0.5, 1.5, 3.0])
def test_decay_is_that_of_a_room_of_noise(seconds):
    time = torch.arange(3 * RATE, dtype=torch.float64) / RATE
    answer = torch.randn(2, 3 * RATE, dtype=torch.float64) * 10.0 ** (-3.0 * time / seconds)
    answer += 1e-3 * torch.randn_like(answer)
    assert decay_s(answer, RATE) == pytest.approx(seconds, rel=0.06)
    low = in_band(answer, RATE, 200.0, 900.0)
    assert decay_s(low, RATE) == pytest.approx(seconds, rel=0.12)


def test_silence_behind_a_pulse_is_no_room():
    answer = 1e-6 * torch.randn(2, 3 * RATE, dtype=torch.float64)
    answer[:, 0] = 1.0
    assert decay_s(answer, RATE) is None


def test_the_ratio_of_decays_is_that_of_the_room():
    """A room of 2 s and .5 s: its decay at 5 kHz, by the loss of a line, leads back to .25."""
    room = FdnReverb(float(RATE))
    values = torch.zeros(1, 3, 1, dtype=torch.float64)
    values[0, 1], values[0, 2] = 2.0, 0.25
    a = float(room.losses(values)[1][0, 2])
    turn = complex(math.cos(w := 2.0 * math.pi * 5000.0 / RATE), -math.sin(w))
    passed = abs(a / (1.0 - (1.0 - a) * turn))
    line = round(LINES_S[2] * RATE) / RATE
    at_s = 1.0 / (1.0 / 2.0 - math.log10(passed) / (3.0 * line))
    assert high_ratio(2.0, at_s, 5000.0, line, RATE) == pytest.approx(0.25, rel=1e-3)


def known_chain() -> Chain:
    chain = Chain([{"peak": {}}, "compressor", {"space": {"reverb_eq": False}}], RATE)
    chain.load_preset(
        {
            "peak_hz": 900.0, "peak_gain_db": 6.0, "threshold_db": -30.0, "ratio": 4.0,
            "makeup_db": 4.0, "pan": 20.0, "echo_ms": 333.3, "echo_db": -8.0,
            "echo_feedback": 0.4, "reverb_db": -12.0, "reverb_low_s": 1.2,
        }
    )  # fmt: skip
    return chain


def test_what_is_fitted_is_what_plays():
    """The closed form of a space, three seconds long, beside the stream."""
    chain, sound = known_chain(), noise(2.0)
    with torch.no_grad():
        made = Rendering(chain, RATE).render(sound)
        state = torch.zeros(1, chain.state_size, dtype=torch.float64)
        played, _ = chain(sound[None, None], torch.zeros(1, 0, 1), state)
    assert float((made - played[0]).abs().max() / played.abs().max()) < 1e-3


def test_a_frozen_space_answers_as_before_and_its_side_still_moves():
    chain = known_chain()
    rendering = Rendering(chain, RATE)
    with torch.no_grad():
        free = rendering.answer()
        with rendering.frozen_space():
            torch.testing.assert_close(rendering.answer(), free, atol=1e-6, rtol=0)
            chain.load_preset({"pan": -20.0, "echo_db": -60.0})
            moved = rendering.answer()
    assert float((moved - free).abs()[:, 1:].max()) < 1e-6
    assert float((moved - free).abs()[:, 0].min()) > 0.1


def test_what_is_wanted_late_is_rendered_as_in_the_whole():
    """From two seconds on of three: before, a tail of three seconds is wrapped round."""
    rendering, sound = Rendering(known_chain(), RATE), noise(5.0)
    with torch.no_grad():
        whole, late = rendering.render(sound), rendering.render(sound, 3 * RATE)
    torch.testing.assert_close(late, whole[:, 3 * RATE :], atol=1e-6, rtol=0)


def test_filters_are_read_off_music_through_a_room():
    """Two peaks and a high shelf, behind them a room and an echo that come later."""
    bands = {"channel_eq": {"bands": ["peak1", "peak2", "high_shelf"]}}
    chain = Chain([bands, "space"], RATE)
    chain.load_preset(
        {"peak1_hz": 300.0, "peak1_gain_db": 9.0, "peak1_q": 2.0, "peak2_hz": 3000.0,
         "peak2_gain_db": -8.0, "high_shelf_gain_db": -6.0, "reverb_db": -10.0, "pan": 50.0}
    )  # fmt: skip
    dry = noise(4.0)
    with torch.no_grad():
        wet = Rendering(chain, RATE).render(dry)
    filters = chain.processors[0]
    reading = read_response(dry, wet, RATE)
    values = read_filters(filters, reading, 0).values
    due = chain.controllers[0].rest(torch.zeros(0)).detach()
    found, wanted = (
        20.0 * filters.response(each[None], reading.hz)[0].abs().log10() for each in (values, due)
    )
    assert float((found - found.mean() - wanted + wanted.mean()).square().mean().sqrt()) < 0.4


def test_first_arrivals_are_the_gains_of_the_lines():
    chain = known_chain()
    with torch.no_grad():
        answer = Rendering(chain, RATE).answer().double()
    samples = [round(each * RATE) for each in LINES_S]
    values = chain.preset()
    level = 10.0 ** (values["reverb_db"] / 20.0) * EVEN
    for side, heard in zip(("left", "right"), arrivals(answer, samples).tolist(), strict=True):
        for n, found in enumerate(heard):
            loss = 10.0 ** (-3.0 * LINES_S[n] / values["reverb_low_s"])
            wanted = level * loss * values[f"reverb_{side}{n + 1}"]
            assert found == pytest.approx(wanted, rel=0.1)


@pytest.fixture
def pair(tmp_path) -> Pair:
    """Seven seconds of bursts through a known chain, the wet file 700 samples late."""
    dry = noise(7.0) * (torch.arange(round(7.0 * RATE) // BLOCK * BLOCK) // 9000 % 3 == 0)
    with torch.no_grad():
        wet = Rendering(known_chain(), RATE).render(dry)
    for name, sound, late in (("dry", dry[None], 0), ("wet", wet, 700)):
        (tmp_path / "pairs" / name).mkdir(parents=True)
        late_sound = np.pad(sound.numpy().T, ((late, 0), (0, 0)))
        soundfile.write(tmp_path / "pairs" / name / "vox.wav", late_sound, RATE, subtype="FLOAT")
    root = tmp_path / "pairs"
    return Pair("vox.wav", root / "dry" / "vox.wav", root / "wet" / "vox.wav")


def test_behind_a_dry_path_that_is_known_the_space_is_read_off(pair):
    dry, wet = (
        torch.from_numpy(soundfile.read(p, dtype="float32")[0]) for p in (pair.dry, pair.wet)
    )
    chain, true = known_chain(), known_chain().preset()
    chain.load_preset(
        {"echo_ms": 500.0, "echo_feedback": 0.1, "reverb_low_s": 5.0, "reverb_db": -40.0}
    )
    fitting.Fit(chain, dry, wet[700:].T.contiguous(), RATE, 0).deconvolve()
    found = chain.preset()
    assert found["echo_ms"] == pytest.approx(333.3, abs=0.05)
    assert found["echo_db"] == pytest.approx(-8.0, abs=0.5)
    assert found["echo_feedback"] == pytest.approx(0.4, abs=0.03)
    assert found["reverb_low_s"] == pytest.approx(1.2, rel=0.25)
    for name in (f"reverb_{side}{n}" for side in ("left", "right") for n in range(1, 7)):
        heard, wanted = (each[name] * 10.0 ** (each["reverb_db"] / 20.0) for each in (found, true))
        assert heard == pytest.approx(wanted, rel=0.25)


@pytest.fixture
def quick(monkeypatch):
    """Steps enough to see where it goes."""
    monkeypatch.setattr(fitting, "DRY_STEPS", 10)
    monkeypatch.setattr(fitting, "ALL_STEPS", 3)
    for name, count in (("STARTS", 8), ("COARSE_STEPS", 30), ("KEPT", 1), ("FINE_STEPS", 10)):
        monkeypatch.setattr(equaliser, name, count)


CHAIN = "model.net.processors=[peak,compressor,{space: {reverb_eq: false}}]"


def test_a_pair_becomes_a_run_with_its_settings(pair, quick, tmp_path):
    config = compose("effect_chain", "data.dataset.root=.", CHAIN)
    folder = retrieve(pair, config, tmp_path / "runs" / "vox")
    assert folder == tmp_path / "runs" / "vox" / "version_0"
    meta = json.loads((folder / "meta.json").read_text())
    settings = json.loads((folder / "settings.json").read_text())
    assert meta["alignment"]["shift"] == 700
    assert len(meta["losses"]) == 13
    assert meta["distance"] < 0.4 * meta["distance_unprocessed"]
    assert settings["echo_ms"]["value"] == pytest.approx(333.3, abs=0.1)
    assert settings["echo_ms"]["unit"] == "ms"
    assert settings["echo_feedback"]["value"] == pytest.approx(0.4, abs=0.08)
    assert settings["pan"]["value"] == pytest.approx(20.0, abs=5.0)
    loaded = load_run(folder)
    values = loaded.model.net.chain.preset()
    assert {n: round(v, 3) for n, v in values.items()} == pytest.approx(
        {n: each["value"] for n, each in settings.items()}, rel=1e-4, abs=2e-3
    )
    assert "of the way" in said(folder)
    for name in ("dry", "wet", "retrieved"):
        sound, _ = soundfile.read(folder / "samples" / f"{name}.wav")
        assert len(sound) == round(meta["heard_s"] * RATE)
        assert meta["lufs"][name] == pytest.approx(
            loudness_lufs(sound.T.reshape(-1, len(sound)), RATE), abs=0.1
        )
    for name in ("peak", "compressor", "space", "losses"):
        assert (folder / "samples" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert [each.name for each in (tmp_path / "runs" / "vox").iterdir()] == ["version_0"]


def test_a_folder_goes_on_where_it_was(pair, quick, tmp_path, caplog):
    root = pair.dry.parents[1]
    silent = np.zeros((RATE * 7, 2), np.float32)
    for name in ("dry", "wet"):
        soundfile.write(root / name / "silent.wav", silent, RATE)
    config = compose("effect_chain", "data.dataset.root=.", CHAIN)
    jobs = jobs_of(root, tmp_path / "runs")
    lines: list[str] = []
    made = retrieve_all(jobs, config, 1, 0, lines.append)
    assert made == [tmp_path / "runs" / "vox" / "version_0"]
    assert "silent" in caplog.text
    assert len(lines) == 1
    assert retrieve_all(jobs, config, 1, 0, lines.append) == []


def test_what_has_no_partner_is_named_and_left_out(pair, tmp_path, caplog):
    root = pair.dry.parents[1]
    for name in ("dry/alone.wav", "wet/orphan.wav"):
        soundfile.write(root / name, np.zeros(100), RATE)
    ((found, _),) = jobs_of(root, tmp_path / "runs")
    assert found.wet == pair.wet
    for name in ("dry/alone.wav", "wet/orphan.wav"):
        assert f"left out: {name}: has no partner of the same name" in caplog.text
    pair.wet.unlink()
    with pytest.raises(InputError, match="no recording has a partner"):
        jobs_of(root, tmp_path / "runs")


def test_runs_of_a_folder_are_jobs_of_hydra(pair, quick, tmp_path, monkeypatch, capsys):
    """Here one after the other; what is there already is no job."""
    root = pair.dry.parents[1]
    for name in ("dry", "wet"):
        soundfile.write(root / name / "silent.wav", np.zeros(7 * RATE), RATE)
    words = ["retrieve.py", "-m", f"data_dir={root}", f"log_dir={tmp_path / 'runs'}", CHAIN]
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.chdir(tmp_path)
    main()
    assert "runs: 1 new runs" in capsys.readouterr().out
    assert (tmp_path / "runs" / "vox" / "version_0" / "settings.json").is_file()
    assert not (tmp_path / "runs" / "silent").exists()
    (told,) = (tmp_path / "runs" / ".sweeps").glob("*/multirun.yaml")
    assert "retrieved" in told.read_text()
    (root / "wet" / "silent.wav").unlink()
    (root / "dry" / "silent.wav").unlink()
    main()
    assert "runs: 0 new runs" in capsys.readouterr().out


def test_what_no_run_may_be_called_is_called_otherwise(tmp_path):
    for name in ("dry/Lead (soft), [1].wav", "wet/Lead (soft), [1]@2.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, np.zeros(100), RATE)
    ((_, out),) = jobs_of(tmp_path, tmp_path / "runs")
    assert out == tmp_path / "runs" / "Lead -soft-- -1--2"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--override", "a=1"], "is one recording"),
        (["WET", "--jobs", "2"], "--jobs: is for a folder"),
        (["--prior-weight", "1"], "--prior-weight: is of use beside --like"),
        (["WET", "--out", "runs/vox [1]"], "is no folder name"),
        (["WET", "--out", "taken"], "is a file, no folder"),
    ],
)
def test_what_would_be_in_vain_is_refused_before_the_fit(
    pair, tmp_path, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").touch()
    words = [str(pair.wet) if word == "WET" else word for word in words]
    words = ["retrieve.py", "--out", "runs/vox", str(pair.dry), *words]
    monkeypatch.setattr(sys, "argv", words)
    monkeypatch.setattr("vschaos2.retrieval.retrieve.retrieve", None)
    with pytest.raises(InputError, match=message):
        main()
    assert not (tmp_path / "runs").exists()


def test_the_program_says_what_it_found(pair, quick, tmp_path, monkeypatch, capsys):
    out = tmp_path / "runs" / "vox"
    words = ["retrieve.py", str(pair.dry), str(pair.wet), "--out", str(out), "--override", CHAIN]
    monkeypatch.setattr(sys, "argv", words)
    main()
    told = capsys.readouterr().out
    assert "version_0" in told
    assert "echo_ms" in told
    assert (out / "version_0" / "checkpoints" / "best.ckpt").is_file()


def test_a_short_pair_is_refused_in_one_line(pair, tmp_path):
    for path in (pair.dry, pair.wet):
        sound, _ = soundfile.read(path)
        soundfile.write(path, sound[: 4 * RATE], RATE)
    config = compose("effect_chain", "data.dataset.root=.", CHAIN)
    with pytest.raises(InputError, match="in common") as caught:
        retrieve(pair, config, tmp_path / "runs" / "vox")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "processors", ["[pan,compressor]", "[{peak: {controller: following}},pan]"]
)
def test_only_static_chains_that_end_in_a_space_are_retrieved(pair, tmp_path, processors):
    config = compose("effect_chain", "data.dataset.root=.", f"model.net.processors={processors}")
    with pytest.raises(InputError, match="ends in a space") as caught:
        retrieve(pair, config, tmp_path / "runs" / "vox")
    assert "\n" not in str(caught.value)


def test_only_chains_are_retrieved(pair, tmp_path):
    config = compose("effect_drive", "data.dataset.root=.")
    with pytest.raises(InputError, match="only a Chain"):
        retrieve(pair, config, tmp_path / "runs" / "vox")
