import logging
import os
import pickle
import unicodedata

import numpy as np
import pytest

from vschaos2.data.cache import CachedFile, SampleCache
from vschaos2.data.dataset import WindowBatches, WindowReader
from vschaos2.errors import InputError
from vschaos2.labels import lists
from vschaos2.labels.metadata import load_metadata
from vschaos2.labels.tracks import SegmentTable, agreement_s, completed, flatten

FILES = ["data/a.wav", "data/b c.wav", "data/sub/d.wav", "data/unlabelled.wav"]
NAN = float("nan")


def write_task(root, task, lines, classes=None, tracks=None):
    """A task's folder; texts are written as they are."""
    folder = root / "metadata" / task
    (folder / "tracks").mkdir(parents=True, exist_ok=True)
    content = lines if isinstance(lines, bytes) else lines.encode()
    (folder / "metadata.txt").write_bytes(content)
    if classes is not None:
        (folder / "classes.txt").write_text(classes)
    for name, text in (tracks or {}).items():
        (folder / "tracks" / name).parent.mkdir(exist_ok=True)
        (folder / "tracks" / name).write_bytes(text.encode())
    return folder


def labels_of(root, task="task", seconds=0.5, **options):
    """The labels of all FILES at one moment."""
    metadata = load_metadata(root, FILES, **options)
    return ask(metadata, task, range(len(FILES)), [seconds] * len(FILES))


def ask(metadata, task, files, seconds):
    values = metadata.at(np.array(files, np.int64), np.array(seconds, np.float64))[task]
    assert values.dtype == np.float32
    return values.tolist()


def same(values, expected):
    return np.array_equal(np.array(values), np.array(expected, np.float32), equal_nan=True)


def holding(segments, moment):
    """Oracle: the rule in words, segment by segment."""
    covering = [s for s in segments if s[0] <= moment < s[1]]
    ending = [s for s in segments if s[1] == moment]
    found = NAN
    latest = -np.inf
    for onset, _, value in covering or ending:
        if onset >= latest:
            latest, found = onset, value
    return found


# --- one value for a recording ---


def test_values_belong_to_whole_recordings_and_unnamed_ones_are_unknown(tmp_path):
    write_task(tmp_path, "task", "data/a.wav\t3\ndata/sub/d.wav\t0\ndata/b c.wav\tnone\n")
    for seconds in (0.0, 0.7, 1e6):
        assert same(labels_of(tmp_path, seconds=seconds), [3, NAN, 0, NAN])


def test_text_may_come_from_any_editor(tmp_path):
    lines = (
        b"\xef\xbb\xbf# instruments\r\n\r\n  data/a.wav \t 3 \t\t\r\n   \t \n"
        b"data/b c.wav\tflute\t# a guess\r./data//sub/d.wav\t1 # sure\n#data/unlabelled.wav\t1"
    )
    write_task(
        tmp_path, "task", lines, classes="\ufeff1\tclarinet\r\n\r\n# none\n3\toboe\t\n7\tflute"
    )
    assert same(labels_of(tmp_path), [3, 7, 1, NAN])


def test_backslashes_and_decomposed_accents_name_the_same_file(tmp_path):
    files = ["data/" + unicodedata.normalize("NFD", "flûte.wav"), "data/b.wav"]
    lines = "data\\b.wav\t2\ndata/" + unicodedata.normalize("NFC", "flûte.wav") + "\t1\n"
    write_task(tmp_path, "task", lines)
    metadata = load_metadata(tmp_path, files)
    assert same(ask(metadata, "task", [0, 1], [0, 0]), [1, 2])


def test_class_names_stand_for_their_indices_and_numbers_for_themselves(tmp_path):
    lines = "data/a.wav\tC#\ndata/b c.wav\t4\ndata/sub/d.wav\t5\n"
    write_task(tmp_path, "task", lines, classes="4\t5\n5\tC#\n")
    metadata = load_metadata(tmp_path, FILES)
    assert same(ask(metadata, "task", range(4), [0] * 4), [5, 4, 5, NAN])
    assert metadata.class_names == {"task": ["0", "1", "2", "3", "5", "C#"]}
    assert metadata.n_classes == {"task": 6}


