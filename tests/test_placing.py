"""Names that hosts can load, and files that appear together or not at all."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vschaos2.errors import InputError
from vschaos2.export.write import check_name
from vschaos2.placing import place_together

NAMES = ("one", "two", "three")


@pytest.mark.parametrize(
    "name", ["$1", "my$cello", "a,b,c", "a;b;c", "back\\slash", 'quo"ted', "{a}", " cello",
             "cello ", "my  cello", "my\tcello", "my#1", "ab", "a/b", ".cello",
             "cello.ts", "CELLO.TS", "cello.Ts", "x" * 201, "é" * 101]
)  # fmt: skip
def test_names_that_hosts_misread_are_refused(name):
    with pytest.raises(InputError) as refused:
        check_name(name)
    assert repr(name) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["cello", "my cello", "in F#", "ドラム", "a-b_c.d", "x" * 200])
def test_plain_names_are_taken(name):
    check_name(name)


def placed(folder: Path, text: str) -> None:
    place_together({folder / name: text for name in NAMES})


def found(folder: Path) -> dict[str, str]:
    """All files of a folder, hidden ones, too."""
    return {path.name: path.read_text() for path in folder.iterdir()}


def without_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "no hard links here")


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("failing", range(3))
@pytest.mark.parametrize("kind", [OSError(errno.EIO, "broken"), KeyboardInterrupt()])
def test_files_are_placed_together_or_not_at_all(
    tmp_path, monkeypatch, has_links, was_there, failing, kind
):
    if was_there:
        placed(tmp_path, "old")
    rename = Path.replace

    def break_off(self: Path, target: Path) -> Path:
        if self.name == f".{NAMES[failing]}.tmp":
            raise kind
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", break_off)
        if not has_links:
            patched.setattr(os, "link", without_links)
        with pytest.raises((InputError, KeyboardInterrupt)):
            placed(tmp_path, "new")
    assert found(tmp_path) == (dict.fromkeys(NAMES, "old") if was_there else {})


@pytest.mark.parametrize("has_links", [True, False])
def test_placed_files_take_the_place_of_the_old(tmp_path, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr(os, "link", without_links)
    placed(tmp_path, "old")
    placed(tmp_path, "new")
    assert found(tmp_path) == dict.fromkeys(NAMES, "new")


KILLED = """
import os, sys, pathlib
import vschaos2.placing as placing
folder, calls = pathlib.Path(sys.argv[1]), [int(sys.argv[2])]
if sys.argv[3] == "without":
    def link(*_, **__):
        raise OSError
    os.link = link
def counted(name):
    done = getattr(pathlib.Path, name)
    def call(self, *rest, **named):
        if calls[0] == 0:
            os.kill(os.getpid(), 9)
        calls[0] -= 1
        return done(self, *rest, **named)
    setattr(pathlib.Path, name, call)
counted("replace")
counted("unlink")
placing.place_together({folder / name: "new" for name in ("one", "two", "three")})
"""


@pytest.mark.parametrize("links", ["with", "without"])
def test_what_a_kill_left_is_finished_by_the_next(tmp_path, links):
    """Killed before each rename and removal in turn: the next one finds a whole set, new or old."""
    for calls in range(12):
        folder = tmp_path / f"{links}{calls}"
        folder.mkdir()
        placed(folder, "old")
        arguments = [sys.executable, "-c", KILLED, str(folder), str(calls), links]
        ended = subprocess.run(arguments, check=False).returncode
        present = {name for name in NAMES if (folder / name).exists()}
        if links == "with":
            assert present == set(NAMES)  # nothing is ever missing
        with pytest.raises(InputError, match="limit on the size"):
            place_beyond_a_limit(folder)
        assert {found(folder)[name] for name in NAMES} in ({"old"}, {"new"})
        placed(folder, "newest")
        assert found(folder) == dict.fromkeys(NAMES, "newest")
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
    assert ended == 0


def place_beyond_a_limit(folder: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    try:
        placed(folder, "x" * 2**20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_leaves_what_was_there(tmp_path):
    placed(tmp_path, "old")
    with pytest.raises(InputError, match=r"cannot write .*one: the disk is full"):
        place_beyond_a_limit(tmp_path)
    assert found(tmp_path) == dict.fromkeys(NAMES, "old")


def test_a_folder_in_a_place_is_told_before_anything_is_written(tmp_path):
    (tmp_path / "two").mkdir()
    with pytest.raises(InputError, match=r"cannot write .*two: a folder has this name"):
        placed(tmp_path, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_links_in_the_places_are_replaced_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("one", ".two.tmp", ".three.old.tmp"):
        (folder / name).symlink_to(precious)
    placed(folder, "new")
    assert found(folder) == dict.fromkeys(NAMES, "new")
    assert precious.read_text() == "precious"
