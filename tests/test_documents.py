"""What the documents say is true: commands run, flags exist, links lead somewhere."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from forked import run_forked
from hydra import compose, initialize_config_dir
from pedals import SETTINGS, write_pairs

from docs import write_configuration, write_programs
from vschaos2.overrides import FLAGS
from vschaos2.trajectories import Trajectory

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("benchmarks", "externals", "patches")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINKED = [*DOCUMENTS, *(ROOT / f"{folder}/README.md" for folder in FOLDERS), ROOT / "SECURITY.md"]
PROGRAMS = sorted(path.name for path in ROOT.glob("*.py"))

NOT_RUN = {  # a command that begins so, or holds this word: why no test of this file runs it
    r"make\b": "builds an environment of its own; continuous integration runs `make test`",
    r"python3 -m venv\b": "builds an environment of its own; make does the same",
    r"(\S*/)?pip install\b": "changes the environment the tests run in",
    r"python retrieve\.py\b": "fits for a minute; tests/test_retrieval.py runs it with few steps",
    r"python (get_params|generate)\.py .*presets\b|python script\.py presets\b": "needs many "
    "retrieved runs; tests/test_presets.py, test_effect_map.py and test_collection.py make some",
    r".*--config-name bridge\b|.* runs/duo\b": "trains two models; tests/test_bridge.py does",
    r".*--config-name (oneshots|onset_video)\b|.* runs/(wood|strikes|rain)\b": "trains two "
    "models, or asks for films; tests/test_foley.py, test_hits.py and test_film_onsets.py do small",
    r"python generate\.py onsets\b|python script\.py onsets\b": "tests/test_onset_detection.py and "
    "test_onset_export.py run it on sounds of their own",
    r"python analyse_chain\.py\b": "asks about one's own recordings; tests/test_order.py runs it",
    r".*--config-name chain_order\b": "renders for minutes; tests/test_order.py trains a small one",
    r"cd my_chain\b": "goes on from what tests/test_order.py writes the like of",
    r"python examples/make_ready_order": "trains for minutes, from what tests/test_order.py trains",
    r"sudo\b|apt\b|apt-get\b|(externals|plugins)/install_tools.sh": "changes the computer",
    r".* --daw\b": "needs what make plugins builds; tests/test_daw_plugins.py builds and plays it",
    r"cmake\b|pd\b|build/": "tests/test_external.py builds and plays the external",
    r"git\b": "changes the clone",
    r"python examples/ordinario": "needs a soundfont of 140 MB, and trains for minutes",
    r"python3? -m benchmarks\.": "measures for minutes, on sounds that are not in the clone",
    r"python3? -m docs\.": "the pages' currency is tested below, the pictures' beside their code",
    r"(\S*/)?tensorboard\b": "a server, which does not end",
    r".* trainer\.(devices|num_nodes)=": "tests/test_bigger_machines.py trains on two processes",
    r".* cluster=": "needs a cluster; the refusal without one is in tests/test_bigger_machines.py",
    r".* (trainer\.)?precision=16|.*accelerator=gpu": "needs a GPU",
}
WORDS_OF_COMMANDS = ("python", "python3", "make", "pip", "sudo", "apt", "git", "tensorboard")
# A few steps of a small model on the processor, in place of what a document trains for minutes.
QUICK = (
    "trainer.max_epochs=1 trainer.limit_train_batches=2 trainer.limit_val_batches=1 "
    "trainer.accelerator=cpu data.loader.batch_size=32 data.loader.validation_windows=32"
)


def commands(text: str) -> list[str]:
    """The command lines of a Markdown text: in blocks of a shell, and in indented blocks."""
    found = []
    for block in re.findall(r"^```(?:bash|sh|shell|console)\n(.*?)^```", text, re.M | re.S):
        found += [line.removeprefix("$ ") for line in block.replace("\\\n", " ").splitlines()]
    outside = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S).replace("\\\n", " ")
    for line in re.findall(r"^ {4}(\S.*)$", outside, re.M):
        bare = re.sub(r"^(\w+=\S+ )*", "", line)
        first = bare.split()[0] if bare.split() else ""
        if Path(first).name in (*WORDS_OF_COMMANDS, "for") or first.endswith((".py", ".sh")):
            # `train_model.py          compose a configuration`: a table, not a command
            found += [] if re.match(r"\S+\.py\s{2,}", bare) else [line]
    bare = (re.sub(r"(\s|^)#.*$", "", line).strip() for line in found)
    return [line for line in bare if line]


def not_run(command: str) -> str | None:
    """Why a command is not run here; None for one that is."""
    return next((why for words, why in NOT_RUN.items() if re.match(words, command)), None)


def steps(command: str) -> list[str]:
    """The programs that a command line starts, one after the other."""
    loop = re.fullmatch(r"for (\w+) in (.+?); *do (.+?);? *done", command)
    if loop:
        return [loop[3].replace(f"${loop[1]}", value) for value in loop[2].split()]
    return [part.strip() for part in re.split(r"&&|;", command) if part.strip() != ""]


def program_of(step: str) -> tuple[str, list[str]]:
    """A program of this repository and its arguments; fails for a command nobody can run."""
    words = shlex.split(step)
    if words and Path(words[0]).name in ("python", "python3"):
        words = words[1:]
    if not words or not (ROOT / words[0]).is_file() or not words[0].endswith(".py"):
        pytest.fail(f"a document holds a command that this test cannot run: {step!r}")
    return words[0], words[1:]


def all_commands() -> list[tuple[str, str]]:
    """Every command of the documents, once, with the document it stands in."""
    seen: dict[str, str] = {}
    for document in DOCUMENTS:
        for command in commands(document.read_text(encoding="utf-8")):
            seen.setdefault(command, document.name)
    return [(name, command) for command, name in seen.items()]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a clone, with my_recordings in it: ten labelled tones, 6 s."""
    folder = tmp_path_factory.mktemp("clone")
    for name in (*PROGRAMS, "examples", "vschaos2"):
        (folder / name).symlink_to(ROOT / name)
    sounds = folder / "my_recordings" / "data"
    sounds.mkdir(parents=True)
    t = np.arange(26_000) / 44_100
    for i in range(10):
        f0_hz = 220.0 * 2 ** (i / 12)
        tone = sum(np.sin(2 * np.pi * f0_hz * h * t) / h for h in range(1, 8))
        soundfile.write(sounds / f"{i}.wav", 0.2 * tone * np.exp(-3 * t), 44_100)
    pitches = ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"]
    names = {"pitch": pitches, "octave": [str(octave) for octave in range(9)]}
    names["instrument"] = ["flute", "cello"]
    for task, classes in names.items():
        place = folder / "my_recordings" / "metadata" / task
        place.mkdir(parents=True)
        value = {"pitch": lambda i: i, "octave": lambda i: 3, "instrument": lambda i: i % 2}[task]
        lines = [f"data/{i}.wav\t{value(i)}\n" for i in range(10)]
        (place / "metadata.txt").write_text("".join(lines), encoding="utf-8")
        listed = [f"{index}\t{name}\n" for index, name in enumerate(classes)]
        (place / "classes.txt").write_text("".join(listed), encoding="utf-8")
    return folder