def test_classes_are_counted_from_values_where_no_classes_file_is(tmp_path):
    tracks = {"a.txt": "0,1\t2\n1,2\t11\n"}
    write_task(tmp_path, "seen", "data/a.wav\ta.txt\ndata/b c.wav\t4\n", tracks=tracks)
    write_task(tmp_path, "elsewhere", "data/a.wav\t1\ndata/not_in_use.wav\t7\n")
    write_task(tmp_path, "empty", "data/a.wav\tnone\n")
    metadata = load_metadata(tmp_path, FILES)
    assert metadata.tasks == ["elsewhere", "empty", "seen"]
    assert metadata.n_classes == {"seen": 12, "elsewhere": 8, "empty": 0}
    assert metadata.class_names == {"seen": None, "elsewhere": None, "empty": None}


def test_continuous_tasks_are_read_as_float_when_asked(tmp_path):
    lines = "data/a.wav\t-0.25\ndata/b c.wav\t1e3\ndata/sub/d.wav\tnan\n"
    write_task(tmp_path, "task", lines)
    metadata = load_metadata(tmp_path, FILES, callbacks={"task": {"type": "float"}})
    assert same(ask(metadata, "task", range(4), [0] * 4), [-0.25, 1000, NAN, NAN])
    assert metadata.n_classes == {"task": None} and metadata.kinds == {"task": "float"}


def test_the_same_line_twice_is_one_line(tmp_path):
    write_task(tmp_path, "task", "data/a.wav\t1\n./data/a.wav\t1\n")
    assert same(labels_of(tmp_path), [1, NAN, NAN, NAN])


def test_lines_about_recordings_not_in_use_are_left_aside(tmp_path):
    lines = "data/gone.wav\ttracks/gone.txt\ndata/gone_too.wav\t4\ndata/a.wav\t1\n"
    write_task(tmp_path, "task", lines)
    assert same(labels_of(tmp_path), [1, NAN, NAN, NAN])


def test_a_task_that_names_no_recording_in_use_is_told(tmp_path, caplog):
    write_task(tmp_path, "task", "a.wav\t1\n")
    with caplog.at_level(logging.WARNING):
        assert same(labels_of(tmp_path), [NAN] * 4)
    assert "none of the 4 recordings" in caplog.text and "data/a.wav" in caplog.text


def test_a_dataset_without_metadata_has_no_tasks(tmp_path):
    metadata = load_metadata(tmp_path, FILES)
    assert metadata.tasks == []
    assert metadata.at(np.array([0]), np.array([0.0])) == {}


# --- tracks ---


def test_a_track_is_named_with_or_without_its_folder(tmp_path):
    lines = "data/a.wav\ttracks/one.txt\ndata/b c.wav\tone.txt\ndata/sub/d.wav\ttracks\\deep\\two\n"
    tracks = {"one.txt": "0,1\t5\n", "deep/two": "0,1\t6\n"}
    write_task(tmp_path, "task", lines, tracks=tracks)
    assert same(labels_of(tmp_path), [5, 5, 6, NAN])


@pytest.mark.parametrize(
    "line", ["0.5,1.5\t3", "0.5, 1.5\t3", " .5 ,15e-1 \t 3\t", "0.5\t1.5\t3", "0.5,1.5\t3\t# sure"]
)
def test_onset_and_offset_are_read_in_every_form(tmp_path, line):
    tracks = {"a.txt": f"\ufeff# seconds\r\n\r\n{line}\r\n"}
    write_task(tmp_path, "task", "data/a.wav\ta.txt\n", tracks=tracks)
    metadata = load_metadata(tmp_path, FILES)
    moments = [0.0, 0.499, 0.5, 1.0, 1.499, 1.501]
    assert same(ask(metadata, "task", [0] * 6, moments), [NAN, NAN, 3, 3, 3, NAN])


def test_ties_gaps_and_the_last_moment(tmp_path):
    tracks = {"a.txt": "0,1\t1\n1,2\t2\n3,4\tnone\n4,inf\t4\n"}
    write_task(tmp_path, "task", "data/a.wav\ta.txt\n", tracks=tracks)
    metadata = load_metadata(tmp_path, FILES)
    expected = {0: 1, 0.999: 1, 1: 2, 2: 2, 2.001: NAN, 3: NAN, 3.5: NAN, 4: 4, 9e9: 4}
    assert same(ask(metadata, "task", [0] * 9, list(expected)), list(expected.values()))


