"""Run folders of strangers: configurations that want to execute, checkpoints that do, links out."""

import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import yaml

from benchmarks.hardness.material import Material
from benchmarks.hardness.trial import SECRET_VARIABLE, Outcome, Verdict, fresh, run, told_secret

TRIALS = 90


def trials(material: Material, chance: random.Random) -> Iterator[Verdict]:
    """A copy of the run, spoiled in one way, given to one program, again and again."""
    attacks = (config, config, config, checkpoint, checkpoint, link, text)
    for _ in range(TRIALS):
        with fresh(material.place) as place:
            folder = place / "foreign" / "version_0"
            shutil.copytree(material.run, folder)
            shutil.copytree(material.dataset, place / "sounds")
            what = chance.choice(attacks)(folder, material, chance)
            name, act = chance.choice(PROGRAMS)
            outcome = act(folder, place)
            escaped = material.precious.disturbed() or told_secret(outcome, place)
            yield Verdict(f"{what}, {name}", outcome.fault((0, 1, 2)), escaped)


def config(folder: Path, material: Material, chance: random.Random) -> str:
    """Put something that wants to execute in a random place of config.yaml."""
    path = folder / "config.yaml"
    content = yaml.safe_load(path.read_text())
    what, hostile = chance.choice(hostile_values(material.precious.mark))
    node = content[chance.choice(("model", "model", "data", "training", "trainer", "callbacks"))]
    while chance.random() < 0.6:
        inner = [value for value in node.values() if isinstance(value, dict)]
        if not inner:
            break
        node = chance.choice(inner)
    node[chance.choice([*node, "added"])] = hostile
    if chance.random() < 0.1:
        content[str(hostile)] = hostile
    path.write_text(yaml.safe_dump(content))
    return f"config.yaml with {what}"


def hostile_values(mark: Path) -> list[tuple[str, Any]]:
    """Values that write a file, read the environment or run a program, if they are obeyed."""
    target = {"_target_": "pathlib.Path", "_args_": [str(mark)]}
    write = {"_target_": "pathlib.Path.write_text", "_args_": [target, "x"]}
    call = {"_target_": "os.system", "command": f"touch {mark}"}
    flow = f"{{_target_: os.system, command: 'touch {mark}'}}"
    evaluated = {"_target_": "builtins.eval", "_args_": [f"open({str(mark)!r}, 'w')"]}
    values: list[tuple[str, Any]] = [
        ("pathlib.Path.write_text", write),
        ("os.system", call),
        ("eval", evaluated),
        ("a partial of os.system", {**call, "_partial_": True}),
        ("torch.hub.load", {"_target_": "torch.hub.load", "repo_or_dir": str(mark.parent)}),
        ("torch.load", {"_target_": "torch.load", "f": str(mark), "weights_only": False}),
        ("a list that calls", [call, [write]]),
        ("a secret", f"${{oc.env:{SECRET_VARIABLE}}}"),
        ("a secret in a list", [f"${{oc.env:{SECRET_VARIABLE}}}"]),
        ("a key that calls", {f"${{oc.create:{flow}}}": 1}),
    ]
    for depth in range(4):
        values.append(
            (f"oc.create behind {depth} slashes", "\\" * depth + f"${{oc.create:{flow}}}")
        )
    return values


def text(folder: Path, material: Material, chance: random.Random) -> str:
    """Replace config.yaml by a text that no configuration has."""
    mark = material.precious.mark
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    original = (folder / "config.yaml").read_text()
    texts = {
        "a billion laughs": bomb + "model: *a11\ndata: *a11\n",
        "a Python tag": f"model: !!python/object/apply:os.system ['touch {mark}']\ndata: {{}}\n",
        "depth": "model: " + "[" * 5000 + "]" * 5000 + "\ndata: {}\n",
        "two documents": f"{original}\n---\n{original}",
        "no text": "\x00\x01\x02",
        "a merged alias": f"x: &x {{_target_: os.abort}}\n{original}\nmore: {{<<: *x}}\n",
        "ten million letters": "model: " + "x" * 10**7,
    }
    what = chance.choice(sorted(texts))
    (folder / "config.yaml").write_text(texts[what])
    return f"config.yaml of {what}"


