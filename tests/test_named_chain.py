"""A chain that was named learns its exact settings: `retrieve.py DRY WET --start CHAIN`."""

import json
import sys

import numpy as np
import pytest
import soundfile
import torch

from vschaos2.api import compose
from vschaos2.chains.pedals import PEDALS
from vschaos2.chains.plucked import take
from vschaos2.chains.rack import Rack, Setup
from vschaos2.data.pair_files import Pair
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.programs.retrieve import main
from vschaos2.recognition.playing import to_learn
from vschaos2.retrieval.named_chain import set_echo

RATE = 22_050
QUICK = [
    "trainer.max_epochs=1", "data.loader.batches_per_epoch=12", "data.loader.window_samples=8192",
    "data.loader.warm_up_ms=50", "data.loader.validation_seconds=0.3", "trainer.accelerator=cpu",
    "training.optimiser.warmup_steps=1", "training.optimiser.average_decay=0.5",
]  # fmt: skip


def retrieve(*words: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["retrieve.py", *map(str, words)])
        main()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A take through an EQ, and a chain that knows the EQ, but not its cutoff."""
    torch.set_num_threads(1)
    place = tmp_path_factory.mktemp("named")
    dry = np.float32(0.4) * take(np.random.default_rng(4), 4.0, RATE, "phrase")
    eq = PEDALS["eq"]
    wet = Rack(RATE).play(Setup(eq, eq.usual({"cutoff_hz": 700.0, "q": 1.0})), dry)
    soundfile.write(place / "dry.wav", dry, RATE)
    soundfile.write(place / "wet.wav", wet, RATE)
    (place / "chain").mkdir()
    told = [Setup(eq, eq.usual({"cutoff_hz": 1_100.0, "q": 0.8}))]
    (place / "chain" / "chain.yaml").write_text(to_learn(told))
    return place


def test_a_named_chain_goes_on_from_what_was_told(place, capsys):
    words = [place / "dry.wav", place / "wet.wav", "--start", place / "chain"]
    retrieve(*words, "--out", place / "runs" / "exact", *QUICK)
    said = capsys.readouterr().out
    folder = place / "runs" / "exact" / "version_0"
    settings = json.loads((folder / "settings.json").read_text())
    cutoff = next(each for name, each in settings.items() if name.endswith("low_pass_hz"))
    assert cutoff["unit"] == "Hz" and 700.0 < cutoff["value"] < 1_095.0  # it is on its way
    meta = json.loads((folder / "meta.json").read_text())
    assert 0.0 < meta["distance"] < meta["distance_unprocessed"]
    assert "of the way that the dry sound is from the wet one" in said and "low_pass_hz" in said
    assert load_run(folder).config.family == "effect"


@pytest.mark.parametrize("drive_db", [None, 20.0])
def test_an_echo_begins_at_the_time_that_wet_answers_at(drive_db, tmp_path):
    """Named a tenth too late, where no training would bring it back; behind a distortion, too."""
    dry = np.float32(0.4) * take(np.random.default_rng(6), 5.0, RATE, "phrase")
    delay = PEDALS["delay"]
    before = [] if drive_db is None else [_set("distortion", drive_db=drive_db)]
    played = [*before, Setup(delay, delay.usual({"time_ms": 310.0, "level_db": -3.0}))]
    named = [*before, Setup(delay, delay.usual({"time_ms": 341.0, "level_db": -3.0}))]
    soundfile.write(tmp_path / "dry.wav", dry, RATE)
    soundfile.write(tmp_path / "wet.wav", 0.3 * Rack(RATE).play_all(played, dry), RATE)
    (tmp_path / "chain.yaml").write_text(to_learn(named))
    config = compose("chain", folder=tmp_path)
    pair = Pair("", tmp_path / "dry.wav", tmp_path / "wet.wav")
    found = set_echo(pair, config)
    assert found == pytest.approx(310.0, abs=0.5)
    items = config.model.net.processors
    assert next(v.echo_ms for item in items for v in item.values() if "echo_ms" in v) == found


def test_no_echo_is_set_where_none_was_named_and_none_is_heard(place):
    config = compose("chain", folder=place / "chain")
    pair = Pair("", place / "dry.wav", place / "wet.wav")
    assert set_echo(pair, config) is None
    delay = PEDALS["delay"]
    (place / "echo").mkdir()
    (place / "echo" / "chain.yaml").write_text(to_learn([Setup(delay, delay.usual({}))]))
    config = compose("chain", folder=place / "echo")
    was = [dict(v) for item in config.model.net.processors for v in item.values()]
    assert set_echo(pair, config) is None
    assert [dict(v) for item in config.model.net.processors for v in item.values()] == was


def _set(name: str, **told: float) -> Setup:
    return Setup(PEDALS[name], PEDALS[name].usual(told))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dry.wav", "wet.wav", "--start", "nowhere"], "--start nowhere: there is no chain.yaml"),
        (["dry.wav", "wet.wav", "--start", "dry.wav"], "there is no chain.yaml"),
        (["pairs", "--start", "chain"], "name a dry and a wet one"),
        (["dry.wav", "wet.wav", "--start", "chain", "--config-name", "x"], "leave --config-name"),
        (["dry.wav", "--like", "wet.wav", "--prior", "x", "--start", "chain"], "--start: --like"),
    ],
)
def test_what_cannot_be_a_start_is_told_in_a_line(words, told, place, monkeypatch):
    monkeypatch.chdir(place)
    with pytest.raises(InputError) as found:
        retrieve(*words, "--out", "runs/no")
    assert told in str(found.value) and "\n" not in str(found.value)
    assert not (place / "runs" / "no").exists()
