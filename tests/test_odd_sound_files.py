"""Files that others made: cut off, joined, streamed, tagged, damaged, or no sound at all."""

import io
import logging
import os
import tracemalloc

import numpy as np
import pytest
import soundfile

from vschaos2.audio import (
    SoundReader,
    UnreadableAudio,
    find_audio_files,
    length_at,
    read_audio,
    read_blocks,
)
from vschaos2.data.cache import open_cache
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.signal_path import check_choices
from vschaos2.files import write_whole

RATE = 44_100
SINE = (0.5 * np.sin(np.arange(RATE) * 0.05)).astype(np.float32)


def encoded(samples=SINE, rate_hz=RATE, **options):
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **options)
    return bytearray(file.getvalue())


def kept(folder, name, content):
    (folder / name).write_bytes(content)
    return folder / name


def loud_by_turns(seconds):
    n = np.arange(seconds * RATE)
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, len(n))
    return np.where(n // RATE % 2, 0.9, 0.001) * (0.5 * np.sin(n * 0.05) + noise)


def variable_mp3(samples):
    file = io.BytesIO()
    options = {"bitrate_mode": "VARIABLE", "compression_level": 0.2}
    with soundfile.SoundFile(file, "w", RATE, 1, "MPEG_LAYER_III", format="MP3", **options) as mp3:
        mp3.write(samples)
    return file.getvalue()


def native_lines(capfd):
    return capfd.readouterr().err


# --- MPEG ---


def test_variable_mp3_without_a_table_is_read_to_its_end_in_every_way(tmp_path, capfd):
    samples = loud_by_turns(20)
    with_table = variable_mp3(samples)
    whole = read_audio(kept(tmp_path, "table.mp3", with_table), RATE)
    assert len(whole) == len(samples)
    path = kept(tmp_path, "bare.mp3", with_table[417:])
    bare = read_audio(path, RATE)
    # Without the table's word on delay and padding: every frame of 1,152 samples.
    assert len(bare) == -(-(len(samples) + 1105) // 1152) * 1152
    np.testing.assert_allclose(bare[1105:][: len(whole)], whole, atol=1e-6)
    assert length_at(path, RATE) == len(bare)
    np.testing.assert_array_equal(np.concatenate(list(read_blocks(path, RATE, 1000))), bare)
    with SoundReader(path) as sound:
        small = np.concatenate(list(sound.blocks(777)))[:, 0]
    np.testing.assert_array_equal(small, bare)
    assert native_lines(capfd) == ""


def test_whole_and_blocks_of_a_table_mp3_equal_one_read_without_seeking(tmp_path):
    content = variable_mp3(loud_by_turns(8))
    expected, _ = soundfile.read(io.BytesIO(content), dtype="float32")
    with SoundReader(kept(tmp_path, "a.mp3", content)) as sound:
        heard = np.concatenate(list(sound.blocks(2**15)))[:, 0]
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_recordings_joined_end_to_end_are_all_read(tmp_path, capfd):
    for name, content in (
        ("a.mp3", encoded(format="MP3")),
        ("a.ogg", encoded(format="OGG")),
        ("a.opus", encoded(SINE, 48_000, format="OGG", subtype="OPUS")),
    ):
        rate_hz = 48_000 if name == "a.opus" else RATE
        one = read_audio(kept(tmp_path, name, content), rate_hz)
        assert len(one) == RATE
        three = read_audio(kept(tmp_path, name, content * 3), rate_hz)
        np.testing.assert_array_equal(three, np.tile(one, 3))
    assert native_lines(capfd) == ""


def test_mp3_frames_are_found_whatever_surrounds_them(tmp_path, capfd):
    mp3 = bytes(encoded(format="MP3"))
    expected = read_audio(kept(tmp_path, "plain.mp3", mp3), RATE)
    tag = b"ID3\x03\x00\x00" + bytes([0, 0, 1, 0]) + b"\xff\xfb\x90\x00" * 32
    footed = b"ID3\x04\x00\x10" + bytes([0, 0, 0, 8]) + bytes(8) + b"3DI" + bytes(7)
    too_long = b"ID3\x03\x00\x00" + bytes([0x7F] * 4) + b"abc"
    ape = b"APETAGEX" + bytes(24)
    for content in (
        tag + mp3,
        footed + mp3,
        tag + footed + mp3,
        too_long + mp3,
        b"ID3\x03\x00\x00" + bytes([0, 0, 0, 3]) + b"and more" + mp3,
        mp3 + ape + b"TAG" + bytes(125),
        bytes(5000) + mp3 + bytes(5000),
    ):
        np.testing.assert_array_equal(read_audio(kept(tmp_path, "a.mp3", content), RATE), expected)
    assert len(read_audio(kept(tmp_path, "cut.mp3", mp3[:-500]), RATE)) > 40_000
    # Garbage in the midst costs the frame it hits, and nothing after it.
    half = len(mp3) // 2
    assert len(read_audio(kept(tmp_path, "b.mp3", mp3[:half] + b"?" * 99 + mp3[half:]), RATE)) > (
        len(expected) - 3 * 1152
    )
    assert native_lines(capfd) == ""


def test_what_is_no_mp3_never_reaches_the_decoder(tmp_path, capfd):
    page = kept(tmp_path, "page.mp3", b"<!DOCTYPE html><html>404</html>" * 99)
    with pytest.raises(UnreadableAudio, match="no sound is found in it"):
        read_audio(page, RATE)
    np.testing.assert_array_equal(
        read_audio(kept(tmp_path, "wave.mp3", encoded(format="WAV", subtype="FLOAT")), RATE), SINE
    )
    assert native_lines(capfd) == ""


# --- lengths ---


def test_lengths_that_are_not_told_are_found(tmp_path):
    flac = encoded(format="FLAC")
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    assert len(read_audio(kept(tmp_path, "a.flac", flac), RATE)) == RATE
    expected = read_audio(kept(tmp_path, "a.wav", encoded(format="WAV")), RATE)
    for name, container, chunk, size_bytes, numbers in (
        ("a.wav", "WAV", b"data", 4, (0, 2**32 - 1)),
        ("a.rf64", "RF64", b"ds64", 0, ()),
        ("a.aiff", "AIFF", b"SSND", 4, (0,)),
        ("a.caf", "CAF", b"data\x00\x00", 8, (0, 2**64 - 1)),
    ):
        content = encoded(format=container, subtype="PCM_16")
        at = content.rfind(chunk, 0, 5000) + 4
        if container == "RF64":
            content[at + 12 : at + 20] = bytes(8)  # the size of the data, in "ds64"
        for number in numbers:
            content[at : at + size_bytes] = number.to_bytes(size_bytes, "big")
            content[4:8] = bytes(4) if container in ("WAV", "AIFF") else content[4:8]
            np.testing.assert_array_equal(read_audio(kept(tmp_path, name, content), RATE), expected)
        np.testing.assert_array_equal(read_audio(kept(tmp_path, name, content), RATE), expected)
    au = encoded(format="AU", subtype="PCM_16")
    au[8:12] = bytes(4)
    np.testing.assert_array_equal(read_audio(kept(tmp_path, "a.au", au), RATE), expected)


def test_a_wave_file_that_is_empty_stays_so(tmp_path):
    empty = encoded(np.zeros(0), format="WAV")
    for more in (b"", b"LIST\x04\x00\x00\x00INFO"):
        with pytest.raises(UnreadableAudio, match="holds no samples"):
            read_audio(kept(tmp_path, "a.wav", empty + more), RATE)


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 44_101, 48_000, 96_000])
def test_length_is_that_of_the_samples_whatever_the_rate(tmp_path, rate_hz):
    path = kept(tmp_path, "a.wav", encoded(SINE[:30_011], rate_hz, format="WAV"))
    assert length_at(path, RATE) == len(read_audio(path, RATE))


