"""Where runs cannot go is told before a recording is read, and a check leaves nothing there."""

import os
import sys

import pytest
from hydra.core.global_hydra import GlobalHydra
from test_overrides import QUICK, composed, start

from vschaos2.errors import InputError
from vschaos2.families.train import train
from vschaos2.training import session


@pytest.fixture(autouse=True)
def fresh_hydra():
    GlobalHydra.instance().clear()
    yield
    GlobalHydra.instance().clear()


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


@pytest.mark.parametrize("is_there", [True, False])
def test_check_leaves_nothing(recordings, tmp_path, is_there, monkeypatch, capsys):
    rundir = tmp_path / "runs"
    if is_there:
        (rundir / "x").mkdir(parents=True)
        (rundir / "x" / "mine.txt").write_text("stays")
    words = (f"data.dataset.root={recordings}", f"rundir={rundir}", "name=x", "check=true", *QUICK)
    start(monkeypatch, "train_model", *words)
    told = capsys.readouterr()
    assert told.out == "checked: x can be trained; nothing of it is kept\n"
    assert "architecture" in told.err
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert left == ([rundir / "x" / "mine.txt"] if is_there else [])
    assert rundir.exists() == is_there


def test_check_that_fails_leaves_nothing(recordings, tmp_path, monkeypatch):
    def fault(*_) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(session, "fit", fault)
    words = (f"data.dataset.root={recordings}", f"rundir={tmp_path}", "name=x", "check=true")
    with pytest.raises(ZeroDivisionError):
        train(composed(*words, *QUICK))
    assert not list(tmp_path.iterdir())
