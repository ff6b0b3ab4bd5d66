import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf

from vschaos2 import trajectories
from vschaos2.errors import InputError
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.signal_path import Heard, sound_of
from vschaos2.generation import Course, Player, morph, morphing
from vschaos2.generation.alignment import aligned, at_places
from vschaos2.generation.morphing import mixed
from vschaos2.labels.conditioning import Conditioning

RATE, N_FFT, HOP, DIMS = 44100, 512, 128, 4
OVERLAP = N_FFT // HOP


@pytest.fixture
def player(tiny_run):
    return Player(tiny_run)


def write_noise(path, samples, seed=0, silent_from=None):
    noise = 0.1 * np.random.default_rng(seed).standard_normal(samples)
    noise[silent_from:] = 0.0 if silent_from is not None else noise[silent_from:]
    soundfile.write(path, noise, RATE, "FLOAT")
    return path


def read(path):
    return soundfile.read(path, dtype="float32")[0]


def heard_as(latents, labels=None):
    latents = np.asarray(latents, dtype=np.float32)
    count = len(latents)
    labels = np.zeros((count, 0), np.float32) if labels is None else np.float32(labels)
    ones = np.ones(count, np.float32)
    return Heard(latents, labels, np.zeros((count, 0), np.float32), ones, ones, count * HOP)


# --- alignment ---


def frames_of(*counts):
    return [np.zeros((count, DIMS)) for count in counts]


def test_stretched_sounds_begin_and_end_together():
    places = aligned("stretch", frames_of(5, 9))
    np.testing.assert_allclose(places, [np.arange(9) / 2, np.arange(9)])


def test_at_their_own_pace_sounds_end_one_after_the_other():
    np.testing.assert_array_equal(aligned("none", frames_of(2, 4)), [[0, 1, 2, 2], [0, 1, 2, 3]])


def test_loops_begin_again_without_their_tail():
    places = aligned("loop", frames_of(5, 8), loops=2)
    np.testing.assert_array_equal(places, [[0, 1, 2, 0, 1, 2, 0, 1], np.arange(8)])


def test_dtw_finds_a_delayed_copy():
    """The second sound is the first, each of its moments held three times as long."""
    first = np.cumsum(np.random.default_rng(0).standard_normal((30, DIMS)), axis=0)
    places = aligned("dtw", [first, np.repeat(first, 3, axis=0)])
    np.testing.assert_allclose(places[0], np.arange(30))
    np.testing.assert_allclose(places[1], 3 * np.arange(30) + 1)  # the middle of the three


def test_sounds_too_long_for_dtw_are_refused():
    with pytest.raises(InputError, match="9000 × 9000 frames"):
        aligned("dtw", frames_of(9000, 9000))


def test_places_between_frames_are_on_straight_lines():
    values = np.random.default_rng(0).standard_normal((7, 2))
    places = np.array([0.0, 0.25, 5.5, 6.0, 9.0])
    expected = np.stack([np.interp(places, np.arange(7), column) for column in values.T], 1)
    np.testing.assert_allclose(at_places(values, places), expected)
    np.testing.assert_array_equal(at_places(values[:1], places), np.repeat(values[:1], 5, 0))


# --- mixing ---


@pytest.mark.parametrize("curve", ["linear", "slerp"])
def test_a_morph_of_steady_sounds_follows_the_path_through_their_latents(curve):
    points = np.random.default_rng(1).standard_normal((3, DIMS))
    sounds = [heard_as(np.tile(point, (50, 1))) for point in points]
    position = np.linspace(0.0, 1.0, 50)
    places = aligned("stretch", [sound.latents for sound in sounds])
    latents, _, audible = mixed(sounds, places, position, curve, Conditioning())
    path = trajectories.interpolate(DIMS, points=points, method=curve)
    np.testing.assert_allclose(latents, path(position), atol=1e-6)
    np.testing.assert_array_equal(audible, np.ones(50))


def test_slerp_is_linear_where_there_is_no_shortest_way_round():
    a, b = np.eye(DIMS)[0], np.eye(DIMS)[1]
    sounds = [heard_as([a, 0 * a, a]), heard_as([-2 * a, b, b])]
    places = aligned("none", [sound.latents for sound in sounds])
    latents, _, _ = mixed(sounds, places, np.full(3, 0.5), "slerp", Conditioning())
    np.testing.assert_allclose(latents[0], -0.5 * a)
    np.testing.assert_allclose(latents[1], 0.5 * b)
    np.testing.assert_allclose(latents[2], (a + b) / np.sqrt(2))


def test_classes_are_those_of_the_nearer_sound_and_values_go_straight():
    told = Conditioning({"pitch": {"dim": 12}, "bend": {"dim": 1, "embedding": "Float"}})
    sounds = [heard_as(np.ones((5, DIMS)), [[2, -1.0]] * 5)]
    sounds.append(heard_as(np.ones((5, DIMS)), [[7, 1.0]] * 4 + [[7, np.nan]]))
    places = aligned("none", [sound.latents for sound in sounds])
    _, labels, _ = mixed(sounds, places, np.array([0, 0.25, 0.5, 1, 1]), "linear", told)
    np.testing.assert_array_equal(labels[:, 0], [2, 2, 7, 7, 7])
    np.testing.assert_allclose(labels[:, 1], [-1, -0.5, 0, 1, np.nan])


# --- sound ---


