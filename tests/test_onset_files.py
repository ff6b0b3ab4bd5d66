"""Files of onsets, ours and others', and the scores of what was found."""

import numpy as np
import pytest

from vschaos2.errors import InputError
from vschaos2.events.onsets import (
    find_times,
    onsets_of,
    read_onsets,
    times_file,
    write_onsets,
)
from vschaos2.events.scores import agreement, average_precision, pooled


def test_what_is_written_is_read_again(tmp_path):
    path = tmp_path / "door.times.csv"
    told = onsets_of([1.25, 0.5], [0.25, 1.0], {"material": ["wood, old", "metal"]})
    write_onsets(path, told)
    again = read_onsets(path)
    assert again.times_s.tolist() == [0.5, 1.25]
    assert again.strengths.tolist() == [1.0, 0.25]
    assert again.labels == {"material": ["metal", "wood, old"]}
    write_onsets(path, again)
    assert path.read_text() == (
        'seconds,strength,material\n0.500000,1.000,metal\n1.250000,0.250,"wood, old"\n'
    )


def test_no_onsets_are_a_file_too(tmp_path):
    write_onsets(tmp_path / "a.times.csv", onsets_of([]))
    assert len(read_onsets(tmp_path / "a.times.csv")) == 0
    (tmp_path / "b.times.csv").write_text("")
    assert len(read_onsets(tmp_path / "b.times.csv")) == 0


@pytest.mark.parametrize(
    "text, times, strengths",
    [
        ("0.5\n0.25\n", [0.25, 0.5], [1, 1]),
        ("times\n0.5\n", [0.5], [1]),
        ("\ufeffseconds;strength\n0.5;0.3\n", [0.5], [0.3]),
        ("strength,seconds\n0.3,0.5\n", [0.5], [0.3]),
        ("# mine\n0.5,0.3\n\n1,7\n", [0.5, 1.0], [0.3, 1.0]),
        ("0.5\t0.25\r\n", [0.5], [0.25]),
        ("seconds;strength\n0,5;0,3\n1;\n1,25\n", [0.5, 1.0, 1.25], [0.3, 1, 1]),
        ("0,512;0,25\n1,5;1\n", [0.512, 1.5], [0.25, 1]),  # decimal commas without a head
        ("0,512\t0,25\n", [0.512], [0.25]),
        ("0,512\n1\n12,25\n", [0.512, 1.0, 12.25], [1, 1, 1]),
        ("seconds\n0,512\n", [0.512], [1]),
        ('"0,512","0,3"\n', [0.512], [0.3]),
        ("2,0\n3,1\n", [2.0, 3.0], [0, 1]),  # whole seconds, and strengths
        ("0.5,0.25,a;b\n", [0.5], [0.25]),
        ("seconds,strength,,\n0.5,0.3,,\n,,,\n1,,,\n,\n", [0.5, 1.0], [0.3, 1.0]),  # spreadsheets
    ],
)
def test_tables_of_others(tmp_path, text, times, strengths):
    path = tmp_path / "x.times.csv"
    path.write_bytes(text.encode())
    found = read_onsets(path)
    assert found.times_s.tolist() == times
    assert found.strengths.tolist() == strengths


def test_annotations_of_the_greatest_hits(tmp_path):
    path = tmp_path / "2015-02-16-16-49-06_times.txt"
    path.write_text("1.50 wood hit static\n3.25 metal scratch deform\n")
    found = read_onsets(path)
    assert found.times_s.tolist() == [1.5, 3.25]
    assert found.labels["material"] == ["wood", "metal"]
    assert found.labels["reaction"] == ["static", "deform"]
    film = tmp_path / "2015-02-16-16-49-06_denoised.mp4"
    assert find_times(film) == path
    told = onsets_of([0.5, 1.25], [0.3, 0.6], {"material": ["old wood", ""], "size": ["1", "2"]})
    write_onsets(path, told)
    assert path.read_text() == "0.500000 old_wood None None\n1.250000 None None None\n"
    again = read_onsets(path)
    assert again.times_s.tolist() == [0.5, 1.25] and again.labels["material"] == ["old_wood", ""]
    assert times_file(tmp_path / "a b.mov").name == "a b.times.csv"
    assert find_times(tmp_path / "other.mp4") is None


@pytest.mark.parametrize(
    "text, told",
    [
        ("seconds\nsoon\n", "line 2: seconds must be a number, got 'soon'"),
        ("seconds\n-1\n", "line 2: seconds must be 0 or more, got -1"),
        ("0.5,loud\n", "line 1: strength must be a number, got 'loud'"),
        ("seconds\nnan\n", "line 2: seconds must be a number"),
        ("seconds\n1,2,3\n", "line 2: has 3 columns, and 1 are named: seconds"),
        ("seconds,x,x\n1,2,3\n", "line 1: two columns are named 'x'"),
        ("time,Seconds,seconds\n1,2,3\n", "line 1: two columns are named 'seconds'"),
        (f"seconds,x\n1,{'x' * 2**18}\n", "line 2: is no row of a table"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path, text, told):
    path = tmp_path / "x.times.csv"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_onsets(path)
    assert told in str(raised.value)


def test_no_table_at_all(tmp_path):
    (tmp_path / "a.times.csv").write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(InputError, match="is no text in UTF-8"):
        read_onsets(tmp_path / "a.times.csv")
    with pytest.raises(InputError, match="cannot read"):
        read_onsets(tmp_path / "none.times.csv")


def test_agreement_pairs_each_once():
    one = agreement([0.0, 0.01, 1.0], [0.005, 2.0], 0.05)
    assert (one.paired, one.found, one.true) == (1, 3, 2)
    assert one.f_measure == pytest.approx(2 / 5)
    # As many pairs as can be, where nearest first would leave one over.
    assert agreement([0.04, 0.12], [0.0, 0.05], 0.07).paired == 2
    assert agreement([], [], 0.05).f_measure == 1.0
    assert agreement([1.05], [1.0], 0.05).errors_s == pytest.approx([0.05])
    both = pooled([one, agreement([5.0], [5.0], 0.05)])
    assert (both.paired, both.found, both.true) == (2, 4, 3)


def test_average_precision_is_not_of_a_balanced_choice():
    chance = np.random.default_rng(1)
    truth = chance.random(20_000) < 0.07
    assert average_precision(truth.astype(float), truth) == 1.0
    assert average_precision(chance.random(20_000), truth) == pytest.approx(0.07, abs=0.01)
    assert average_precision(np.zeros(20_000), truth) == pytest.approx(truth.mean())
    with pytest.raises(ValueError, match="nothing is true"):
        average_precision([0.1], [0])
