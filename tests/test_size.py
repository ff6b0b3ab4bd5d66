"""How many latents and which window a folder asks for."""

import json
import logging
import sys

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf
from resumed_trainings import TWO_STEPS, resume, train_new

from vschaos2.command_line import run
from vschaos2.data.cache import open_cache
from vschaos2.data.dataset import SequentialWindows, WindowReader
from vschaos2.data.stretches import split
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.inspection.attacks import attacks_of, pre_echo_db
from vschaos2.inspection.size import (
    Hearing,
    advised,
    components_of,
    linear_convergence,
    passages_of,
    size_of,
)
from vschaos2.objectives.losses import spectral_convergence
from vschaos2.objectives.principal_components import at_all_levels
from vschaos2.programs.check import main

RATE_HZ = 8000
SECONDS = np.arange(2 * RATE_HZ) / RATE_HZ


def write(root, sounds):
    root.mkdir()
    for number, sound in enumerate(sounds):
        soundfile.write(root / f"{number:02d}.wav", sound, RATE_HZ, subtype="FLOAT")
    return open_cache(root, RATE_HZ)


def mixtures(count, files=40, seed=0):
    """Chords of the same tones, each so loud as it happens, too far apart to be heard as one."""
    generator = np.random.default_rng(seed)
    tones = np.sin(2 * np.pi * np.outer(500 + 3000 * np.arange(count) / count, SECONDS))
    return generator.uniform(0.001, 0.03, (files, count)) @ tones


def strokes(files=6, seed=0):
    """Short noises out of silence, eight a second."""
    generator = np.random.default_rng(seed)
    decay = np.exp(-np.arange(400) / 60)
    for _ in range(files):
        sound = np.zeros(2 * RATE_HZ)
        for place in range(900, 15_000, 1000):
            sound[place : place + 400] += 0.3 * generator.standard_normal(400) * decay
        yield sound