def test_the_later_onset_holds_where_segments_overlap_and_then_the_earlier_again(tmp_path):
    tracks = {"a.txt": "2,3\t3\n0,10\t1\n1,4\t2\n2,2.5\t5\n"}
    write_task(tmp_path, "task", "data/a.wav\ta.txt\n", tracks=tracks)
    metadata = load_metadata(tmp_path, FILES)
    expected = {0.5: 1, 1.5: 2, 2: 5, 2.4: 5, 2.5: 3, 2.9: 3, 3: 2, 4: 1, 9: 1, 10: 1, 10.5: NAN}
    assert same(ask(metadata, "task", [0] * 11, list(expected)), list(expected.values()))


def test_the_table_agrees_with_the_rule_on_random_segments():
    rng = np.random.default_rng(4)
    tracks = {}
    for number in (0, 2, 3, 7):
        onsets = rng.integers(0, 12, rng.integers(1, 12)) / 4  # a coarse grid: many ties
        lengths = rng.integers(1, 8, len(onsets)) / 4
        values = np.where(rng.random(len(onsets)) < 0.2, NAN, rng.integers(0, 9, len(onsets)))
        tracks[number] = np.stack((onsets, onsets + lengths, values), axis=1)
    table = SegmentTable(tracks)
    files, moments = np.meshgrid(np.arange(9), np.arange(-1, 50) / 8)
    asked = np.stack((files.ravel(), moments.ravel()), axis=1)
    rng.shuffle(asked)
    expected = [holding(tracks.get(int(n), np.zeros((0, 3))), t) for n, t in asked]
    got = table.at(asked[:, 0].astype(np.int64), asked[:, 1])
    assert same(got, expected)
    assert 0.2 < np.isnan(expected).mean() < 0.9
    for track in tracks.values():
        pieces = flatten(track)
        assert (pieces[1:, 0] >= pieces[:-1, 1]).all() and (pieces[:, 0] < pieces[:, 1]).all()


def test_a_completed_track_says_what_it_said_and_else_what_the_other_says():
    rng = np.random.default_rng(1)
    moments = np.linspace(-0.5, 6.5, 141) + 0.01
    for _ in range(50):
        track, other = (
            np.array([
                (onset, onset + rng.choice([0.5, 1, 2.5]), rng.choice([1, 2, 3, NAN]))
                for onset in rng.choice(np.arange(0, 5, 0.5), rng.integers(4))
            ]).reshape(-1, 3)
            for _ in range(2)
        )  # fmt: skip
        known, heard = ([holding(of.tolist(), t) for t in moments] for of in (track, other))
        found = [holding(completed(track, other).tolist(), t) for t in moments]
        assert same(found, np.where(np.isnan(known), heard, known))
    everywhere = completed(np.array([[-np.inf, np.inf, 4.0]]), np.array([[0.0, 1.0, 5.0]]))
    assert everywhere.tolist() == [[-np.inf, np.inf, 4.0]]


def test_tracks_agree_for_as_long_as_they_say_the_same():
    track = np.array([[0.0, 2.0, 1.0], [2.0, 3.0, NAN], [3.0, 4.0, 2.0]])
    other = np.array([[0.5, 1.0, 1.0], [1.0, 3.5, 2.0], [5.0, 6.0, 1.0]])
    # Both speak from .5 to 2 and from 3 to 3.5, and say the same but from 1 to 2.
    assert agreement_s(track, other) == (1.0, 2.0)


def test_time_by_value_is_the_time_it_holds_within_the_recording():
    table = SegmentTable(
        {
            0: np.array([[0, 4, 1.0], [1, 2, 2.0], [3.5, 9, NAN]]),
            2: np.array([[-np.inf, np.inf, 2.0]]),
        }
    )
    assert table.seconds_by_value(np.array([3.75, 5.0, 0.5])) == {1.0: 2.5, 2.0: 1.5}
    assert SegmentTable({}).seconds_by_value(np.array([1.0])) == {}


