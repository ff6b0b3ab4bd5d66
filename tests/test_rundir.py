"""Where runs cannot go is told before a recording is read, and a check leaves nothing there."""

import os
import sys

import pytest
from test_overrides import composed

from vschaos2.errors import InputError
from vschaos2.training.session import train


def refusal(recordings, rundir) -> str:
    config = composed(f"data.dataset.root={recordings}", f"rundir={rundir}", "name=x")
    with pytest.raises(InputError) as caught:
        train(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="names of files are text there")
def test_rundir_that_is_not_utf8_is_refused_before_anything_is_opened(tmp_path):
    rundir = tmp_path / os.fsdecode(b"\xe9\xff")
    assert "is not UTF-8" in refusal(tmp_path / "nowhere", rundir)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")
def test_rundir_where_no_folder_can_be_made_is_refused_before_anything_is_opened(tmp_path):
    assert "rundir=/proc/x: cannot make /proc/x/x (" in refusal(tmp_path / "nowhere", "/proc/x")


def test_rundir_in_which_the_name_is_taken_by_a_file_is_refused(tmp_path):
    (tmp_path / "x").write_text("")
    assert f"{tmp_path / 'x'} is a file" in refusal(tmp_path / "nowhere", tmp_path)