def hearing(n_fft=512, contrast="linear"):
    return Hearing(SpectralTransform(RATE_HZ, n_fft, n_fft // 4, contrast), 9.0, 512)


def sides_of(cache):
    return split(cache, 0.2, 0, 512)


# --- latents ---


def test_sounds_of_eight_components_want_eight_latents(tmp_path):
    cache = write(tmp_path / "set", mixtures(8))
    size = size_of(cache, sides_of(cache), hearing())
    assert size.convergence[8] < 0.05  # but for where sounds begin and end
    assert size.latent_dim == 8


def test_sounds_of_twenty_components_want_more(tmp_path):
    cache = write(tmp_path / "set", mixtures(20))
    size = size_of(cache, sides_of(cache), hearing())
    assert size.convergence[8] > 0.2 > 0.05 > size.convergence[32]
    assert size.latent_dim == 32


@pytest.mark.parametrize(
    ("left", "dims"),
    [
        ((0.5, 0.47, 0.47), 8),
        ((0.9, 0.88, 0.87), 16),  # nothing is told
        ((0.5, 0.45, 0.31), 16),
        ((0.5, 0.45, 0.30), 32),
        ((0.9, 0.89, 0.5), 32),  # the first eight more bring little, the next much
        ((0.09, 0.01, 0.001), 8),
        ((0.2, 0.09, 0.001), 16),
    ],
)
def test_latents_are_advised_that_take_much_away(left, dims):
    assert advised(dict(zip((8, 16, 32), left, strict=True))) == dims


@torch.no_grad()
def test_what_is_left_is_what_a_validation_would_measure(tmp_path):
    """Against a singular value decomposition, and the error of each batch of held-out windows."""
    cache, given = write(tmp_path / "set", mixtures(20)), hearing(contrast="log1p")
    sides, transform = sides_of(cache), given.transform
    found = components_of(cache, sides, given)
    measured = linear_convergence(cache, sides, given, found)

    def magnitudes(files, count):
        windows = SequentialWindows(WindowReader(cache, files, 512, 128), 256, count)
        return [transform.analyse(batch["waveform"])[:, 0].abs() for batch in windows]

    training = torch.cat(magnitudes(sides.training, 4096))
    assert float(transform.scale) == pytest.approx(float(training.mean()), rel=1e-5)
    frames = transform.to_frames(at_all_levels(training, 9.0)).double().numpy()
    mean = frames.mean(0)
    _, _, rows = np.linalg.svd(frames - mean, full_matrices=False)
    for dims, value in measured.items():
        plane = rows[:dims].T @ rows[:dims]
        errors, counts = [], []
        for magnitude in magnitudes(sides.held_out, 512):
            estimate = mean + (transform.to_frames(magnitude).double().numpy() - mean) @ plane
            estimate = transform.to_magnitude(torch.from_numpy(estimate).float())
            errors.append(float(spectral_convergence(magnitude, estimate)))
            counts.append(len(magnitude))
        assert value == pytest.approx(np.average(errors, weights=counts), rel=1e-3)


@pytest.mark.parametrize("sound", [np.zeros(RATE_HZ), np.full(RATE_HZ, 1e-30)])
def test_silence_asks_for_nothing(tmp_path, sound):
    cache = write(tmp_path / "set", [sound, sound])
    assert size_of(cache, sides_of(cache), hearing()) is None


# --- windows ---


def test_attacks_are_found_where_they_are():
    passages = torch.zeros(2, RATE_HZ)
    passages[0, 4000:4400] = 0.5
    passages[1, 2000:] = 0.5  # one that stays
    passages[1, 6000:6040] = 0.7  # no rise of 10 dB
    attacks = attacks_of(passages, RATE_HZ)
    assert list(zip(attacks.passage.tolist(), attacks.first.tolist(), strict=True)) == [
        (0, 4000),
        (1, 2000),
    ]
    assert attacks.seconds == pytest.approx((400 + 6000) / RATE_HZ)
    assert attacks.per_second == pytest.approx(2 / attacks.seconds)


def test_silence_and_what_only_sounds_on_have_no_attacks():
    tone = torch.sin(2 * torch.pi * 500 / RATE_HZ * torch.arange(RATE_HZ))[None]
    for passages in (torch.zeros(1, RATE_HZ), tone):
        attacks = attacks_of(passages, RATE_HZ)
        assert len(attacks.first) == 0 and attacks.per_second == 0.0


@torch.no_grad()
def test_a_short_window_keeps_what_precedes_attacks_quiet(tmp_path):
    cache = write(tmp_path / "set", strokes())
    passages = passages_of(cache, 256)
    attacks = attacks_of(passages, RATE_HZ)
    echoes = []
    for n_fft in (1024, 256, 64):
        given = hearing(n_fft, "log1p")
        found = components_of(cache, sides_of(cache), given)
        echoes.append(pre_echo_db(passages, attacks, given.transform, found, 16))
    assert echoes[0] > echoes[1] + 5 and echoes[1] > echoes[2] + 10, echoes


def test_percussion_is_told_to_take_a_shorter_window_and_tones_are_not(tmp_path):
    for name, sounds, n_fft in (("strokes", strokes(), 512), ("tones", mixtures(8, 6), 2048)):
        cache = write(tmp_path / name, sounds)
        size = size_of(cache, sides_of(cache), hearing(2048, "log1p"))
        assert (size.n_fft, size.hop) == (n_fft, n_fft // 4)
        words = f"data.transform.n_fft={n_fft} data.transform.hop={n_fft // 4}"
        assert (words in size.rows().get("window", "")) == (name == "strokes")


# --- the programs ---


def check(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["check_dataset.py", *map(str, arguments)])
    run(main)
    return capsys.readouterr().out


def test_check_says_what_auto_takes_and_the_run_holds_the_number(
    tmp_path, monkeypatch, capsys, caplog
):
    write(tmp_path / "set", mixtures(20, 10))
    words = [f"data.dataset.sample_rate_hz={RATE_HZ}", "data.dataset.validation_fraction=0.2"]
    out = check(monkeypatch, capsys, tmp_path / "set", "--config=dgt_live", *words)
    line = next(line for line in out.splitlines() if line.startswith("latents "))
    with caplog.at_level(logging.INFO):
        folder = train_new(
            tmp_path / "set", tmp_path / "runs", "name=x", *words, *TWO_STEPS,
            "model.latent_dim=auto", "data.loader.validation_windows=2048",
        )  # fmt: skip
    told = next(text for text in caplog.messages if text.startswith("linear models leave"))
    assert line.endswith(told)
    config = OmegaConf.load(folder / "config.yaml")
    assert f"model.latent_dim={config.model.latent_dim}" in told
    caplog.clear()
    with caplog.at_level(logging.INFO):
        resume(folder, "trainer.max_epochs=2")
    assert "linear models leave" not in caplog.text
    assert OmegaConf.load(folder / "config.yaml").model == config.model

    report = json.loads(
        check(monkeypatch, capsys, tmp_path / "set", "--config=dgt_live", *words, "--json")
    )
    assert report["size"]["convergence"].keys() == {"8", "16", "32", "64"}