def test_both_kinds_live_in_one_task_and_a_number_is_never_a_track(tmp_path):
    lines = "data/a.wav\t3\ndata/b c.wav\tone.txt\ndata/sub/d.wav\tnone\n"
    write_task(tmp_path, "task", lines, tracks={"one.txt": "0,1\t5\n", "3": "0,1\t8\n"})
    assert same(labels_of(tmp_path), [3, 5, NAN, NAN])


def test_a_callback_chooses_what_a_value_is(tmp_path):
    folder = write_task(
        tmp_path, "task", "data/a.wav\t3\ndata/b c.wav\tnone\n", tracks={"3": "0,1\t8\n"}
    )
    multi = {"task": {"name": "read_multi_metadata", "type": "int"}}
    single = {"task": {"name": "read_single_metadata", "type": "int"}}
    assert same(labels_of(tmp_path, callbacks=multi), [8, NAN, NAN, NAN])
    assert same(labels_of(tmp_path, callbacks=single), [3, NAN, NAN, NAN])
    (folder / "metadata.txt").write_text("data/a.wav\ttracks/3\n")
    with pytest.raises(InputError, match=r"line 1: .*no number"):
        labels_of(tmp_path, callbacks=single)


# --- the user's mistakes ---


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("data/a.wav 3", "one tab"),
        ("data/a.wav\t\t", "no value"),
        ("\t3", "not a path"),
        ("data/a.wav\t3\t4", "a column too many"),
        ("data/a.wav\t2", "line 2 says otherwise"),
        ("data/sub/d.wav\tfloot", "write one of flute, oboe"),
        ("data/sub/d.wav\t2.5", "metadata_callbacks.task.type=float"),
        ("data/sub/d.wav\t-1", "write none for unknown"),
        ("data/sub/d.wav\t1_0", "no class '1_0'"),
        ("data/sub/d.wav\tinf", "not a whole number"),
        ("data/sub/d.wav\t6", "no class number 6"),
        ("data/sub/d.wav\ttracks/missing.txt", "no such track file"),
        ("/etc/passwd\t1", "inside the dataset folder"),
        ("data/../../a.wav\t1", "inside the dataset folder"),
        ("C:\\a.wav\t1", "inside the dataset folder"),
        ("data/sub/d.wav\t../../../../outside.txt", "no such track file"),
        ("data/sub/d.wav\ttracks/link.txt", "link out of the dataset"),
    ],
)
def test_a_bad_line_is_told_with_file_number_text_and_remedy(tmp_path, line, problem):
    root = tmp_path / "set"
    classes = "0\tflute\n1\toboe\n2\tbassoon\n"
    folder = write_task(root, "task", f"# first\ndata/a.wav\t1\n{line}\n", classes=classes)
    (tmp_path / "outside.txt").write_text("0,1\t1\n")
    (folder / "tracks" / "link.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(InputError) as error:
        load_metadata(root, FILES)
    message = str(error.value)
    assert f"{folder / 'metadata.txt'}, line 3: {line.strip()!r}: " in message
    assert problem in message and "\n" not in message


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("0.5\t3", "no onset and offset"),
        ("0,5,1,5\t3", "decimal point"),
        ("a,b\t3", "no onset and offset"),
        ("1,2", "no value"),
        ("1,1\t3", "must come after onset"),
        ("2,1\t3", "must come after onset"),
        ("1,nan\t3", "must come after onset"),
        ("-1,1\t3", "not in the recording"),
        ("0,1\tx", "no class 'x'"),
        ("0,1\t3\t4", "a column too many"),
    ],
)
def test_a_bad_segment_is_told_with_the_track_file(tmp_path, line, problem):
    folder = write_task(
        tmp_path, "task", "data/a.wav\ta.txt\n", tracks={"a.txt": f"0,1\t1\n\n{line}\n"}
    )
    with pytest.raises(InputError) as error:
        load_metadata(tmp_path, FILES)
    assert str(error.value).startswith(f"{folder / 'tracks' / 'a.txt'}, line 3: {line!r}: ")
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("flute\t1", "no class index"),
        ("1", "write one class as"),
        ("0\tviola", "number 0 is already 'flute'"),
        ("4\tflute", "class 'flute' is already number 0"),
        ("44100\trate", "no class index"),
        ("1" * 5000 + "\trate", "no class index"),
        ("1\tfl\0ute", "a control character"),
        ("1\tfl\x1b[2Jute", "a control character"),
    ],
)
def test_a_bad_class_is_told(tmp_path, line, problem):
    write_task(tmp_path, "task", "data/a.wav\t0\n", classes=f"0\tflute\n{line}\n")
    with pytest.raises(InputError, match=r"classes\.txt, line 2") as error:
        load_metadata(tmp_path, FILES)
    assert problem in str(error.value)