# --- claims ---


@pytest.mark.parametrize("rate_hz", [0, 1, 2, 10, 999, 1_500_001, 2**31 - 1])
def test_rates_that_no_sound_has_are_refused(tmp_path, rate_hz):
    wave = encoded(format="WAV")
    wave[24:28] = rate_hz.to_bytes(4, "little")
    with pytest.raises(UnreadableAudio, match=r"none of sound|cannot be decoded"):
        read_audio(kept(tmp_path, "a.wav", wave), RATE)


def test_widely_different_rates_take_no_more_memory(tmp_path):
    slow = kept(tmp_path, "slow.wav", encoded(SINE[:12_000], 1000, format="WAV"))
    tracemalloc.start()
    total = sum(len(block) for block in read_blocks(slow, 1_500_000, 4096))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 1500 * 12_000
    assert peak_bytes < 24e6  # all of it are 72 MB


def test_many_channels_and_eight_bits_are_read(tmp_path):
    wide = np.tile(SINE[:1000, None], 32)
    path = kept(tmp_path, "wide.wav", encoded(wide, format="WAV", subtype="FLOAT"))
    np.testing.assert_allclose(read_audio(path, RATE), SINE[:1000], atol=1e-7)
    eight = kept(tmp_path, "eight.wav", encoded(format="WAV", subtype="PCM_U8"))
    np.testing.assert_allclose(read_audio(eight, RATE), SINE, atol=1 / 127)
    none = encoded(format="WAV")
    none[22:24] = bytes(2)
    with pytest.raises(UnreadableAudio, match="cannot be decoded"):
        read_audio(kept(tmp_path, "none.wav", none), RATE)


