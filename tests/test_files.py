"""Files appear whole or not at all, and nothing is written through a link."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vschaos2.errors import InputError
from vschaos2.files import open_own, open_plain, reason, try_lock, whole_file, write_whole
from vschaos2.folders import own_folder, own_folders


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_content_arrives_to_the_last_byte(tmp_path):
    write_whole(tmp_path / "a.txt", "Käse\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "Käse\r\n".encode()
    write_whole(tmp_path / "a.txt", b"\0\1")
    assert (tmp_path / "a.txt").read_bytes() == b"\0\1"
    assert names(tmp_path) == ["a.txt"]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "a"
    write_whole(path, "before")

    def fail():
        with whole_file(path) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["a", ".a.tmp"])
def test_links_are_replaced_and_not_followed(tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    place = tmp_path / "place"
    place.mkdir()
    (place / name).symlink_to(precious)
    write_whole(place / "a", "new")
    assert precious.read_text() == "precious"
    assert (place / "a").read_text() == "new"
    assert names(place) == ["a"]
    assert not (place / "a").is_symlink()


def test_hard_links_keep_their_content(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    os.link(precious, tmp_path / ".a.tmp")
    write_whole(tmp_path / "a", "new")
    assert precious.read_text() == "precious"
    assert (tmp_path / "a").read_text() == "new"


def test_a_pipe_in_waiting_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / ".a.tmp")
    write_whole(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def test_what_a_killed_process_left_is_removed(tmp_path):
    program = (
        "import os, sys, pathlib; from vschaos2.files import whole_file\n"
        "with whole_file(pathlib.Path(sys.argv[1])) as f:\n"
        "    f.write(b'half'); f.flush(); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "a"
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".a.tmp"]
    write_whole(path, "whole")
    assert names(tmp_path) == ["a"]
    assert path.read_text() == "whole"


def test_a_file_in_the_making_is_left_to_its_maker(tmp_path):
    path = tmp_path / "a"
    with whole_file(path) as file:
        file.write(b"first")
        with pytest.raises(InputError, match="another process is writing"):
            write_whole(path, "second")
    assert path.read_bytes() == b"first"


def test_a_full_disk_is_called_full():
    assert "disk is full" in reason(OSError(errno.ENOSPC, "No space left on device"))
    assert reason(OSError(errno.EACCES, "Permission denied")) == "Permission denied"


def test_a_limit_of_size_leaves_nothing(tmp_path):
    path = tmp_path / "a"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    try:
        with pytest.raises(InputError, match=r"cannot write .*a: the disk is full"):
            write_whole(path, bytes(2**20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert names(tmp_path) == []


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(InputError, match="No such file or directory"):
        write_whole(tmp_path / "no" / "a", "x")


def test_own_files_are_plain_and_have_one_name(tmp_path):
    plain = tmp_path / "plain"
    with open_own(plain, "ab") as file:
        file.write(b"12")
    with open_own(plain, "r+b") as file:
        file.write(b"3")
    assert plain.read_bytes() == b"32"
    with pytest.raises(FileExistsError):
        open_own(plain, "x+b")
    (tmp_path / "link").symlink_to(plain)
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    os.link(plain, tmp_path / "twin")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "nowhere", "twin", "pipe"):
        for mode in ("rb", "r+b", "ab"):
            with pytest.raises(InputError, match="left alone"):
                open_own(tmp_path / name, mode)
    with pytest.raises(InputError, match="left alone"):
        open_own(tmp_path / "nowhere", "x+b")
    assert not (tmp_path / "absent").exists()
    assert plain.read_bytes() == b"32"


def test_own_folders_are_no_links(tmp_path):
    assert own_folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(InputError, match="is a link"):
        own_folder(tmp_path / "link")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="no folder"):
        own_folder(tmp_path / "file")


def test_no_folder_on_the_way_is_a_link(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    assert own_folders(root, root / "a" / "b" / "c").is_dir()
    assert own_folders(root, root / "d").is_dir()
    (tmp_path / "elsewhere").mkdir()
    for link in ("l", "a/l", "a/b/l"):
        (root / link).symlink_to(tmp_path / "elsewhere")
        for path in (root / link, root / link / "x", root / link / "x" / "y"):
            with pytest.raises(InputError, match="/l: is a link"):
                own_folders(root, path)
    assert names(tmp_path / "elsewhere") == []


def test_plain_files_are_read_through_links_and_pipes_are_not(tmp_path):
    (tmp_path / "plain").write_bytes(b"12")
    (tmp_path / "link").symlink_to(tmp_path / "plain")
    os.mkfifo(tmp_path / "pipe")
    for name in ("plain", "link"):
        with open_plain(tmp_path / name) as file:
            assert file.read() == b"12"
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(InputError, match="is no plain file"):
            open_plain(path)


def test_a_lock_is_held_until_the_file_is_closed(tmp_path):
    path = Path(tmp_path / "lock")
    with open_own(path, "ab") as first, open_own(path, "ab") as second:
        assert try_lock(first)
        assert not try_lock(second)
        first.close()
        assert try_lock(second)