def test_a_morph_that_stays_at_an_end_is_that_sound_decoded(player, tmp_path):
    files = [write_noise(tmp_path / f"{name}.wav", 9_000, seed) for seed, name in enumerate("ab")]
    written = morph(player, files, tmp_path, Course(at=[0.0, 0.25, 1.0]))
    names = ["a_to_b_0.wav", "a_to_b_0.25.wav", "a_to_b_1.wav"]
    assert [path.name for path in written] == names
    for file, end in ((files[0], written[0]), (files[1], written[2])):
        latents = player.hear(file).latents
        length = -(-9_000 // HOP) * HOP
        labels = np.zeros((len(latents), 0))
        decoded = np.concatenate(list(sound_of(player.core, latents, labels, 0, length)))
        inner = slice(0, 9_000 - N_FFT)  # at the very end the sound is silent, and faded so
        error = np.linalg.norm(read(end)[inner] - decoded[inner])
        assert error < 1e-4 * np.linalg.norm(decoded[inner])
    assert not np.allclose(read(written[0]), read(written[1]), atol=1e-3)


def test_where_all_sounds_are_silent_so_is_the_morph(player, tmp_path):
    files = [
        write_noise(tmp_path / f"{name}.wav", 12_800, seed, silent_from=6_400)
        for seed, name in enumerate("ab")
    ]
    (file,) = morph(player, files, tmp_path, align="none")
    samples = read(file)
    assert len(samples) == 12_800
    assert np.abs(samples[:6_000]).max() > 1e-3
    assert not samples[6_400 + 2 * N_FFT :].any()


def test_a_morph_in_time_goes_from_the_first_to_the_last(player, tmp_path, monkeypatch):
    """Positions as `mixed` is given them, for every course."""
    files = [write_noise(tmp_path / f"{name}.wav", 6_400, seed) for seed, name in enumerate("abc")]
    np.save(tmp_path / "curve.npy", [1.0, 0.0, 0.5])
    seen = []

    def overheard(sounds, places, position, curve, told):
        seen.append(position)
        return mixed(sounds, places, position, curve, told)

    monkeypatch.setattr(morphing, "mixed", overheard)
    courses = [Course(), Course(ease="smooth"), Course(curve=tmp_path / "curve.npy")]
    for course in courses:
        (file,) = morph(player, files, tmp_path, course)
        assert file.name == "a_to_b_to_c.wav"
        assert len(read(file)) == 6_400
    s = np.linspace(0.0, 1.0, 6_400 // HOP + OVERLAP - 1)
    np.testing.assert_allclose(seen[0], s)
    np.testing.assert_allclose(seen[1], s**2 * (3 - 2 * s))
    np.testing.assert_allclose(seen[2], np.where(s < 0.5, 1 - 2 * s, s - 0.5))


def test_names_of_many_bytes_are_cut_to_what_file_systems_take(player, tmp_path):
    files = [write_noise(tmp_path / f"{name * 60}.wav", 1_000) for name in "ドア"]
    (file,) = morph(player, files, tmp_path, Course(at=[0.25]))
    assert file.is_file() and file.name.startswith("ド" * 60)


@pytest.mark.parametrize("align", ["stretch", "loop", "none"])
def test_a_morph_is_as_long_as_the_longest_sound(player, tmp_path, align):
    files = [write_noise(tmp_path / "a.wav", 3_000), write_noise(tmp_path / "b.wav", 7_000)]
    (file,) = morph(player, files, tmp_path, align=align)
    assert len(read(file)) == -(-7_000 // HOP) * HOP


def test_labels_given_to_the_player_count_in_a_morph(tiny_run, tmp_path):
    from vschaos2.families.vae.build import build_model
    from vschaos2.runs.folder import Run

    config = OmegaConf.create(OmegaConf.to_container(tiny_run.config))
    config.model.conditioning = {"pitch": {"dim": 3}}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
    run = Run(tiny_run.folder, config, model, Kept(tiny_run.kept.latents, {}), {})
    files = [write_noise(tmp_path / f"{name}.wav", 6_000, seed) for seed, name in enumerate("ab")]
    sounds = []
    for value in ("0", "2"):
        (file,) = morph(Player(run, words=["pitch", value]), files, tmp_path / value)
        sounds.append(read(file))
    assert not np.allclose(*sounds, atol=1e-4)


def test_mistakes_are_told_in_one_line(player, tmp_path):
    a = write_noise(tmp_path / "a.wav", 3_000)
    np.save(tmp_path / "high.npy", [0.0, 2.0])
    cases = [
        (lambda: morph(player, [a], tmp_path), "at least two sounds, got 1"),
        (lambda: morph(player, [a, tmp_path / "no.wav"], tmp_path), "no.wav: no such file"),
        (lambda: morph(player, [a, tmp_path], tmp_path), f"{tmp_path}: is a folder: give sound"),
        (lambda: morph(player, [a, a], tmp_path, curve="round"), "curve must be one of slerp"),
        (lambda: morph(player, [a, a], tmp_path, align="warp"), "align must be one of stretch"),
        (lambda: Course(at=[0.5, 1.5]), r"from 0 \(first sound\) to 1 \(last\), got 1.5"),
        (lambda: Course(ease="bounce"), "ease must be one of linear, in"),
        (
            lambda: morph(player, [a, a], tmp_path, Course(curve=tmp_path / "high.npy")),
            "high.npy: must be positions from 0 to 1",
        ),
    ]
    for mistake, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            mistake()
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "morphs").exists()
