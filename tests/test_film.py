"""Films: pictures by their time stamps, sound from time 0, new sound beside untouched pictures."""

import hashlib
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vschaos2.errors import InputError
from vschaos2.film import opening
from vschaos2.film.frames import even_frames, facts_of, frame_chunks, timed_frames
from vschaos2.film.muxing import check_copied, muxed
from vschaos2.film.opening import UnreadableFilm
from vschaos2.film.sound import has_sound, rate_of, sound_pieces
from vschaos2.film.write import write_film

av = pytest.importorskip("av")
ROOT = Path(__file__).resolve().parent.parent
HZ = 48_000
SIDE = 64


def read_sound(path, sample_rate_hz):
    """All of a film's sound, [T]."""
    return np.concatenate(list(sound_pieces(path, sample_rate_hz)))


def square(x: float, y: float = 8.0) -> np.ndarray:
    """A white square of 16 points on black, its left upper corner at (x, y)."""
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[round(y) : round(y) + 16, round(x) : round(x) + 16] = 255
    return picture


def moving(times_s: np.ndarray) -> list[np.ndarray]:
    """A square that moves right by 20 points a second."""
    return [square(4 + 20 * t) for t in times_s]


def corner(picture: np.ndarray) -> tuple[float, float]:
    """Left upper corner of what is white, in points of 64."""
    where = np.argwhere(picture > 127) * SIDE / len(picture)
    down, right = where.min(0)
    return right, down


def click(place: int, length: int = HZ) -> np.ndarray:
    """Nearly nothing, and a click that begins at a sample."""
    sound = np.zeros(length, np.float32)
    t = np.arange(400) / HZ
    sound[place : place + 400] = 0.5 * np.sin(2 * np.pi * 1000 * t) * np.exp(-t / 0.002)
    return sound


def place_of(sound: np.ndarray, clicked: np.ndarray) -> int:
    """By how many samples a sound is later than another one."""
    size = len(sound) + len(clicked)
    spectra = np.fft.rfft(sound, size) * np.fft.rfft(clicked, size).conj()
    lag = int(np.argmax(np.fft.irfft(spectra, size)))
    return lag - size if lag > size // 2 else lag


def packets(path: Path) -> str:
    with av.open(str(path)) as film:
        content = b"".join(bytes(packet) for packet in film.demux(video=0))
    return hashlib.blake2b(content).hexdigest()


EVEN_S = np.arange(45) / 30
UNEVEN_S = np.cumsum(np.random.default_rng(3).uniform(0.02, 0.06, 45)) - 0.02


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize("times_s", [EVEN_S, UNEVEN_S - UNEVEN_S[0]], ids=["even", "uneven"])
def test_pictures_come_at_their_moments(tmp_path, name, times_s):
    path = tmp_path / name
    write_film(path, moving(times_s), times_s)
    found = list(timed_frames(path, 64))
    np.testing.assert_allclose([t for t, _ in found], times_s, atol=0.00051)
    for (time_s, picture), _ in zip(found, times_s, strict=True):
        assert corner(picture)[0] == pytest.approx(4 + 20 * time_s, abs=1.01)
        assert picture.shape == (64, 64) and picture.min() < 10 and picture.max() > 245
    facts = facts_of(path)
    assert (facts.width, facts.height, facts.sound_rate_hz) == (64, 64, 0)
    assert facts.duration_s == pytest.approx(times_s[-1] + 1 / 30, abs=0.05)


def test_at_even_moments_stands_what_is_on_the_screen(tmp_path):
    path = tmp_path / "a.mp4"
    times_s = np.array([0.0, 0.1, 0.13, 0.5, 0.55])
    write_film(path, [square(8 * n) for n in range(5)], times_s)
    shown = [round(corner(p)[0] / 8) for p in even_frames(path, 20, 64)]
    # At 0, .05, .1, …, .55: the last one whose moment has come; the end lasts as the one before.
    assert shown == [0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4]
    chunks = list(frame_chunks(path, 20, 64, frames=5))
    assert [len(chunk) for chunk in chunks] == [5, 5, 2]
    np.testing.assert_array_equal(np.concatenate(chunks), list(even_frames(path, 20, 64)))


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_a_turned_film_stands_upright(tmp_path, rotation):
    path = tmp_path / "a.mp4"
    write_film(path, [square(0, 0)] * 3, EVEN_S[:3], rotation=rotation)
    (_, picture), *_ = timed_frames(path, 64)
    due = {0: (0, 0), 90: (0, 48), 180: (48, 48), -90: (48, 0)}[rotation]
    assert corner(picture) == pytest.approx(due, abs=1.0)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize("start_s", [0.0, 0.25])
def test_sound_is_heard_at_its_moment(tmp_path, name, start_s):
    path, sound = tmp_path / name, click(20_000)
    write_film(path, moving(EVEN_S), EVEN_S, sound, HZ, sound_start_s=start_s)
    found = read_sound(path, HZ)
    assert abs(place_of(found, sound) - start_s * HZ) <= (48 if name == "a.mkv" else 1)
    assert has_sound(path) and rate_of(path) == facts_of(path).sound_rate_hz == HZ


