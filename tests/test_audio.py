import logging
import tracemalloc

import numpy as np
import pytest
import soundfile
import soxr

from vschaos2.audio import (
    AUDIO_EXTENSIONS,
    AudioWriter,
    UnreadableAudio,
    find_audio_files,
    length_at,
    read_audio,
    read_blocks,
    write_audio,
)
from vschaos2.errors import InputError


def noise(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-0.9, 0.9, shape).astype(np.float32)


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


# --- find ---


def test_files_are_found_at_every_depth_in_path_order_and_any_case(tmp_path):
    expected = [
        touch(tmp_path / name)
        for name in ("B.WAV", "a/z.flac", "a0/x.Aiff", "c/d/e/f.mp3", "c.ogg")
    ]
    for name in ("notes.txt", ".hidden.wav", "._b.wav", ".vschaos2/c.wav", "a/.trash/d.wav", "wav"):
        touch(tmp_path / name)
    (tmp_path / "folder.wav").mkdir()
    found = find_audio_files(tmp_path)
    assert found == sorted(expected, key=lambda path: path.as_posix())
    assert len(found) == 5


def test_links_are_followed_only_inside_the_folder(tmp_path, caplog):
    inner = touch(tmp_path / "root" / "a.wav")
    outer = touch(tmp_path / "elsewhere" / "secret.wav")
    root = tmp_path / "root"
    (root / "alias.wav").symlink_to(inner)
    (root / "escape.wav").symlink_to(outer)
    (root / "up").symlink_to(outer.parent)
    (root / "cycle").symlink_to(root)
    (root / "dangling.wav").symlink_to(root / "nothing.wav")
    (root / "self.wav").symlink_to(root / "self.wav")
    with caplog.at_level(logging.WARNING):
        assert find_audio_files(root) == [inner, root / "alias.wav"]
    named = " ".join(record.getMessage() for record in caplog.records)
    assert all(name in named for name in ("escape.wav", "up", "dangling.wav", "self.wav"))
    assert "cycle" not in named and "alias" not in named


def test_a_linked_root_is_searched(tmp_path):
    file = touch(tmp_path / "disk" / "a.wav")
    (tmp_path / "link").symlink_to(file.parent)
    assert find_audio_files(tmp_path / "link") == [tmp_path / "link" / "a.wav"]


def test_missing_folder_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such folder"):
        find_audio_files(tmp_path / "nowhere")


# --- read ---


@pytest.mark.parametrize(
    ("extension", "container", "subtype"),
    [
        ("wav", "WAV", "FLOAT"),
        ("wav", "WAV", "PCM_16"),
        ("flac", "FLAC", "PCM_24"),
        ("aiff", "AIFF", "PCM_24"),
        ("au", "AU", "PCM_16"),
        ("ogg", "OGG", "VORBIS"),
        ("mp3", "MP3", "MPEG_LAYER_III"),
        ("caf", "CAF", "FLOAT"),
        ("w64", "W64", "PCM_24"),
        ("rf64", "RF64", "FLOAT"),
    ],
)
def test_formats_read_like_soundfile(tmp_path, extension, container, subtype):
    path = tmp_path / f"a.{extension}"
    soundfile.write(path, noise(5000, 2), 44100, subtype=subtype, format=container)
    expected, _ = soundfile.read(path, dtype="float32", always_2d=True)
    assert f".{extension}" in AUDIO_EXTENSIONS
    np.testing.assert_allclose(read_audio(path, 44100), expected.mean(axis=1), atol=1e-7)


def test_opus_is_read(tmp_path):
    path = tmp_path / "a.opus"
    soundfile.write(path, noise(48000), 48000, format="OGG", subtype="OPUS")
    assert len(read_audio(path, 48000)) == 48000


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_mono_is_the_mean_of_the_channels(tmp_path, channels):
    samples = noise(300_000, channels)  # longer than one decoded piece for every channel count
    soundfile.write(tmp_path / "a.wav", samples, 44100, subtype="FLOAT")
    mono = read_audio(tmp_path / "a.wav", 44100)
    assert mono.dtype == np.float32 and mono.shape == (300_000,)
    np.testing.assert_allclose(mono, samples.astype(np.float64).mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("rate_hz", [8000, 22050, 48000, 96000])
def test_resampling_equals_soxr_on_the_whole(tmp_path, rate_hz):
    samples = noise(400_001)
    soundfile.write(tmp_path / "a.wav", samples, rate_hz, subtype="FLOAT")
    expected = soxr.resample(samples, rate_hz, 44100, "HQ")
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav", 44100), expected, atol=1e-6)


def test_resampled_sine_keeps_frequency_and_amplitude(tmp_path):
    seconds = np.arange(2 * 48000) / 48000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 997 * seconds), 48000, "FLOAT")
    mono = read_audio(tmp_path / "a.wav", 44100)
    assert len(mono) == 2 * 44100
    middle = slice(4410, -4410)
    expected = 0.5 * np.sin(2 * np.pi * 997 * np.arange(2 * 44100) / 44100)
    np.testing.assert_allclose(mono[middle], expected[middle], atol=2e-5)


