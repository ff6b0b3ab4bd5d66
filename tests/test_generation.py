import copy
import math
import shutil
import sys

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf

import generate
from vschaos2.errors import InputError
from vschaos2.families.vae import signal_path
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.signal_path import hear, resampled, sound_of, through, under_gain
from vschaos2.generation import (
    PathOptions,
    Player,
    offline_core,
    play_latents,
    play_paths,
    reconstruct,
)
from vschaos2.generation.latent_files import read_latents, write_latents
from vschaos2.generation.player import faded
from vschaos2.nets.distributions import Normal
from vschaos2.runs.folder import Run

RATE, N_FFT, HOP, DIMS = 44100, 512, 128, 4


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """0.3 s of noise that swells, at the model's rate."""
    path = tmp_path_factory.mktemp("sounds") / "swell.wav"
    samples = np.random.default_rng(0).standard_normal(13_001) * np.linspace(0.01, 0.2, 13_001)
    soundfile.write(path, samples, RATE, "FLOAT")
    return path


@pytest.fixture
def player(tiny_run):
    return Player(tiny_run)


def read(path):
    return soundfile.read(path, dtype="float32")[0]


def relative_error(estimate, reference):
    """Sums in another order differ in their last bits, which phase recovery makes larger."""
    return np.linalg.norm(estimate - reference) / np.linalg.norm(reference)


def command(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["generate.py", *map(str, arguments)])
    generate.main()


# --- latents left to chance ---


def test_noise_on_latents_is_of_its_deviation_and_draws_are_the_posteriors(tiny_model):
    core = offline_core(tiny_model, "keep_input")
    posterior = Normal(torch.ones(20_000, 4), torch.full((20_000, 4), 0.5))
    assert torch.equal(core.drawn(posterior), posterior.mean)
    for jitter, temperature, deviation in ((2.0, 0.0, 2.0), (0.0, 1.0, 0.5), (1.2, 1.0, 1.3)):
        core.jitter = jitter
        core.set_temperature(temperature)
        drawn = core.drawn(posterior)
        assert float(drawn.mean()) == pytest.approx(1.0, abs=0.05)
        assert float(drawn.std()) == pytest.approx(deviation, rel=0.02)


def test_reconstructions_are_shaken_as_asked_and_the_same_each_time(
    tiny_run_folder, sound, tmp_path, monkeypatch
):
    def made(*arguments):
        out = tmp_path / "_".join(arguments)
        command(
            monkeypatch,
            *("reconstruct", tiny_run_folder, "--files", sound, "--out", out, *arguments),
        )
        (path,) = (out / "reconstructions").iterdir()
        return path.name, read(path)

    still = made()
    assert still[0] == "swell.wav" == made("--sample-latent", "0")[0]
    assert made("--sample-latent")[0] == "swell.wav"
    assert made("--jitter", "0.5")[0] == "swell_jitter=0.5.wav"
    np.testing.assert_array_equal(made("--jitter", "0")[1], still[1])
    ways = [("--sample-latent",), ("--jitter", "0.5"), ("--jitter", "0.5", "--seed", "1")]
    sounds = [still[1], *(made(*way)[1] for way in ways)]
    for i, one in enumerate(sounds):
        assert all(not np.array_equal(one, other) for other in sounds[:i])
    np.testing.assert_array_equal(made("--jitter", "0.5")[1], sounds[2])
    with pytest.raises(InputError, match="jitter must be a number from 0 to 100, got -1"):
        made("--jitter", "-1")


def test_runs_are_found_in_a_rundir_by_name(tiny_run_folder, sound, tmp_path, monkeypatch):
    rundir, told = tiny_run_folder.parent.parent, ("--files", sound, "--out", tmp_path)
    command(monkeypatch, "reconstruct", rundir, *told)
    command(monkeypatch, "reconstruct", rundir, "-n", "tiny", "-v", 0, *told)
    command(monkeypatch, "reconstruct", tiny_run_folder, "-n", "tiny", *told)
    with pytest.raises(InputError, match="no run 'tinny', did you mean 'tiny'"):
        command(monkeypatch, "reconstruct", rundir, "-n", "tinny", *told)
    with pytest.raises(InputError, match="is one run: leave -n other out"):
        command(monkeypatch, "reconstruct", tiny_run_folder, "-n", "other", *told)


