"""Names that hosts can load, and files that appear together or not at all."""

from pathlib import Path

import pytest

from vschaos2.errors import InputError
from vschaos2.export.placing import place_together
from vschaos2.export.write import check_name


@pytest.mark.parametrize(
    "name", ["$1", "my$cello", "a,b,c", "a;b;c", "back\\slash", 'quo"ted', "{a}", " cello",
             "cello ", "my  cello", "my\tcello", "my#1", "ab", "a/b", ".cello"]
)  # fmt: skip
def test_names_that_hosts_misread_are_refused(name):
    with pytest.raises(InputError) as refused:
        check_name(name)
    assert repr(name) in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["cello", "my cello", "in F#", "ドラム", "a-b_c.d"])
def test_plain_names_are_taken(name):
    check_name(name)


@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("failing", [0, 1, 2])
def test_files_are_placed_together_or_not_at_all(tmp_path, monkeypatch, was_there, failing):
    names = ["one", "two", "three"]
    for name in names:
        (tmp_path / f"{name}.tmp").write_text("new")
        if was_there:
            (tmp_path / name).write_text("old")
    rename = Path.replace

    def full(self: Path, target: Path) -> Path:
        if self.name == f"{names[failing]}.tmp":
            raise OSError("no space")
        return rename(self, target)

    waiting = {tmp_path / f"{name}.tmp": tmp_path / name for name in names}
    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr(Path, "replace", full)
        place_together(waiting)
    found = {path.name: path.read_text() for path in tmp_path.iterdir() if path.suffix != ".tmp"}
    assert found == (dict.fromkeys(names, "old") if was_there else {})
    assert not list(tmp_path.glob(".*"))


def test_placed_files_take_the_place_of_the_old(tmp_path):
    (tmp_path / "one.tmp").write_text("new")
    (tmp_path / "one").write_text("old")
    place_together({tmp_path / "one.tmp": tmp_path / "one"})
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("one", "new")]