@pytest.mark.parametrize("rate_hz", [44100, 48000])
@pytest.mark.parametrize("block_samples", [1000, 4096, 262_144, 10**7])
def test_blocks_join_to_the_whole(tmp_path, rate_hz, block_samples):
    soundfile.write(tmp_path / "a.wav", noise(300_000, 2), rate_hz, subtype="FLOAT")
    blocks = list(read_blocks(tmp_path / "a.wav", 44100, block_samples))
    assert all(len(block) == block_samples for block in blocks[:-1])
    assert 0 < len(blocks[-1]) <= block_samples
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(tmp_path / "a.wav", 44100))


def test_one_sample_is_a_signal(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(1), 44100, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", 44100), noise(1))


def test_long_file_streams_in_bounded_memory(tmp_path):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 48000, 8, "PCM_16") as file:
        for seed in range(6):
            file.write(noise(480_000, 8, seed=seed))  # 60 s of 8 channels: 92 MB as float32
    tracemalloc.start()
    total = sum(len(block) for block in read_blocks(tmp_path / "a.wav", 44100, 65536))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 60 * 44100
    assert peak_bytes < 8e6


# --- refuse ---


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_audio(path, 44100)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message


def test_unusable_files_are_named_with_their_reason(tmp_path):
    (tmp_path / "nothing.wav").write_bytes(b"")
    (tmp_path / "text.flac").write_text("not audio")
    soundfile.write(tmp_path / "silent.wav", np.zeros(0), 44100)
    assert "is empty (0 bytes)" in refusal(tmp_path / "nothing.wav")
    assert "cannot be decoded" in refusal(tmp_path / "text.flac")
    assert "holds no samples" in refusal(tmp_path / "silent.wav")
    assert "No such file" in refusal(tmp_path / "missing.wav")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_samples_are_refused_with_their_time(tmp_path, bad):
    samples = noise(441_000, 2)
    samples[330_750, 1] = bad
    soundfile.write(tmp_path / "a.wav", samples, 44100, subtype="FLOAT")
    assert "non-finite sample at 7.500 s" in refusal(tmp_path / "a.wav")


def test_impossible_rates_and_blocks_are_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", noise(10), 44100)
    with pytest.raises(InputError, match=r"sample_rate_hz must be a whole number .*, got 0"):
        read_audio(tmp_path / "a.wav", 0)
    with pytest.raises(InputError, match="block_samples must be at least 1, got 0"):
        next(read_blocks(tmp_path / "a.wav", 44100, 0))


# --- write ---


@pytest.mark.parametrize("shape", [(1000,), (1000, 1), (1000, 2)])
def test_written_samples_come_back_unclipped(tmp_path, shape):
    samples = 3.0 * noise(*shape)
    write_audio(tmp_path / "new" / "a.wav", samples, 48000)
    back, rate_hz = soundfile.read(tmp_path / "new" / "a.wav", dtype="float32")
    assert rate_hz == 48000
    np.testing.assert_array_equal(back, samples.squeeze() if shape[-1] == 1 else samples)
    assert list((tmp_path / "new").iterdir()) == [tmp_path / "new" / "a.wav"]


def test_writer_joins_its_blocks_and_shows_nothing_before_the_end(tmp_path):
    samples = noise(5000)
    with AudioWriter(tmp_path / "a.wav", 44100) as writer:
        for start in range(0, 5000, 700):
            writer.write(samples[start : start + 700])
            assert not (tmp_path / "a.wav").exists()
            assert find_audio_files(tmp_path) == []
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", 44100), samples)


def test_failure_leaves_the_file_that_was_there(tmp_path):
    write_audio(tmp_path / "a.wav", noise(100), 44100)

    def fail_half_way():
        with AudioWriter(tmp_path / "a.wav", 44100) as writer:
            writer.write(noise(50, seed=1))
            raise RuntimeError("model failed")

    with pytest.raises(RuntimeError, match="model failed"):
        fail_half_way()
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", 44100), noise(100))
    assert list(tmp_path.iterdir()) == [tmp_path / "a.wav"]


def test_writer_refuses_what_it_cannot_write(tmp_path):
    with pytest.raises(InputError, match=r"end its name in \.wav"):
        write_audio(tmp_path / "a.mp3", noise(10), 44100)
    with pytest.raises(ValueError, match="not finite"):
        write_audio(tmp_path / "a.wav", np.array([0.0, np.nan]), 44100)
    with AudioWriter(tmp_path / "b.wav", 44100) as writer, pytest.raises(ValueError, match="10, 2"):
        writer.write(noise(10, 2))
    touch(tmp_path / "file")
    with pytest.raises(InputError, match="choose a folder"):
        write_audio(tmp_path / "file" / "a.wav", noise(10), 44100)
    assert not (tmp_path / "a.wav").exists()


def test_writer_stops_before_a_wav_header_overflows(tmp_path, monkeypatch):
    monkeypatch.setattr("vschaos2.audio.write.WAV_BYTES", 4000)
    write_audio(tmp_path / "a.wav", noise(1000), 44100)
    with pytest.raises(InputError, match="4 GB"):
        write_audio(tmp_path / "b.wav", noise(1001), 44100)


def test_length_at_another_rate(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros((48_001, 2)), 48_000)
    assert length_at(tmp_path / "a.wav", 48_000) == 48_001
    assert length_at(tmp_path / "a.wav", 44_100) == round(48_001 * 44_100 / 48_000)
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    with pytest.raises(UnreadableAudio, match="cannot be decoded"):
        length_at(tmp_path / "b.wav", 44_100)
