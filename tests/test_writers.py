"""What the programs write appears whole or not at all, and one line says why it cannot."""

import os
import resource
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from conftest import TINY, seeded_model
from exports import export_run
from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.export import card as card_module
from vschaos2.export.trial import ExportError
from vschaos2.families.vae import playable as playable_module
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.files import check_place, open_plain
from vschaos2.folders import made_folder, results_folder
from vschaos2.generation.evaluation import Evaluation
from vschaos2.generation.latent_files import read_latents, write_latents
from vschaos2.generation.latent_map import LatentMap, write_csv
from vschaos2.generation.map_picture import draw_map
from vschaos2.generation.morphing import Course
from vschaos2.generation.paths import PathOptions
from vschaos2.generation.reconstruct import named_files
from vschaos2.generation.score_tables import write_tables

QUIET = {
    method: {"512": {"real_time_factor": 0.1, "slowest_ms": 1.0}}
    for method in ("forward", "encode", "decode")
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


@contextmanager
def files_limited_to(size: int):
    """Files longer than this cannot be written: a full disk, for this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@contextmanager
def nobody():
    """As a user who may write nowhere: root may write anywhere."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        yield


ANSWERS: dict = {}


def once(method):
    """A method that is asked once: all whom it is asked of are of the tiny run."""

    def answer(self, *given):
        if method.__name__ not in ANSWERS:
            ANSWERS[method.__name__] = method(self, *given)
        return ANSWERS[method.__name__]

    return answer


@pytest.fixture
def quick(monkeypatch):
    """An export that does not measure itself."""
    for name, found in (
        ("check_file", {"": 0.0}),
        ("measure_load", QUIET),
    ):
        monkeypatch.setattr(card_module, name, lambda *_, found=found: found)
    monkeypatch.setattr(PlayableVAE, "prove", lambda *_: None)
    for name in ("saved", "lines"):
        monkeypatch.setattr(PlayableVAE, name, once(getattr(PlayableVAE, name)))
    monkeypatch.setattr(playable_module, "measure_recovery", lambda *_: {})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def small_map() -> LatentMap:
    count = 6
    places = np.random.default_rng(0).standard_normal((count, 2))
    return LatentMap(
        ["a.wav"], np.zeros(count, np.int64), np.zeros(count), np.zeros(count), places,
        np.array([0.6, 0.4]), np.zeros((count, 4)), "pca", "level", np.zeros(count), [],
    )  # fmt: skip


def small_evaluation(folder) -> Evaluation:
    score = {"keep_input/snr_db": 3.0}
    return Evaluation(folder / "x" / "version_0", ["a"], [score], score, [], "eco", ["b\udce9"])


WRITERS = {
    "path": lambda folder: write_latents(folder / "a.npy", np.zeros((2000, 4))),
    "tables": lambda folder: write_tables(small_evaluation(folder), folder),
    "map": lambda folder: draw_map(small_map(), folder / "map.png"),
    "points": lambda folder: write_csv(small_map(), folder / "map.csv"),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_one_line_and_leaves_what_was_there(tmp_path, writer):
    with pytest.raises(InputError, match=r"cannot write .*: the disk is full"), files_limited_to(9):
        WRITERS[writer](tmp_path / "new")
    assert contents(tmp_path / "new") == {}
    WRITERS[writer](tmp_path / "new")
    before = contents(tmp_path / "new")
    assert before
    with pytest.raises(InputError, match="the disk is full"), files_limited_to(9):
        WRITERS[writer](tmp_path / "new")
    assert contents(tmp_path / "new") == before


@pytest.mark.parametrize("writer", WRITERS)
def test_a_place_that_cannot_be_written_to_is_one_line(writer):
    with tempfile.TemporaryDirectory() as made:  # where others may enter, as pytest's may not
        place = Path(made)
        (place / "file").write_text("mine")
        with pytest.raises(
            InputError, match="file: this folder cannot be made: is a file, no folder"
        ):
            WRITERS[writer](place / "file")
        (place / "closed").mkdir()
        for folder in (place / "closed", place):
            folder.chmod(0o555)
        with nobody():
            with pytest.raises(InputError, match=r"cannot write .*: Permission denied"):
                WRITERS[writer](place / "closed")
            with pytest.raises(InputError, match="cannot be made: Permission denied"):
                WRITERS[writer](place / "new")
        assert contents(place / "closed") == {}
        place.chmod(0o755)


def test_an_export_on_a_full_disk_keeps_the_older_one(tiny_run, tmp_path, quick):
    folder = tmp_path / "out"
    for room in (2**12, 2**16, 2**18):  # not even a card; some patches; all but the model
        full = pytest.raises(InputError, match=r"cannot write .*: the disk is full")
        with full as told, files_limited_to(room):
            export_run(tiny_run, folder, "tiny")
        assert "\n" not in str(told.value)
        assert contents(folder) == {}
    export_run(tiny_run, folder, "tiny")
    before = contents(folder)
    assert len(before) == 8  # the model, its card, three patches for each program
    with pytest.raises(InputError, match="the disk is full"), files_limited_to(2**16):
        export_run(tiny_run, folder, "tiny")
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["tiny.ts", "tiny.json", "tiny.pd"])
def test_an_export_onto_a_folder_is_one_line(tiny_run, tmp_path, quick, name):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=f"cannot write .*{name}: a folder has this name"):
        export_run(tiny_run, tmp_path, "tiny")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def changed(tiny_run, part: str, value: float):
    """The tiny run, with one value in every place of a tensor of its model."""
    model = seeded_model()
    with torch.no_grad():
        model.state_dict()[part].fill_(value)
    return tiny_run._replace(config=OmegaConf.create(TINY), model=model)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("decoder.layers.4.bias", float("nan"), "decoder.layers.4.bias are not finite"),
        ("decoder.layers.4.bias", float("inf"), "decoder.layers.4.bias are not finite"),
        ("encoder.body.0.weight", 1e30, "encoder.body.0.weight are not finite"),
        ("transform.scale", 1e-38, "all but silent"),
        ("transform.scale", 0.0, "all but silent"),
        ("transform.scale", 1e30, "transform.scale are not finite"),
    ],
)
def test_a_model_that_is_no_instrument_is_refused_in_one_line(
    tiny_run, tmp_path, part, value, message
):
    with pytest.raises(InputError, match=message) as told:
        export_run(changed(tiny_run, part, value), tmp_path / "out", "tiny")
    assert "\n" not in str(told.value) and str(tiny_run.folder) in str(told.value)
    assert not (tmp_path / "out").exists()