def provide(folder: Path, words: list[str]) -> None:
    """Make what a command wants to read and nobody has made: recordings, sounds, runs, paths."""
    outputs = {words[i + 1] for i, w in enumerate(words[:-1]) if w in ("-o", "--out", "-n", "name")}
    for word in words:
        path = folder / word.split("=")[-1]
        if word.split("=")[-1] in outputs or path.exists() or "://" in word:
            continue
        if word == "mine":
            own_parts(folder)
        elif re.search(r"(^|=)my_\w*pairs$", word):
            write_pairs(path, SETTINGS)
        elif re.search(r"(^|=)my_\w+$|^data\.dataset\.root=", word):
            shutil.copytree(folder / "my_recordings", path)
        elif path.suffix in (".wav", ".flac"):
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / "my_recordings" / "data" / "3.wav", path.with_suffix(".wav"))
        elif path.suffix == ".nam":
            write_nam(path)
        elif path.suffix == ".npy":
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, np.zeros((32, 16), dtype=np.float32))
        elif re.fullmatch(r"([\w.]+=)?runs/\w+(/version_\d+)?|RUN", word):
            run = path if path.name.startswith("version_") else path / "version_0"
            shutil.copytree(some_run(folder), run)


def write_nam(path: Path) -> None:
    """An amp model of one unit, that tells its levels."""
    config = {"input_size": 1, "hidden_size": 1, "num_layers": 1}
    metadata = {"loudness": -20.0, "input_level_dbu": 12.0}
    content = {"version": "0.5.4", "architecture": "LSTM", "config": config, "metadata": metadata}
    path.write_text(json.dumps({**content, "weights": [0.5] * 16}))