def test_files_that_begin_with_a_dash_are_files(tiny_run_folder, sound, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(sound, "-dash.wav")
    shutil.copy(sound, "-n.wav")  # begins as an option does
    files = ("--files", "-dash.wav", "-n.wav")
    command(monkeypatch, "reconstruct", tiny_run_folder, *files, "-v", "0")
    names = {path.name for path in (tmp_path / "reconstructions").iterdir()}
    assert names == {"-dash.wav", "-n.wav"}


def test_a_texture_is_asked_for_by_name(tiny_run_folder, sound, tmp_path, monkeypatch):
    def made(*options: object) -> np.ndarray:
        told = ("--files", sound, "--out", tmp_path, "--inversion", "eco", *options)
        command(monkeypatch, "reconstruct", tiny_run_folder, *told)
        (path,) = (tmp_path / "reconstructions").iterdir()
        return soundfile.read(path)[0]

    plain = made()
    np.testing.assert_array_equal(made("--texture", "0"), plain)
    assert not np.array_equal(made("--texture", "1"), plain)
    with pytest.raises(InputError, match=r"--texture must be a number from 0 to 1, got 1\.5"):
        made("--texture", "1.5")


# --- blocks ---


@pytest.mark.parametrize("inversion", ["keep_input", "balanced", "live"])
def test_a_file_in_blocks_equals_the_file_at_once(tiny_model, sound, inversion, monkeypatch):
    core = offline_core(tiny_model, inversion)
    padded = np.pad(read(sound), (0, -13_001 % HOP + 8 * HOP))
    delay = core.forward_delay()
    with torch.inference_mode():
        whole = core(torch.from_numpy(padded)[None, None])[0, 0, delay:].numpy()
    monkeypatch.setattr(signal_path, "BLOCK_FRAMES", 32)  # a refinement group is 32 frames
    blocks = np.concatenate(list(through(core, sound, None)))
    assert len(blocks) >= 13_001
    # Refined groups hold other frames in the last one, which silence follows in both.
    same = slice(0, 13_001 - 32 * HOP)
    assert relative_error(blocks[same], whole[: len(blocks)][same]) < 1e-4


def test_resampling_in_blocks_equals_resampling_at_once():
    samples = np.random.default_rng(1).standard_normal(10_000).astype(np.float32)
    parts = np.split(samples, [1, 700, 701, 6000])
    whole = np.concatenate(list(resampled(iter([samples]), 44100, 48000)))
    blocks = np.concatenate(list(resampled(iter(parts), 44100, 48000)))
    np.testing.assert_array_equal(blocks, whole)


@pytest.mark.parametrize("inversion", ["random", "balanced", "hq"])
def test_a_path_in_blocks_equals_the_path_at_once(tiny_model, inversion, monkeypatch):
    core = offline_core(tiny_model, inversion)
    latents, labels = np.random.default_rng(0).standard_normal((100, DIMS)), np.zeros((100, 0))
    whole = np.concatenate(list(sound_of(core, latents, labels, 5, 9_999)))
    monkeypatch.setattr(signal_path, "BLOCK_FRAMES", 32)
    blocks = np.concatenate(list(sound_of(core, latents, labels, 5, 9_999)))
    assert len(whole) == 9_999
    assert relative_error(blocks, whole) < 1e-4


def test_hearing_is_encoding_every_frame(tiny_model, sound, monkeypatch):
    """The oracle: the model on all frames of the padded sound, framed by the transform."""
    monkeypatch.setattr(signal_path, "BLOCK_FRAMES", 10)
    heard = hear(offline_core(tiny_model, "eco"), sound)
    padded = np.pad(read(sound), (N_FFT - HOP, N_FFT - HOP + -13_001 % HOP))
    magnitude = tiny_model.transform.analyse(torch.from_numpy(padded)[None])[0].abs()
    latents = tiny_model.encode(tiny_model.transform.to_frames(magnitude)).mean
    np.testing.assert_allclose(heard.latents, latents.numpy(), atol=1e-5)
    assert heard.length == 13_001 + -13_001 % HOP
    full_scale = float(tiny_model.transform.window.sum()) / 2
    np.testing.assert_allclose(heard.level, magnitude.amax(1).numpy() / full_scale, rtol=1e-5)


def test_level_of_a_full_scale_sine_is_one(tiny_model, tmp_path):
    path = tmp_path / "sine.wav"
    bin_hz = RATE / N_FFT
    soundfile.write(path, np.sin(2 * np.pi * 20 * bin_hz * np.arange(8192) / RATE), RATE, "FLOAT")
    heard = hear(offline_core(tiny_model, "eco"), path)
    np.testing.assert_allclose(heard.level[4:-8], 1.0, atol=2e-3)


def test_a_gain_goes_in_straight_lines():
    blocks = iter([np.ones(3, np.float32), np.ones(7, np.float32)])
    gained = np.concatenate(list(under_gain(blocks, np.array([2.0, 6.0]), np.array([0.0, 1.0]))))
    np.testing.assert_allclose(gained, [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1])


def test_fades_are_raised_cosines_that_mirror_each_other():
    blocks = iter([np.ones(5, np.float32), np.ones(15, np.float32)])
    gain = np.concatenate(list(faded(blocks, 20, 4)))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(4) + 0.5) / 4)
    np.testing.assert_allclose(gain, [*rise, *np.ones(12), *rise[::-1]], atol=1e-6)