def test_latents_that_are_absurd_are_refused_in_one_line(tiny_run, tmp_path):
    for factor in (float("nan"), 1e30):
        run = tiny_run._replace(kept=tiny_run.kept._replace(latents=tiny_run.kept.latents * factor))
        with pytest.raises(InputError, match="training latents are not finite, or beyond"):
            export_run(run, tmp_path / "out", "tiny")
    assert not (tmp_path / "out").exists()


def test_a_model_that_deafens_is_not_exported(tiny_run, tmp_path):
    with pytest.raises(
        ExportError, match=r"forward: the model plays what is not finite, or beyond"
    ):
        export_run(changed(tiny_run, "decoder.layers.4.bias", 1e9), tmp_path / "out", "tiny")
    assert contents(tmp_path / "out") == {}


# --- arrays of others ---


def npy(header: str, body: bytes = b"", version: int = 1) -> bytes:
    text = header.encode("latin1") + b"\n"
    return b"\x93NUMPY" + bytes((version, 0)) + len(text).to_bytes(2, "little") + text + body


HOSTILE = {
    "claims": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 4), }"),
    "overflow": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**62, 2**62), }"),
    "product": npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**62}, {2**62}), }}"),
    "negative": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 4), }", bytes(64)),
    "text": npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1, 4), }", bytes(64)),
    "object": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 4), }", bytes(64)),
    "fields": npy(
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1, 4), }", bytes(32)
    ),
    "complex": npy("{'descr': '<c16', 'fortran_order': False, 'shape': (1, 4), }", bytes(64)),
    "open": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4"),
    "nested": npy("(" * 5000),
    "call": npy("__import__('os').system('touch pwned')"),
    "bytes": npy("{'descr': '\x00', 'fortran_order': 7, 'shape': None}"),
    "short": b"\x93NUMPY\x01",
    "later": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4), }", bytes(32), 9),
    "empty": b"",
    "none": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4), }"),
    "number": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", bytes(8)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_arrays_are_refused_in_one_line(tmp_path, kind):
    path = tmp_path / "x.npy"
    path.write_bytes(HOSTILE[kind])
    for read in (lambda: read_latents(path, 4), lambda: Course(curve=path).positions(8)):
        with pytest.raises(InputError) as told:
            read()
        assert str(told.value).startswith(str(path)) and "\n" not in str(told.value)
    assert [each.name for each in tmp_path.iterdir()] == ["x.npy"]