class Hostile:
    """What a pickle executes when it is loaded without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self.mark}",)


def checkpoint(folder: Path, material: Material, chance: random.Random) -> str:
    """Edit both checkpoints in one of many ways."""
    mark = material.precious.mark
    names = ("last.ckpt", "best.ckpt")
    how = chance.choice(("pickle", "object", "missing", "type", "nan", "cut", "folder", "shape"))
    for name in names:
        path = folder / "checkpoints" / name
        content = torch.load(path, weights_only=True)
        key = chance.choice(sorted(content))
        weights = content["state_dict"]
        weight = chance.choice(sorted(weights))
        if how == "pickle":
            path.write_bytes(pickle.dumps(Hostile(mark)))
            continue
        if how == "cut":
            path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size)])
            continue
        if how == "folder":
            path.unlink()
            path.mkdir()
            continue
        if how == "object":
            content[key] = Hostile(mark)
        elif how == "missing":
            del content[key]
        elif how == "type":
            content[key] = chance.choice((None, "x", -1, [], {"a": [1]}, float("nan"), b"x"))
        elif how == "nan":
            weights[weight] = weights[weight] * float("nan")
        else:
            weights[weight] = torch.zeros(3, 1, 2)
        torch.save(content, path)
    return f"checkpoints: {how}"


def link(folder: Path, material: Material, chance: random.Random) -> str:
    """Make a file or folder of the run a link to something precious, or a pipe."""
    name = chance.choice(
        (
            *("held_out.txt", "metrics.csv", "config.yaml", ".training.lock", "samples", "map"),
            *("checkpoints", "checkpoints/last.ckpt", ".config.yaml.tmp", ".held_out.txt.tmp"),
            *(".metrics.csv.tmp", "checkpoints/.last.ckpt.tmp", "evaluation/evaluation.csv"),
            "evaluation",
        )
    )
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    is_folder = path.suffix == "" and not path.name.startswith(".")
    shutil.rmtree(path, ignore_errors=True)
    path.unlink(missing_ok=True)
    kind = chance.choice(("symbolic", "hard", "pipe") if not is_folder else ("symbolic",))
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "hard":
        os.link(material.precious.file, path)
    else:
        path.symlink_to(
            material.precious.folder / "reports" if is_folder else material.precious.file
        )
    return f"{name} a {kind} link" if kind != "pipe" else f"{name} a pipe"


Act = Callable[[Path, Path], Outcome]
PROGRAMS: tuple[tuple[str, Act], ...] = (
    ("runs", lambda folder, place: run("generate", "runs", folder.parent.parent)),
    ("reconstruct", lambda folder, place: run(
        "generate", "reconstruct", folder, "--files", place / "sounds", "--out", place / "out")),
    ("trajectories", lambda folder, place: run(
        "generate", "trajectories", folder, "--trajectories", "sin", "-b", "1", "-s", "16",
        "--out", place / "out")),
    ("evaluate", lambda folder, place: run(
        "generate", "evaluate", folder, "--dataset", place / "sounds")),
    ("map", lambda folder, place: run("generate", "map", folder, "--dataset", place / "sounds")),
    ("script", lambda folder, place: run("script", folder, "-o", place / "out", "-n", "foreign")),
    ("resume", lambda folder, place: run(
        "train_model", f"resume={folder}", f"data.dataset.root={place / 'sounds'}",
        "trainer.max_epochs=4")),
    ("init_from", lambda folder, place: run(
        "train_model", "--config-name=dgt_live", f"data.dataset.root={place / 'sounds'}",
        f"rundir={place / 'runs'}", "name=new", f"model.init_from={folder}", "check=true",
        "trainer.accelerator=cpu", "model.latent_dim=4", "model.encoder.hidden_dim=16",
        "model.decoder.hidden_dim=16")),
)  # fmt: skip
