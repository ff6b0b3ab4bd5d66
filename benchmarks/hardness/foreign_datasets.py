"""Datasets of strangers: links out of the folder, pipes, absurd labels, an index that lies."""

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.hardness.material import SMALL, Material
from benchmarks.hardness.trial import Verdict, fresh, run

TRIALS = 60
SECRET_LINE = "three years of work"
PLACES = (
    *(".vschaos2", "metadata", "metadata/pitch", "metadata/octave", "metadata/pitch/tracks"),
    *("metadata/pitch/metadata.txt", "metadata/pitch/classes.txt", "metadata/octave/metadata.txt"),
    *(".vschaos2/samples_44100.json", ".vschaos2/samples_44100.json.tmp"),
    *(".vschaos2/.samples_44100.json.tmp", ".vschaos2/samples_44100.lock"),
    *(".vschaos2/samples_44100_0001.f32", ".vschaos2/samples_44100_0002.f32"),
    *("metadata/pitch/.metadata.txt.tmp", "data/0.wav", "data/8.wav", "data"),
)


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """A copy of the dataset, spoiled in one way, given to one program, again and again."""
    spoilers = (link, link, labels, sound, index)
    for _ in range(TRIALS):
        with fresh(material.place) as place:
            dataset = place / "foreign"
            shutil.copytree(material.dataset, dataset)
            if chance.random() < 0.5:
                run("check_dataset", dataset)  # so that a cache is there
            what = chance.choice(spoilers)(dataset, material, chance)
            name, arguments = chance.choice(programs(dataset, place))
            outcome = run(*arguments)
            told = SECRET_LINE in outcome.text
            escaped = material.precious.disturbed() or ("showed a foreign file" if told else None)
            yield Verdict(f"{what}, {name}", outcome.fault((0, 1, 2)), escaped)


def programs(dataset: Path, place: Path) -> list[tuple[str, list[str]]]:
    """What a dataset is given to."""
    train = [*SMALL, "name=x", f"rundir={place / 'runs'}", f"data.dataset.root={dataset}"]
    return [
        ("check_dataset", ["check_dataset", str(dataset)]),
        ("extract_pitch", ["extract_pitch", str(dataset)]),
        ("train_model", ["train_model", "--config-name=dgt_live", *train, "check=true"]),
    ]


def link(dataset: Path, material: Material, chance: random.Random) -> str:
    """Make one of the dataset's files or folders a link out of it, or a pipe."""
    name = chance.choice(PLACES)
    path = dataset / name
    path.parent.mkdir(parents=True, exist_ok=True)
    is_folder = path.is_dir() or (path.suffix == "" and not path.name.startswith(".sam"))
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    kind = chance.choice(("link", "hard link", "dangling link", "pipe"))
    precious = material.precious
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "hard link":
        os.link(precious.file, path)
    elif kind == "dangling link":
        path.symlink_to(precious.mark)
    else:
        path.symlink_to(precious.folder if is_folder else precious.file)
    return f"{name} a {kind}"


def labels(dataset: Path, material: Material, chance: random.Random) -> str:
    """Write label files that no one would write by hand."""
    lines = {
        "paths out": "../../precious/thesis.txt\t1\n/etc/passwd\t2\n",
        "escapes": "data/0.wav\t\x1b[2J\x1b]0;owned\x07\n",
        "no text": os.urandom(2000).decode("latin-1"),
        "long": "data/0.wav\t" + "9" * 10**6 + "\n",
        "many": "".join(f"data/{i}.wav\tx\n" for i in range(100_000)),
        "numbers": "data/0.wav\t1e999\ndata/1.wav\t-99999999999999999999\ndata/2.wav\tnan\n",
        "tracks out": "data/0.wav\t../../../precious/thesis.txt\n",
    }
    what = chance.choice(sorted(lines))
    name = chance.choice(("metadata.txt", "classes.txt"))
    (dataset / "metadata" / "pitch" / name).write_bytes(lines[what].encode("utf-8", "replace"))
    return f"{name}: {what}"


def sound(dataset: Path, material: Material, chance: random.Random) -> str:
    """Add a sound file that is none, or an absurd one."""
    path = dataset / "data" / "9.wav"
    what = chance.choice(("huge", "tiny", "noise", "cut", "rate", "pipe", "empty", "page"))
    original = (dataset / "data" / "0.wav").read_bytes()
    if what in ("huge", "tiny"):
        scale = 3e28 if what == "huge" else 1e-38
        soundfile.write(path, scale * np.ones(20_000), 44_100, subtype="FLOAT")
    elif what == "rate":
        broken = bytearray(original)
        broken[24:28] = chance.choice((0, 1, 2, 10, 2**31)).to_bytes(4, "little")
        path.write_bytes(bytes(broken))
    elif what == "pipe":
        os.mkfifo(path)
    else:
        contents = {
            "noise": original[:44] + chance.randbytes(8000),
            "cut": original[: chance.randrange(len(original))],
            "empty": b"",
            "page": b"<!DOCTYPE html><html>not found</html>",
        }
        path = path.with_suffix(".mp3") if what == "page" else path
        path.write_bytes(contents[what])
    return f"a sound: {what}"


def index(dataset: Path, material: Material, chance: random.Random) -> str:
    """Edit the index of the cache."""
    path = dataset / ".vschaos2" / "samples_44100.json"
    if not path.is_file():
        run("check_dataset", dataset)
    content = json.loads(path.read_text())
    odd = chance.choice((-1, 10**30, 0.5, float("nan"), None, True, "../../precious/thesis.txt"))
    key = chance.choice(sorted(content))
    if isinstance(content[key], dict) and content[key]:
        name = chance.choice(sorted(content[key]))
        row = content[key][name]
        if isinstance(row, list):
            row[chance.randrange(len(row))] = odd
        else:
            content[key][name] = odd
    else:
        content[key] = odd
    path.write_text(json.dumps(content))
    return f"index: {key} {odd!r}"