def test_text_that_is_not_utf8_is_told_with_its_line(tmp_path):
    write_task(tmp_path, "task", "data/a.wav\t0\ndata/é.wav\t1\n".encode("latin-1"))
    with pytest.raises(InputError, match="line 2: byte 0xe9 is not UTF-8: save the file as UTF-8"):
        load_metadata(tmp_path, FILES)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"callbacks": {"pich": {"type": "int"}}}, "no metadata for task 'pich'.*there are: pitch"),
        ({"tasks": ["octave"]}, "no metadata for task 'octave'"),
        ({"callbacks": {"pitch": {"name": "read_it"}}}, "read_single_metadata or read_multi"),
        ({"callbacks": {"pitch": {"type": "str"}}}, "int or float"),
        ({"callbacks": {"pitch": {"kind": "int"}}}, "no key 'kind'"),
        ({"callbacks": {"pitch": "int"}}, "is 'int': write"),
    ],
)
def test_options_that_do_not_exist_are_refused(tmp_path, options, problem):
    write_task(tmp_path, "pitch", "data/a.wav\t0\n")
    with pytest.raises(InputError, match=problem):
        load_metadata(tmp_path, FILES, **options)


def test_a_task_folder_without_metadata_is_told_unless_other_tasks_are_asked(tmp_path):
    write_task(tmp_path, "pitch", "data/a.wav\t0\n")
    (tmp_path / "metadata" / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty/metadata\.txt is missing"):
        load_metadata(tmp_path, FILES)
    assert load_metadata(tmp_path, FILES, tasks=["pitch"]).tasks == ["pitch"]


# --- in a batch ---


def test_windows_carry_the_label_at_their_centre(tmp_path):
    rate_hz, window_samples, length = 100, 16, 400
    np.arange(length, dtype=np.float32).tofile(tmp_path / "flat.f32")
    cached = CachedFile("data/a.wav", 0, length, 1.0, 1.0)
    cache = SampleCache(tmp_path / "flat.f32", [cached], rate_hz, length)
    track = "".join(f"{second},{second + 1}\t{second}\n" for second in range(4))
    write_task(tmp_path, "task", "data/a.wav\ta.txt\n", tracks={"a.txt": track})
    paths = [file.path for file in cache.files]
    metadata = pickle.loads(pickle.dumps(load_metadata(tmp_path, paths)))  # as to a worker
    reader = WindowReader(cache, [0], window_samples, window_samples, metadata)
    batches = WindowBatches(reader, 200, 1, 0)
    batch = next(iter(batches))
    centre = batch["waveform"][:, 0] + window_samples / 2  # a sample's value is its position
    assert batch["labels"]["task"].tolist() == (centre // rate_hz).tolist()


# --- somebody else's folder ---


def write_linked(tmp_path, name):
    """A dataset of one task in which one part is a link to where the user's own things lie."""
    root, mine = tmp_path / "root", tmp_path / "mine"
    folder = write_task(
        root, "task", "data/a.wav\t1\n", classes="1\toboe\n", tracks={"b.txt": "0,1\t1\n"}
    )
    part = folder / name if name != "metadata" else folder.parent
    mine.mkdir()
    part.rename(mine / "part")
    part.symlink_to(mine / "part")
    (tmp_path / "secret").write_text("secret secret\n")
    return root, part


@pytest.mark.parametrize("name", ["metadata", ".", "metadata.txt", "classes.txt"])
def test_a_link_out_of_the_dataset_is_not_read(tmp_path, name):
    root, part = write_linked(tmp_path, name)
    with pytest.raises(InputError, match="leads out of the dataset") as error:
        load_metadata(root, FILES)
    assert str(part) in str(error.value) and "\n" not in str(error.value)
    if part.is_file():
        part.unlink()
        part.symlink_to(tmp_path / "secret")
        with pytest.raises(InputError, match="leads out of the dataset") as error:
            load_metadata(root, FILES)
        assert "secret" not in str(error.value)


def test_a_link_within_the_dataset_is_followed(tmp_path):
    folder = write_task(tmp_path, "pitch", "data/a.wav\t1\n", classes="1\toboe\n")
    other = folder.with_name("other")
    other.mkdir()
    for name in ("metadata.txt", "classes.txt"):
        (other / name).symlink_to(f"../pitch/{name}")
    (folder.parent / "third").symlink_to("pitch")
    assert load_metadata(tmp_path, FILES).tasks == ["other", "pitch", "third"]


@pytest.mark.parametrize("name", ["metadata.txt", "classes.txt", "tracks/a.txt"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "nowhere"])
def test_what_is_no_file_is_one_line(tmp_path, name, kind):
    folder = write_task(tmp_path, "task", "data/a.wav\ta.txt\n", tracks={"b.txt": ""})
    path = folder / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name if kind == "loop" else "absent")
    with pytest.raises(InputError) as error:
        load_metadata(tmp_path, FILES)
    assert str(path.parent if name.startswith("tracks") else path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_of_any_size_is_read_in_bounded_memory(tmp_path, monkeypatch):
    folder = write_task(tmp_path, "task", "data/a.wav\t1\n")
    os.truncate(folder / "metadata.txt", 10**12)  # a hole, which takes no space
    monkeypatch.setattr("vschaos2.labels.words.LARGEST_BYTES", 2**20)
    with pytest.raises(InputError, match=r"metadata\.txt: is larger than 1 MB"):
        load_metadata(tmp_path, FILES)


def test_long_lines_make_short_messages(tmp_path):
    for text in ("x" * 10**6, "data/a.wav\t" + "x" * 10**6, "data/a.wav\t1\t" + "x" * 10**6):
        write_task(tmp_path, "task", text + "\n", classes=f"0\t{'y' * 10**6}\n")
        with pytest.raises(InputError) as error:
            load_metadata(tmp_path, FILES)
        assert len(str(error.value)) < 600


def test_endless_accents_are_not_put_in_order(tmp_path, monkeypatch):
    write_task(tmp_path, "task", "data/a" + "\u0315\u0300" * 10**5 + ".wav\t1\n")
    asked = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(
        unicodedata,
        "normalize",
        lambda form, text: asked.append(len(text)) or normalize(form, text),
    )
    with pytest.raises(InputError, match="not a path inside the dataset folder"):
        load_metadata(tmp_path, FILES)
    assert max(asked) < 100


def test_a_line_that_repeats_is_read_once(tmp_path, monkeypatch):
    lines = "data/a.wav\ta.txt\n" * 50 + "data/b c.wav\ttracks/a.txt\n"
    write_task(tmp_path, "task", lines, tracks={"a.txt": "0,1\t1\n"})
    read = []
    read_track = lists.read_track
    monkeypatch.setattr(
        lists,
        "read_track",
        lambda path, *rest: read.append(path) or read_track(path, *rest),
    )
    labels = load_metadata(tmp_path, FILES).at(np.arange(2), np.full(2, 0.5))["task"]
    assert labels.tolist() == [1, 1] and len(read) == 1


def test_lines_of_recordings_that_are_not_in_use_ask_the_disk_nothing(tmp_path, monkeypatch):
    lines = "".join(f"data/other/{number}.wav\t{number % 12}\n" for number in range(1000))
    write_task(tmp_path, "task", lines + "data/a.wav\t1\n")
    asked = []
    monkeypatch.setattr("vschaos2.dataset_paths.PureWindowsPath", asked.append)
    isfile = os.path.isfile
    monkeypatch.setattr(os.path, "isfile", lambda path: asked.append(path) or isfile(path))
    load_metadata(tmp_path, FILES)
    assert asked == []


def test_bad_lines_that_no_hand_wrote_are_written_anew(tmp_path):
    folder = write_task(tmp_path, "task", "data/a.wav\t1\n")
    (folder / "heard.txt").write_text("data/sub/d.wav\tloud\n")
    with pytest.raises(InputError, match=r"heard\.txt.*, or remove heard\.txt: extract_pitch"):
        load_metadata(tmp_path, FILES)
