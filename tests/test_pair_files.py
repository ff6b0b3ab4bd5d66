import logging
import os

import pytest

from vschaos2.data.pair_files import Pair, find_pairs, is_pair_folder, single_pair
from vschaos2.errors import InputError


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF")


def found(root):
    return [
        (p.name, p.dry.relative_to(root).as_posix(), p.wet.relative_to(root).as_posix())
        for p in find_pairs(root)
    ]


def test_wet_files_belong_to_the_dry_file_of_their_name(tmp_path):
    touch(tmp_path, "dry/riff.wav", "wet/riff.wav", "wet/riff@2.wav", "wet/riff@3.flac")
    touch(tmp_path, "dry/deep/a@b.wav", "wet/deep/a@b.aif", "wet/deep/a@b@loud.wav")
    riff, deep = "dry/riff.wav", "dry/deep/a@b.wav"
    assert found(tmp_path) == [
        (name, dry, name)
        for name, dry in (
            ("wet/deep/a@b.aif", deep),
            ("wet/deep/a@b@loud.wav", deep),
            ("wet/riff.wav", riff),
            ("wet/riff@2.wav", riff),
            ("wet/riff@3.flac", riff),
        )
    ]
    assert is_pair_folder(tmp_path)


def test_names_with_roles_are_paired_by_what_they_share(tmp_path):
    """Each target is paired with the input of its take that lies nearest to it."""
    touch(tmp_path, "DRY/riff.input.wav", "WET/riff.target.wav")
    touch(tmp_path, "WET/G5_T3/G5_T3.riff.target.wav")
    touch(tmp_path, "test/solo.input.wav", "test/solo.target.wav")
    touch(tmp_path, "train/solo.input.wav", "train/solo.target.wav")
    assert found(tmp_path) == [
        (
            "WET/G5_T3/G5_T3.riff.target.wav",
            "DRY/riff.input.wav",
            "WET/G5_T3/G5_T3.riff.target.wav",
        ),
        ("WET/riff.target.wav", "DRY/riff.input.wav", "WET/riff.target.wav"),
        ("test/solo.target.wav", "test/solo.input.wav", "test/solo.target.wav"),
        ("train/solo.target.wav", "train/solo.input.wav", "train/solo.target.wav"),
    ]
    assert is_pair_folder(tmp_path)


@pytest.mark.parametrize(
    "names",
    [
        ("dry/a.wav", "wet/a.wav", "wet/b.wav"),
        ("dry/a.wav", "wet/a.wav", "dry/b.wav"),
        ("a.input.wav", "a.target.wav", "b.target.wav"),
        ("a.input.wav", "a.target.wav", "b.input.wav"),
    ],
)
def test_what_has_no_partner_is_named_in_one_line(tmp_path, names):
    touch(tmp_path, *names)
    with pytest.raises(InputError, match="recordings without a partner: ") as refusal:
        find_pairs(tmp_path)
    assert f"partner: {names[2]}: give" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_many_without_a_partner_are_counted(tmp_path):
    touch(tmp_path, "wet/a.wav", "dry/a.wav", *(f"dry/b{n}.wav" for n in range(5)))
    with pytest.raises(InputError, match=r"dry/b0.wav, dry/b1.wav, dry/b2.wav and 2 more"):
        find_pairs(tmp_path)


def test_folders_without_pairs_are_refused(tmp_path):
    touch(tmp_path, "data/a.wav", "data/b.input.wav")
    assert not is_pair_folder(tmp_path) and not is_pair_folder(tmp_path / "nowhere")
    (tmp_path / "data" / "b.input.wav").unlink()
    with pytest.raises(InputError, match="no pairs of recordings"):
        find_pairs(tmp_path)
    (tmp_path / "dry").mkdir()
    (tmp_path / "wet").mkdir()
    with pytest.raises(InputError, match="hold no recordings"):
        find_pairs(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_out_of_the_folder_are_not_followed(tmp_path, caplog):
    root, outside = tmp_path / "pairs", tmp_path / "outside"
    touch(outside, "a.wav", "wet/b.wav")
    touch(root, "dry/b.wav", "wet/b.wav")
    (root / "dry" / "a.wav").symlink_to(outside / "a.wav")
    with caplog.at_level(logging.WARNING):
        assert found(root) == [("wet/b.wav", "dry/b.wav", "wet/b.wav")]
    assert "link not followed" in caplog.text
    touch(tmp_path / "other", "dry/b.wav")
    (tmp_path / "other" / "wet").symlink_to(outside / "wet")
    with pytest.raises(InputError, match="a link leads out of the dataset"):
        find_pairs(tmp_path / "other")


def test_two_files_may_be_named_one_by_one(tmp_path):
    touch(tmp_path, "a.wav", "b.wav")
    a, b = tmp_path / "a.wav", tmp_path / "b.wav"
    assert single_pair(a, b) == [Pair("b.wav", a, b)]
    with pytest.raises(InputError, match=r"data\.wet: .*c\.wav is no file"):
        single_pair(a, tmp_path / "c.wav")
    with pytest.raises(InputError, match="are the same file"):
        single_pair(a, a)