def test_time_begins_with_what_comes_first(tmp_path):
    """A film whose sound begins a quarter of a second before its pictures."""
    path, sound = tmp_path / "a.mp4", click(20_000)
    write_film(path, moving(EVEN_S), EVEN_S + 0.25, sound, HZ)
    assert next(iter(timed_frames(path, 64)))[0] == pytest.approx(0.25, abs=0.001)
    assert abs(place_of(read_sound(path, HZ), sound)) <= 1
    first = [corner(p)[0] for p in even_frames(path, 20, 64)]
    assert first[:6] == [first[0]] * 6 and first[7] > first[5]
    # The same where both begin late: players leave out what comes before.
    late = tmp_path / "late.mkv"
    write_film(late, moving(EVEN_S), EVEN_S + 1.0, sound, HZ, sound_start_s=0.75)
    assert next(iter(timed_frames(late, 64)))[0] == pytest.approx(0.25, abs=0.001)
    assert abs(place_of(read_sound(late, HZ), sound)) <= 48


def test_channels_are_mixed_or_kept(tmp_path):
    path = tmp_path / "a.mkv"
    stereo = np.stack((click(9000), click(9000) * 0.5), 1)
    write_film(path, moving(EVEN_S), EVEN_S, stereo, HZ)
    np.testing.assert_allclose(read_sound(path, HZ)[:HZ], stereo.mean(1), atol=1e-6)
    kept = np.concatenate(list(sound_pieces(path, HZ, mixed=False)))
    np.testing.assert_allclose(kept[:HZ], stereo, atol=1e-6)
    assert len(read_sound(path, 24_000)) == pytest.approx(len(kept) / 2, abs=2)


@pytest.mark.parametrize("ends", ["a.mp4 b.mp4", "a.mkv b.mkv", "a.mkv b.mp4", "a.mp4 b.mov"])
def test_new_sound_stands_beside_untouched_pictures(tmp_path, ends):
    path, out = (tmp_path / name for name in ends.split())
    old, new = click(20_000), click(31_000, HZ + 9000)
    write_film(path, moving(UNEVEN_S), UNEVEN_S, old, HZ, sound_start_s=0.25, rotation=90)
    muxed(path, new, HZ, out)
    assert packets(out) == packets(path)
    before, after = list(timed_frames(path, 64)), list(timed_frames(out, 64))
    np.testing.assert_allclose([t for t, _ in after], [t for t, _ in before], atol=0.001)
    np.testing.assert_array_equal([p for _, p in after], [p for _, p in before])
    heard = read_sound(out, HZ)
    assert abs(place_of(heard, new)) <= 1 and len(heard) >= len(new)
    np.testing.assert_allclose(heard[: len(new)], new, atol=0.03)


def test_sound_may_come_in_blocks_and_in_two_channels(tmp_path):
    path, out = tmp_path / "a.mp4", tmp_path / "b.mkv"
    write_film(path, moving(EVEN_S), EVEN_S)
    new = np.stack((click(100), click(40_000)), 1)
    muxed(path, (new[n : n + 1234] for n in range(0, len(new), 1234)), HZ, out)
    heard = np.concatenate(list(sound_pieces(out, HZ, mixed=False)))
    np.testing.assert_allclose(heard, new, atol=1e-6)


def test_a_film_appears_whole_or_not_at_all(tmp_path):
    path, out = tmp_path / "a.mp4", tmp_path / "b.mp4"
    write_film(path, moving(EVEN_S), EVEN_S)
    out.write_bytes(b"mine")

    def broken():
        yield click(0)
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"b\.mp4: No space left|the disk is full"):
        muxed(path, broken(), HZ, out)
    assert out.read_bytes() == b"mine"
    assert {each.name for each in tmp_path.iterdir()} == {"a.mp4", "b.mp4"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"out": "b.wav"}, "end its name in .mp4, .m4v, .mov, .mkv"),
        ({"out": "a.mp4"}, "is the film itself"),
        ({"sound": np.zeros((9, 3), np.float32)}, "has 3 channels: give 1 or 2"),
        ({"out": "none/b.mp4"}, "cannot write"),
        ({"film": "none.mp4"}, "cannot be opened"),
        ({"sample_rate_hz": 12_345}, "cannot write"),
    ],
)
def test_what_cannot_be_muxed_is_told_in_a_line(tmp_path, words, told):
    write_film(tmp_path / "a.mp4", moving(EVEN_S[:4]), EVEN_S[:4])
    given = {"film": "a.mp4", "out": "b.mp4", "sound": click(0), "sample_rate_hz": HZ, **words}
    for key in ("film", "out"):
        given[key] = tmp_path / given[key]
    with pytest.raises(InputError, match=told) as raised:
        muxed(**given)
    assert "\n" not in str(raised.value)
    assert {each.name for each in tmp_path.iterdir()} == {"a.mp4"}