def own_parts(folder: Path) -> None:
    """The module and the configuration of docs/python.md."""
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    (module,) = re.findall(r"^```py\n(# my_parts.py\n.*?)^```", page, re.M | re.S)
    (folder / "my_parts.py").write_text(module)
    dense = (ROOT / "vschaos2" / "configs" / "model" / "dense.yaml").read_text("utf-8")
    (encoder,) = re.findall(r"`encoder: (\{.*?\})`", page)
    own = re.sub(r"^encoder:\n(  .*\n)+", f"encoder: {encoder}\n", dense, flags=re.M)
    (folder / "mine" / "model").mkdir(parents=True)
    (folder / "mine" / "model" / "linear.yaml").write_text(own)


def some_run(folder: Path) -> Path:
    """A run that a document has trained, or else one of our own."""
    if not list((folder / "runs").glob("*/version_0")):
        start(folder, "train_model.py", ["data.dataset.root=my_recordings", *QUICK.split()])
    return min((folder / "runs").glob("*/version_0"))


def start(folder: Path, program: str, arguments: list[str]) -> None:
    """Run a program in a folder; fails with what it said if it does not end well."""
    done = run_forked(ROOT / program, arguments, folder)
    assert done.returncode == 0, f"{program} {arguments}\n{done.stderr[-2000:]}"


def python_of(document: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("document", [*filter(python_of, DOCUMENTS)], ids=lambda path: path.name)
def test_python_of_the_documents_makes_finite_paths(document, tmp_path, monkeypatch):
    blocks = python_of(document)
    (tmp_path / "listen" / "trajectories").mkdir(parents=True)
    np.save(tmp_path / "listen" / "trajectories" / "sin_0.npy", np.ones((8, 16), np.float32))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:  # each may go on from those before it
        exec(compile(block, document.name, "exec"), names)
    seconds = np.linspace(0.0, 2.0, 9)
    made = [value for value in names.values() if isinstance(value, np.ndarray)]
    paths = [value for value in names.values() if isinstance(value, Trajectory)]
    made += [path(seconds) for path in paths]
    assert made and all(bool(np.isfinite(values).all()) for values in made)
    if document.name == "generation.md":
        expected = np.concatenate((np.ones((16, 1)), np.full((16, 15), 0.2)), 1)
        np.testing.assert_allclose(np.load("mine.npy"), expected, rtol=1e-6)
    else:
        assert len(paths) >= 8
        assert all(float(np.ptp(path(seconds), axis=0).max()) > 0.0 for path in paths)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("document", "command"), [(n, c) for n, c in all_commands() if not not_run(c)]
)
def test_every_command_of_the_documents_runs(document: str, command: str, sandbox: Path):
    # In the documents' order, in one folder: what one command makes, the next one reads.
    for step in steps(command):
        if not_run(step) or re.match(r"(\.|source) ", step):
            continue
        program, arguments = program_of(step)
        provide(sandbox, arguments)
        resumed = any(word.startswith("resume=") for word in arguments)
        if any(word.startswith("prior=") for word in arguments):
            arguments.append("minutes=0.05")
        elif program == "train_model.py" and not resumed:
            arguments += QUICK.split()
        if program == "extract_pitch.py" and "--overwrite" not in arguments:
            for task in ("pitch", "octave"):
                shutil.rmtree(sandbox / arguments[0] / "metadata" / task, ignore_errors=True)
        start(sandbox, program, arguments)