def test_numbers_of_any_kind_and_order_are_read(tmp_path):
    given = np.arange(12).reshape(3, 4)
    for kind in ("<f4", ">f8", "<f2", "<i4", ">u2", "<f8", "longdouble"):
        for made in (given.astype(kind), np.asfortranarray(given.astype(kind))):
            np.save(tmp_path / "x.npy", made)
            assert np.array_equal(read_latents(tmp_path / "x.npy", 4), given)


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "not finite"), (-np.inf, "not finite"), (1e30, "beyond any"), (-2e6, "beyond any")],
)
def test_latents_out_of_reach_are_refused(tmp_path, value, message):
    points = np.zeros((5, 4))
    points[3, 1] = value
    np.save(tmp_path / "x.npy", points)
    with pytest.raises(InputError, match=f"step 3 is {message}"):
        read_latents(tmp_path / "x.npy", 4)


def test_paths_that_are_written_can_be_read_again(tmp_path):
    with pytest.raises(InputError, match=r"amplitude must be within ±100, got 1e\+300"):
        PathOptions(amplitude=1e300)
    points = np.full((3, 4), 100.0 * 16)
    write_latents(tmp_path / "x.npy", points)
    assert np.array_equal(read_latents(tmp_path / "x.npy", 4), points)


def test_pipes_hold_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "x.npy")
    with pytest.raises(InputError, match="is no plain file"):
        read_latents(tmp_path / "x.npy", 4)
    os.mkfifo(tmp_path / "x.wav")
    with pytest.raises(InputError, match="is no plain file"):
        named_files([tmp_path / "x.wav"], tmp_path / "out")
    (tmp_path / "link").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="is no plain file"):
        open_plain(tmp_path / "link")
    soundfile.write(tmp_path / "y.wav", np.zeros(8), 44100)
    (tmp_path / "z.wav").symlink_to(tmp_path / "y.wav")
    open_plain(tmp_path / "z.wav").close()
    assert len(named_files([tmp_path / "z.wav"], tmp_path / "out")) == 1


def test_places_are_checked_before_the_work(tmp_path):
    check_place(tmp_path / "a")
    assert contents(tmp_path) == {}
    (tmp_path / "b").mkdir()
    for place in (tmp_path / "b", tmp_path / "no" / "c"):
        with pytest.raises(InputError, match=f"cannot write {place}"):
            check_place(place)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert made_folder(tmp_path / "link") == tmp_path / "link"
    with pytest.raises(InputError, match="is a link"):
        made_folder(tmp_path / "link", is_own=True)


def test_work_that_fails_leaves_no_empty_folder(tmp_path):
    (tmp_path / "there").mkdir()
    for place in ("new", "new/deep/er", "there", "there/deep"):
        with pytest.raises(InputError), results_folder(tmp_path / place) as folder:
            assert folder.is_dir()
            raise InputError("no pairs")
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
    with pytest.raises(InputError), results_folder(tmp_path / "kept" / "in") as folder:
        (folder / "table.csv").touch()
        raise InputError("no room")
    assert (tmp_path / "kept/in/table.csv").exists()