# --- paths ---


def test_a_path_is_heard_when_it_is_drawn(tiny_run, tmp_path):
    """The level steps within a hop of where the path does, and lasts steps · hop samples."""
    player = Player(tiny_run, inversion="random")
    centre = player.axes.centre

    def distance(latent, labels=None):
        return (latent - centre).norm(dim=1, keepdim=True).expand(-1, N_FFT // 2 + 1)

    player.core.magnitude = distance  # as loud as the point is far from the middle
    points = np.zeros((100, DIMS))
    points[40:, 0] = 2.0
    player.write(tmp_path / "step.wav", points)
    samples = read(tmp_path / "step.wav")
    assert len(samples) == 100 * HOP
    level = np.sqrt(np.square(samples).reshape(-1, HOP).mean(1))
    assert level[:37].max() == 0.0
    assert level[43:99].min() > 0.5 * level[43:99].max()
    assert abs(int(np.argmax(level > level[43:99].mean() / 2)) - 40) <= 1


def test_steps_at_another_rate_last_as_long(tiny_run, tmp_path):
    (file, *_) = play_paths(Player(tiny_run, sample_rate_hz=32_000), ["sin"], tmp_path, 1, 64)
    assert soundfile.info(file).samplerate == 32_000
    assert soundfile.info(file).frames == round(64 * HOP * 32_000 / RATE)


def test_a_sine_path_obeys_its_recurrence(player, tmp_path):
    """Samples of a sine: x(n+1) + x(n-1) = 2 cos(2π f / rate) x(n), in each axis its own f."""
    hertz = [0.5, 1.0, 2.0, 5.0]
    options = PathOptions(seed=3, amplitude=0.8, frequency=hertz)
    play_paths(player, ["sin"], tmp_path, 1, 400, options)
    x = np.load(tmp_path / "trajectories" / "sin_0.npy").astype(float) - player.middle
    factor = 2 * np.cos(2 * np.pi * np.array(hertz) * HOP / RATE)
    np.testing.assert_allclose(x[2:] + x[:-2], factor * x[1:-1], atol=1e-6)
    assert np.abs(x[:, 3]).max() == pytest.approx(0.8, abs=1e-2)


def test_a_line_runs_once_from_end_to_end_through_a_typical_sound(player, tmp_path):
    play_paths(player, ["line"], tmp_path, 1, 101, PathOptions(amplitude=0.5))
    x = np.load(tmp_path / "trajectories" / "line_0.npy")
    np.testing.assert_allclose(x, np.linspace(x[0], x[-1], 101), atol=1e-6)
    assert np.linalg.norm(x[-1] - x[0]) == pytest.approx(math.sqrt(DIMS), rel=1e-5)
    np.testing.assert_allclose(x[50], player.middle, atol=1e-6)


@pytest.mark.parametrize("kind", ["point", "line", "interpolate"])
def test_paths_that_go_to_sounds_go_to_none_that_is_silent(tiny_run, tmp_path, kind: str):
    """Of a model whose every other window is silence."""
    run = tiny_run._replace(model=copy.deepcopy(tiny_run.model))
    player = Player(run, inversion="eco")
    count = len(player.windows.points)
    levels = torch.where(torch.arange(count) % 2 == 0, 0.0, -60.0)
    measures = torch.stack((levels, *torch.zeros(3, count)), 1)
    player.windows = player.windows._replace(measures=measures)
    play_paths(player, [kind], tmp_path, 8, 100)
    loud, silent = player.windows.points[::2], player.windows.points[1::2]
    for path in (tmp_path / "trajectories").glob("*.npy"):
        for end in np.load(path)[[0, -1]]:
            near, far = (np.abs(of.numpy() - end).max(1).min() for of in (loud, silent))
            assert near < 1e-4 < far


def test_interpolation_starts_and_ends_at_training_sounds(player, tiny_run, tmp_path):
    play_paths(player, ["interpolate"], tmp_path, 1, 200)
    x = np.load(tmp_path / "trajectories" / "interpolate_0.npy")
    axes = player.axes
    known = ((tiny_run.kept.latents - axes.centre) @ axes.to_axes).numpy()
    for end in (x[0], x[-1]):
        assert np.abs(known - end).max(1).min() < 1e-4


def test_paths_start_from_the_mean_latent_of_a_sound(player, sound, tmp_path):
    options = PathOptions(amplitude=0.0)
    play_paths(player, ["point"], tmp_path, 1, 5, options, origin=sound)
    x = np.load(tmp_path / "trajectories" / "point_0.npy")
    heard = hear(offline_core(player.run.model, "eco"), sound)
    mean = heard.latents[heard.audible > 0].mean(0)
    axes = player.axes
    expected = ((torch.from_numpy(mean) - axes.centre) @ axes.to_axes).numpy()
    np.testing.assert_allclose(x, np.tile(expected, (5, 1)), atol=1e-4)


def test_examples_differ_and_seeds_repeat(player, tmp_path):
    kinds = ["sin", "random", "circle", "uniform", "brownian", "ellipse", "lissajous", "spiral"]
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        play_paths(player, kinds, tmp_path / name, 2, 32, PathOptions(seed=seed))
    for kind in kinds:
        a, b, c = (
            [np.load(tmp_path / name / "trajectories" / f"{kind}_{i}.npy") for i in (0, 1)]
            for name in "abc"
        )
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], c[0])  # example i takes seed + i
        assert not np.allclose(a[0], a[1])


