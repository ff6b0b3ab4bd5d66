from pathlib import Path

import numpy as np
import pytest

from vschaos2.data.knobs import read_knobs, settings_of
from vschaos2.data.pair_files import Pair
from vschaos2.errors import InputError

WETS = ("wet/riff.wav", "wet/riff@2.wav", "wet/riff@3.wav")


def pairs(*names):
    return [Pair(name, Path("dry.wav"), Path(name)) for name in names]


def tell(root, knob, lines, **tracks):
    folder = root / "metadata" / knob
    (folder / "tracks").mkdir(parents=True)
    (folder / "metadata.txt").write_text(lines)
    for name, text in tracks.items():
        (folder / "tracks" / f"{name}.txt").write_text(text)


def test_values_are_in_the_knobs_own_units(tmp_path):
    tell(tmp_path, "drive", "wet/riff.wav\t0\nwet/riff@2.wav\t-6.5\nwet/riff@3.wav\t30\n")
    (drive,) = read_knobs(tmp_path, pairs(*WETS))
    assert (drive.name, drive.lowest, drive.highest) == ("drive", -6.5, 30.0)
    assert drive.positions == (-6.5, 0.0, 30.0)
    assert [drive.value(name) for name in WETS] == [0.0, -6.5, 30.0]
    assert not any(drive.moves(name) for name in WETS)
    assert drive.at(WETS[1], np.array([0.0, 1e6])).tolist() == [-6.5, -6.5]


def test_knobs_may_move_and_hold_in_the_gaps(tmp_path):
    lines = "wet/riff.wav\t0.5\nwet/riff@2.wav\ttracks/turned.txt\nwet/riff@3.wav\tturned.txt\n"
    tell(tmp_path, "tone", lines, turned="0.5,1\t0.25\n2,3\t0.75\n3,4\tnone\n")
    (tone,) = read_knobs(tmp_path, pairs(*WETS))
    assert tone.moves(WETS[1]) and not tone.moves(WETS[0])
    assert tone.positions == (0.25, 0.5, 0.75) and tone.value(WETS[1]) == 0.25
    moments = np.array([0.0, 0.7, 1.5, 2.0, 3.5, 99.0])
    assert tone.at(WETS[1], moments).tolist() == [0.25, 0.25, 0.25, 0.75, 0.75, 0.75]


def test_a_knob_without_a_value_for_a_pair_is_refused_in_one_line(tmp_path):
    tell(tmp_path, "drive", "wet/riff.wav\t0\nwet/riff@3.wav\tnone\n")
    with pytest.raises(InputError, match="no value of the knob drive for wet/riff@2") as no:
        read_knobs(tmp_path, pairs(*WETS))
    assert "\n" not in str(no.value) and "wet/riff@3.wav: add" in str(no.value)


def test_words_are_no_values(tmp_path):
    tell(tmp_path, "drive", "wet/riff.wav\tloud\n")
    with pytest.raises(InputError, match="line 1"):
        read_knobs(tmp_path, pairs("wet/riff.wav"))


def test_a_folder_that_no_knob_can_be_called_is_refused(tmp_path):
    tell(tmp_path, "2nd drive", "wet/riff.wav\t1\n")
    with pytest.raises(InputError, match="a knob's name is letters"):
        read_knobs(tmp_path, pairs("wet/riff.wav"))


def test_names_tell_settings():
    assert settings_of("G5_T30/G5_T30.riff.target.wav") == {"G": 5.0, "T": 30.0}
    assert settings_of("G5_T30/riff.target.wav") == {"G": 5.0, "T": 30.0}
    assert settings_of("G7.riff.target.wav") == {"G": 7.0}
    assert settings_of("take2/riff.target.wav") == {}
    assert settings_of("riff.target.wav") == {}
    assert settings_of("wet/G5_T30.riff.wav") == {}


def test_names_and_files_complete_each_other(tmp_path):
    """Of what both tell, the file holds."""
    names = ("G5_T3.riff.target.wav", "G7_T4.riff.target.wav")
    tell(tmp_path, "G", "G5_T3.riff.target.wav\t0.5\n")
    gain, tone = read_knobs(tmp_path, pairs(*names))
    assert [gain.value(name) for name in names] == [0.5, 7.0]
    assert (tone.name, tone.positions) == ("T", (3.0, 4.0))


def test_no_knobs_are_no_mistake(tmp_path):
    assert read_knobs(tmp_path, pairs(*WETS)) == []
