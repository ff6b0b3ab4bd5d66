"""Pairs of a dry and a wet recording, found by the names of their files.

    pairs/dry/riff.wav        and  pairs/wet/riff.wav, riff@2.wav, riff@3.wav …, any sub-folders
    pairs/…/riff.input.wav    and  pairs/…/riff.target.wav, G5_T3.riff.target.wav …

Behind an @ stands whatever tells one setting of the knobs from another. The second way is that of
NablAFx, whose files may all lie in one folder or in several.
"""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from vschaos2.audio.find import find_audio_files
from vschaos2.dataset_paths import check_inside
from vschaos2.errors import InputError

DRY, WET = "dry", "wet"
INPUT, TARGET = "input", "target"
SHOWN = 3


class Pair(NamedTuple):
    """A wet recording, and the dry one that it is made of; one dry may serve many wets.

    Attributes:
        name: of the wet file, relative to its folder of pairs, with forward slashes.
        dry: what entered the device.
        wet: what left it.
    """

    name: str
    dry: Path
    wet: Path


def is_pair_folder(root: Path) -> bool:
    """Whether a folder holds pairs by its looks: folders dry/ and wet/, or inputs and targets."""
    if (root / DRY).is_dir() and (root / WET).is_dir():
        return True
    return root.is_dir() and {role_of(path) for path in find_audio_files(root)} >= {INPUT, TARGET}


def role_of(path: Path | PurePosixPath) -> str | None:
    """`INPUT` or `TARGET` for NAME.input.wav and NAME.target.wav, None for other names."""
    role = PurePosixPath(path.stem).suffix.removeprefix(".").lower()
    return role if role in (INPUT, TARGET) else None


def find_pairs(root: Path) -> list[Pair]:
    """The pairs of a folder, sorted by name. No link is followed out of it.

    Args:
        root: folder of dry/ and wet/, or of inputs and targets.

    Raises:
        InputError: if it is no folder, holds no pairs, or holds recordings without a partner.
    """
    pairs, alone = pairs_and_others(root)
    if alone:
        names = [path.relative_to(root).as_posix() for path in alone]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise InputError(
            f"{root}: recordings without a partner: {', '.join(names[:SHOWN])}{more}: give each "
            "dry one a wet one of the same name, or remove them"
        )
    return pairs


def pairs_and_others(root: Path) -> tuple[list[Pair], list[Path]]:
    """The pairs of a folder, and its recordings without a partner; both sorted by name.

    Raises:
        InputError: if it is no folder, or holds no recordings of pairs at all.
    """
    if (root / DRY).is_dir() and (root / WET).is_dir():
        return _by_folder(root)
    found = find_audio_files(root)
    by_role = [path for path in found if role_of(path)]
    if not by_role:
        raise InputError(
            f"{root}: no pairs of recordings: put them into its folders dry/ and wet/, under the "
            "same names"
        )
    return _by_role(root, by_role)


def single_pair(
    dry: Path, wet: Path, keys: tuple[str, str] = ("data.dry", "data.wet")
) -> list[Pair]:
    """The pair of two files that were named one by one.

    Args:
        dry: what entered the device.
        wet: what left it.
        keys: what each was called where it was named.

    Raises:
        InputError: if one is no file, or both are the same.
    """
    for key, path in zip(keys, (dry, wet), strict=True):
        if not path.is_file():
            raise InputError(f"{key}: {path} is no file: give a sound file")
    if dry.resolve() == wet.resolve():
        raise InputError(f"{keys[0]} and {keys[1]} are the same file, {dry}: name two recordings")
    return [Pair(wet.name, dry, wet)]


def _by_folder(root: Path) -> tuple[list[Pair], list[Path]]:
    for folder in (root / DRY, root / WET):
        check_inside(folder, root)
    dry = {_key(path, root / DRY): path for path in find_audio_files(root / DRY)}
    pairs, alone = [], []
    for path in find_audio_files(root / WET):
        key = _key(path, root / WET)
        # A dry file may itself have an @ in its name: the whole name is tried first.
        partner = dry.get(key) or dry.get(_without_setting(key))
        if partner is None:
            alone.append(path)
        else:
            pairs.append(Pair(path.relative_to(root).as_posix(), partner, path))
    return _sorted(root, pairs, alone, list(dry.values()))


def _by_role(root: Path, paths: list[Path]) -> tuple[list[Pair], list[Path]]:
    inputs: dict[str, list[Path]] = {}
    for path in paths:
        if role_of(path) == INPUT:
            inputs.setdefault(_take(path), []).append(path)
    pairs, alone = [], []
    for path in paths:
        if role_of(path) != TARGET:
            continue
        candidates = inputs.get(_take(path)) or inputs.get(_take(path).rpartition(".")[2]) or []
        if not candidates:
            alone.append(path)
            continue
        # Several takes of one name, in folders of their own: the nearest one.
        nearest = max(candidates, key=lambda dry: (_shared(dry, path), -len(dry.parts)))
        pairs.append(Pair(path.relative_to(root).as_posix(), nearest, path))
    return _sorted(root, pairs, alone, [path for takes in inputs.values() for path in takes])


def _sorted(
    root: Path, pairs: list[Pair], alone: list[Path], dry: list[Path]
) -> tuple[list[Pair], list[Path]]:
    """The pairs, and what is left over."""
    used = {pair.dry for pair in pairs}
    left = alone + [path for path in dry if path not in used]
    if not pairs and not left:
        raise InputError(f"{root}: its folders dry/ and wet/ hold no recordings: put some there")
    return sorted(pairs), sorted(left)


def _key(path: Path, folder: Path) -> str:
    """The path within a folder, without its ending: dry and wet may be of different formats."""
    return path.relative_to(folder).with_suffix("").as_posix()


def _without_setting(key: str) -> str:
    folder, slash, name = key.rpartition("/")
    return folder + slash + name.rpartition("@")[0]


def _take(path: Path) -> str:
    """NAME of NAME.input.wav."""
    return PurePosixPath(path.stem).stem


def _shared(one: Path, other: Path) -> int:
    """How many folders, from the root, two paths have in common."""
    count = 0
    for mine, theirs in zip(one.parts, other.parts, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