def test_a_saved_path_plays_as_it_did(player, tmp_path):
    (file,) = play_paths(player, ["random"], tmp_path, 1, 40)
    (again,) = play_latents(player, [file.with_suffix(".npy")], tmp_path / "again")
    assert again == tmp_path / "again" / "trajectories" / "random_0.wav"
    np.testing.assert_array_equal(read(file), read(again))


def test_projections_play_the_same_point_in_their_own_coordinates(tiny_run, tmp_path):
    z = tiny_run.kept.latents[7]
    sounds = []
    for projection in ("pca", "ica", "none"):
        player = Player(tiny_run, projection)
        point = ((z - player.axes.centre) @ player.axes.to_axes).numpy()
        player.write(tmp_path / "p.wav", np.tile(point, (30, 1)))
        sounds.append(np.abs(np.fft.rfft(read(tmp_path / "p.wav"))))
    for other in sounds[1:]:
        assert np.linalg.norm(other - sounds[0]) < 0.02 * np.linalg.norm(sounds[0])


@pytest.mark.parametrize("content", [np.zeros((5, DIMS + 1)), np.zeros(DIMS), np.zeros((0, DIMS))])
def test_paths_of_another_shape_are_refused(tmp_path, content):
    np.save(tmp_path / "x.npy", content)
    with pytest.raises(InputError, match=r"must be \[steps, 4\], got"):
        read_latents(tmp_path / "x.npy", DIMS)


def test_files_that_hold_no_path_are_refused_unopened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    np.save(tmp_path / "bomb.npy", np.array([[Bomb()] * DIMS]), allow_pickle=True)
    np.save(tmp_path / "nan.npy", np.array([[0.0] * DIMS, [np.nan] * DIMS]))
    np.save(tmp_path / "complex.npy", np.ones((3, DIMS)) * 1j)
    np.savez(tmp_path / "many.npy.npz", a=np.zeros((3, DIMS)))
    (tmp_path / "text.npy").write_text("no array")
    cases = [
        ("bomb.npy", "no .npy array of numbers"),
        ("nan.npy", "step 1 is not finite"),
        ("complex.npy", "real numbers"),
        ("many.npy.npz", "no .npy array"),
        ("text.npy", "no .npy array"),
        ("missing.npy", "no .npy array"),
    ]
    for name, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            read_latents(tmp_path / name, DIMS)
        assert "\n" not in str(caught.value)