def test_pictures_that_no_container_takes_are_told_before_the_work(tmp_path):
    film, out = tmp_path / "a.gif", tmp_path / "a.mkv"
    with av.open(str(film), "w") as container:
        stream = container.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "rgb8"
        for grey in (20, 200):
            picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), grey, np.uint8))
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    for work in (lambda: check_copied(film, out), lambda: muxed(film, click(0), HZ, out)):
        with pytest.raises(InputError, match=r"a\.gif: its pictures \(gif\) cannot be copied"):
            work()
    assert {each.name for each in tmp_path.iterdir()} == {"a.gif"}
    write_film(tmp_path / "b.mp4", moving(EVEN_S[:4]), EVEN_S[:4])
    check_copied(tmp_path / "b.mp4", tmp_path / "c.mp4")


def damaged(folder: Path) -> dict[str, Path]:
    """Films that cannot be used, by what is wrong with them."""
    whole = folder / "whole.mp4"
    write_film(whole, moving(np.arange(150) / 30), np.arange(150) / 30, click(0, 5 * HZ), HZ)
    content = whole.read_bytes()
    found = {name: folder / f"{name}.mp4" for name in ("text", "empty", "no_end", "hole", "list")}
    found["text"].write_text("no film " * 100)
    found["empty"].write_bytes(b"")
    found["no_end"].write_bytes(content[: len(content) // 2])  # its table stood behind
    first, last = content.index(b"mdat") + 4, content.index(b"moov") - 4
    begin, end = first + (last - first) // 4, first + 3 * (last - first) // 4
    found["hole"].write_bytes(content[:begin] + bytes(end - begin) + content[end:])
    found["list"].write_text("ffconcat version 1.0\nfile whole.mp4\n")
    found["folder"] = folder / "folder.mp4"
    found["folder"].mkdir()
    found["sound"] = folder / "sound.mp4"
    with av.open(str(found["sound"]), "w") as only_sound:
        stream = only_sound.add_stream("aac", rate=HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(click(0)[None], format="fltp", layout="mono")
        frame.sample_rate = HZ
        only_sound.mux([*stream.encode(frame), *stream.encode(None)])
    return found


def test_what_is_no_film_is_told_in_a_line(tmp_path, capfd):
    told = {
        "text": "is no film that can be read",
        "empty": "is no film that can be read",
        "no_end": "is no film that can be read",
        "hole": "its picture cannot be decoded|it is cut off|no picture that can be decoded",
        "list": "is no film that can be read",
        "folder": "is no plain file",
        "sound": "has no picture",
    }
    for name, path in damaged(tmp_path).items():
        with pytest.raises(InputError, match=told[name]) as raised:
            list(timed_frames(path, 32))
        assert str(path) in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(UnreadableFilm, match="has no sound"):
        write_film(tmp_path / "mute.mp4", moving(EVEN_S[:4]), EVEN_S[:4])
        read_sound(tmp_path / "mute.mp4", HZ)
    with pytest.raises(InputError, match="there are no pictures"):
        write_film(tmp_path / "b.mp4", [], [])
    out, err = capfd.readouterr()
    assert out == err == ""  # libav itself says nothing


def test_a_film_that_was_cut_off_is_told(tmp_path):
    """One whose table stands before its pictures, as of films to be streamed."""
    write_film(tmp_path / "whole.mp4", moving(np.arange(150) / 30), np.arange(150) / 30)
    early = tmp_path / "early.mp4"
    with (
        av.open(str(tmp_path / "whole.mp4")) as film,
        av.open(str(early), "w", options={"movflags": "faststart"}) as other,
    ):
        copy = other.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.size:
                packet.stream = copy
                other.mux(packet)
    content = early.read_bytes()
    early.write_bytes(content[: content.index(b"mdat") + (len(content) * 2) // 5])
    with pytest.raises(UnreadableFilm, match=r"cut off|cannot be decoded") as raised:
        list(timed_frames(early, 32))
    assert "\n" not in str(raised.value)


def test_without_pyav_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(
        opening, "import_module", lambda name: (_ for _ in ()).throw(ModuleNotFoundError(name=name))
    )
    with pytest.raises(InputError, match=r"av is not installed.*requirements-video\.txt"):
        facts_of(Path("a.mp4"))


def test_nothing_loads_pyav_but_a_film():
    code = (
        "import sys, vschaos2.film.muxing, vschaos2.generation.onsets;"
        "assert 'av' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_long_film_is_read_and_muxed_in_bounded_memory(tmp_path):
    """Ten minutes: its pictures of 320 by 240 alone would be 1.4 GB."""
    path, out = tmp_path / "long.mp4", tmp_path / "out.mkv"
    one, two = np.zeros((240, 320), np.uint8), np.full((240, 320), 200, np.uint8)
    count, rate_hz = 6000, 10
    write_film(
        path, (one if n % 100 else two for n in range(count)), (n / rate_hz for n in range(count))
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bright = sum(int((chunk[:, 0, 0] > 100).sum()) for chunk in frame_chunks(path, rate_hz, 32))
    assert bright == count / 100
    blocks = (np.zeros(8000, np.float32) for _ in range(600))
    muxed(path, blocks, 8000, out)
    assert facts_of(out).duration_s == pytest.approx(600, abs=0.5)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < 100  # MB