def test_every_command_is_run_or_has_a_reason_not_to_be():
    found = all_commands()
    assert len(found) > 10
    for _, command in found:
        for step in [] if not_run(command) else steps(command):
            if not not_run(step) and not re.match(r"(\.|source) ", step):
                program_of(step)


def test_a_command_nobody_knows_is_found():
    text = "Text.\n\n    python no_such_program.py x\n\n```bash\nfrobnicate --all  # now\n```\n"
    assert commands(text) == ["frobnicate --all", "python no_such_program.py x"]
    for command in commands(text):
        with pytest.raises(pytest.fail.Exception, match="cannot run"):
            program_of(command)


def test_every_command_of_a_configuration_composes():
    found = 0
    for path in sorted((ROOT / "vschaos2" / "configs").rglob("*.yaml")):
        for line in re.findall(r"^# (python train_model\.py .+)$", path.read_text("utf-8"), re.M):
            words = shlex.split(line)[2:]
            config = "dgt_mid"
            if words[0] == "--config-name":
                config, words = words[1], words[2:]
                assert config == path.stem
            with initialize_config_dir(str(ROOT / "vschaos2" / "configs"), version_base="1.3"):
                # Launchers of clusters are no requirement.
                composed = compose(config, [w for w in words if not w.startswith("cluster=")])
            assert str(composed.data.dataset.root) != "???"
            found += 1
    assert found >= len(write_configuration.configurations())


def known_flags() -> set[str]:
    """Every flag of every program, Hydra's among them."""
    found = set(FLAGS)
    for program in write_programs.programs():
        for _, _, parser in write_programs.commands(program):
            found |= set(parser._option_string_actions)
    return found


def test_every_flag_that_is_mentioned_exists():
    known = known_flags() | {"--seed", "--films"}  # of examples/demo_dataset.py and strikes.py
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        spans = re.findall(r"`([^`\n]+)`", text) + commands(text)
        for span in spans:
            if not_run(span.strip()) is None and not span.startswith(("nn~", "[")):
                for flag in re.findall(r"(?:^|[\s\[(])(--[a-z][\w-]*)", span):
                    assert flag in known, f"{document.name} speaks of {flag}: no program has it"


def test_every_flag_that_exists_is_mentioned():
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    for program in write_programs.programs():
        for name, _, parser in write_programs.commands(program):
            for flag in parser._option_string_actions.keys() - {"-h"}:
                assert re.search(rf"(?<![\w-]){flag}(?![\w-])", text), f"{name} {flag} is untold"


def anchors(text: str) -> set[str]:
    """What links of a Markdown text may name behind a #, as GitHub makes it of the headings."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", outside, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_anchors_are_those_of_the_headings():
    assert anchors("# One: *two*, `three`\n```\n# no heading\n```\n") == {"one-two-three"}


@pytest.mark.parametrize("document", LINKED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_of_the_documents_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        place = document.parent / name if name else document
        assert place.exists(), target
        assert not anchor or anchor in anchors(place.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("document", LINKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_are_there(document):
    named = re.findall(r"`((?:[\w-]+/)+[\w-]+\.py)`", document.read_text("utf-8"))
    places = (ROOT, ROOT / "vschaos2", document.parent)
    assert [name for name in named if not any((place / name).is_file() for place in places)] == []