def test_nothing_half_written_is_left_behind(player, tmp_path, monkeypatch):
    """Ctrl-C in the middle of the second path."""

    def cut(core, latents, labels, skip, length, whole=sound_of, calls=[]):  # noqa: B006
        calls.append(1)
        blocks = whole(core, latents, labels, skip, length)
        yield next(blocks)
        if len(calls) == 2:
            raise KeyboardInterrupt
        yield from blocks

    monkeypatch.setattr("vschaos2.generation.player.sound_of", cut)
    with pytest.raises(KeyboardInterrupt):
        play_paths(player, ["sin"], tmp_path, 3, 600)
    left = sorted(path.name for path in (tmp_path / "trajectories").iterdir())
    assert left == ["sin_0.npy", "sin_0.wav"]


def test_latents_are_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "x.npy").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_latents(tmp_path / "x.npy", np.zeros((2, DIMS)))
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_a_label_that_nobody_gives_is_told(tiny_run, caplog):
    config = OmegaConf.create(OmegaConf.to_container(tiny_run.config))
    config.model.conditioning = {"pitch": {"dim": 3}}
    from vschaos2.families.vae.build import build_model

    model = build_model(config).eval()
    run = Run(
        tiny_run.folder, config, model, Kept(tiny_run.kept.latents, {"pitch": ["C", "D", "E"]}), {}
    )
    Player(run).tell_of_labels()
    assert "pitch is not given, C is played: choose with --meta pitch VALUE" in caplog.text
    caplog.clear()
    Player(run, words=["pitch", "D"]).tell_of_labels()
    assert caplog.text == ""


# --- the program ---


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trajectories", "cirle"], "no trajectory is called 'cirle': did you mean 'circle'"),
        (["--trajectories", "sin", "-b", "0"], "examples (-b) must be a whole number from 1"),
        (["--trajectories", "sin", "-b", "9" * 12], "(-b) must be a whole number from 1 to 10000"),
        (["--trajectories", "sin", "-s", "0"], "steps (-s) must be a whole number from 1 to "),
        (["--trajectories", "sin", "-s", "9" * 12], "steps (-s) must be a whole number from 1 to "),
        (["--trajectories", "sin", "--seed", "-1"], "seed must be at least 0"),
        (["--trajectories", "sin", "--frequency", "-2"], "frequency must be 0 Hz or more"),
        (["--trajectories", "sin", "--frequency", "1", "2"], "frequency must be 1 or 4 numbers"),
        (["--trajectories", "sin", "--amplitude", "nan"], "amplitude must be within ±100, got nan"),
        (["--trajectories", "sin", "--sr", "3"], "sample rate must be at least 1000 Hz, got 3"),
        (["--trajectories", "sin", "--inversion", "keep_input"], "inversion must be one of"),
        (["--trajectories", "sin", "--projection", "umap"], "projection must be one of"),
        (["--trajectories", "sin", "--from", "/no.wav"], "/no.wav: cannot be opened"),
        (["--latents", "/no.npy"], "/no.npy: is no .npy array"),
        (["--latents", "/no.npy", "--amplitude", "2"], "leave --from, --amplitude"),
    ],
)
def test_mistakes_are_told_in_one_line(tiny_run_folder, tmp_path, monkeypatch, arguments, message):
    with pytest.raises(InputError) as caught:
        command(monkeypatch, "trajectories", tiny_run_folder, "--out", tmp_path / "out", *arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_program_plays_every_kind(tiny_run_folder, tmp_path, monkeypatch):
    from vschaos2.trajectories import KINDS

    command(
        monkeypatch,
        *("trajectories", tiny_run_folder.parent, "-v", "0", "--trajectories", *KINDS),
        *("--sr", 22050, "-b", 1, "-s", 40, "--out", tmp_path),
    )
    names = {path.name for path in (tmp_path / "trajectories").iterdir()}
    assert names == {f"{kind}_0.{ending}" for kind in KINDS for ending in ("wav", "npy")}


def test_reconstruct_keeps_its_defaults(tiny_run_folder, sound, tmp_path, tiny_model, monkeypatch):
    command(monkeypatch, "reconstruct", tiny_run_folder, "--files", sound, "--out", tmp_path / "a")
    (file,) = reconstruct(tiny_model, [sound], tmp_path / "b")
    written = read(tmp_path / "a" / "reconstructions" / "swell.wav")
    np.testing.assert_array_equal(written, read(file))
    assert len(written) == 13_001