def test_joined_recordings_of_different_formats_are_refused(tmp_path):
    two = encoded(format="OGG") + encoded(np.stack([SINE, SINE], 1), format="OGG")
    with pytest.raises(UnreadableAudio, match="1 channels, then 44100 Hz, 2 channels"):
        read_audio(kept(tmp_path, "a.ogg", two), RATE)


def test_rates_that_are_asked_for_have_an_end(tmp_path):
    check_choices("offline", ("offline",), 1_500_000)
    with pytest.raises(InputError, match="at most 1500000 Hz, got 1000000000"):
        check_choices("offline", ("offline",), 10**9)
    with pytest.raises(InputError, match="from 1 to 1500000 Hz, got 1500001"):
        open_cache(tmp_path, 1_500_001)
    with pytest.raises(ValueError, match="from 1 to 1500000, got 1500001"):
        SpectralTransform(sample_rate_hz=1_500_001)
    assert list(tmp_path.iterdir()) == []


# --- levels ---


@pytest.mark.parametrize("value", [128.0, -32_768.0, 3e28, -1e30])
def test_samples_beyond_any_scale_make_a_file_unreadable(tmp_path, value):
    samples = np.stack([SINE, SINE], 1)
    samples[11_025, 1] = value
    path = kept(tmp_path, "a.wav", encoded(samples, format="WAV", subtype="FLOAT"))
    with pytest.raises(UnreadableAudio, match=r"at 0\.250 s, where full scale is 1"):
        read_audio(path, RATE)


def test_what_cancels_in_the_mix_is_absurd_still(tmp_path):
    samples = 1e30 * np.stack([SINE, -SINE], 1)
    path = kept(tmp_path, "a.wav", encoded(samples, format="WAV", subtype="FLOAT"))
    with pytest.raises(UnreadableAudio, match="full scale is 1"):
        read_audio(path, RATE)


def test_silence_in_all_but_name_becomes_silence(tmp_path):
    for peak in (1e-38, 1e-42, 2.0**-33):
        path = kept(tmp_path, "a.wav", encoded(peak * SINE, format="WAV", subtype="FLOAT"))
        assert not read_audio(path, RATE).any()
    step = kept(tmp_path, "b.wav", encoded(2.0**-31 * np.ones(9), format="WAV", subtype="FLOAT"))
    np.testing.assert_array_equal(read_audio(step, RATE), np.full(9, 2.0**-31, np.float32))


# --- names ---


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_names_that_are_no_utf8_are_read(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    try:
        path.write_bytes(encoded(format="WAV", subtype="FLOAT"))
    except OSError:
        pytest.skip("this file system has no such names")
    assert find_audio_files(tmp_path) == [path]
    np.testing.assert_array_equal(read_audio(path, RATE), SINE)


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_line_ends_in_names_and_pipes_are_skipped_and_named(tmp_path, caplog):
    good = kept(tmp_path, "good.wav", b"x")
    kept(tmp_path, "two\nlines.wav", b"x")
    (tmp_path / "folder\r").mkdir()
    kept(tmp_path / "folder\r", "a.wav", b"x")
    os.mkfifo(tmp_path / "pipe.wav")
    with caplog.at_level(logging.WARNING):
        assert find_audio_files(tmp_path) == [good]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3 and not any("\n" in line or "\r" in line for line in lines)
    assert all(any(name in line for line in lines) for name in ("two\\n", "folder\\r", "pipe.wav"))


@pytest.mark.skipif(os.name == "nt", reason="no pipes there")
def test_pipes_devices_and_folders_are_no_sound_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", tmp_path, type(tmp_path)("/dev/zero")):
        with pytest.raises(UnreadableAudio, match="no file"):
            read_audio(path, RATE)


def test_links_to_elsewhere_come_with_the_way_to_use_them(tmp_path, caplog):
    sound = kept(tmp_path, "a.wav", b"x")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.wav").symlink_to(sound)
    with caplog.at_level(logging.WARNING):
        assert find_audio_files(tmp_path / "links") == []
    assert "cp -rL" in caplog.records[-1].getMessage()


def test_lists_of_files_keep_names_that_are_no_utf8(tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    write_whole(tmp_path / "list.txt", f"{name}\n")
    assert (tmp_path / "list.txt").read_text("utf-8", "surrogateescape") == f"{name}\n"
