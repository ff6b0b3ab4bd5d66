"""The estimator that comes with the package: it is small, it is plain, and it knows something."""

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from vschaos2.chains.examples import Renderer, Rendering
from vschaos2.chains.features import RATE_HZ, difference_db
from vschaos2.chains.pedals import PEDALS
from vschaos2.chains.plucked import take
from vschaos2.chains.rack import Rack, Setup
from vschaos2.chains.scores import score
from vschaos2.chains.takes import Plucked
from vschaos2.families.order.objective import said
from vschaos2.generation.order_evaluation import new_examples
from vschaos2.recognition import ready as ready_module
from vschaos2.recognition.listening import Sound, listen
from vschaos2.recognition.ready import ready

MOST_BYTES = 3 * 2**20
FOLDER = Path(ready_module.__file__).parent / "ready"


@pytest.fixture(scope="module")
def known():
    torch.set_num_threads(1)
    return ready(False)


def test_it_is_small_and_holds_plain_arrays_only(known):
    files = list(FOLDER.iterdir())
    assert max(path.stat().st_size for path in files) <= MOST_BYTES  # of each of the two
    assert {path.suffix for path in files} == {".yaml", ".npz"}
    for each in (known, ready(True)):
        name = "dry" if each.model.hears_dry else "blind"
        with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as content:
            assert set(content.files) == set(each.model.state_dict())
        assert all(bool(value.isfinite().all()) for value in each.model.state_dict().values())


def test_the_wheel_takes_it_along():
    import tomllib

    told = tomllib.loads((FOLDER.parents[2] / "pyproject.toml").read_text())
    assert "recognition/ready/*" in told["tool"]["setuptools"]["package-data"]["vschaos2"]


def test_it_names_what_was_there_far_more_often_than_chance(known):
    """Of 2081 chains; on guitars and settings of numbers that it never learnt from."""
    how = Rendering(**{**known.config.data.rendering, "shares": [1, 1, 1, 0, 0]})
    how = how._replace(
        **{key: list(value) for key, value in how._asdict().items() if hasattr(value, "append")}
    )
    renderer = Renderer(known.model.pedals, Plucked(RATE_HZ), how, (1234, 5))
    examples = new_examples(known.model, renderer, 60)
    logs, settings = said(known.model, examples)
    found = score(known.model.vocabulary, logs, examples["chain"].tolist())
    assert found.class_exact > LEAST_EXACT
    presence = np.mean([share.right for share in found.by_effect.values()])
    assert presence > 0.85
    assert bool(settings.place.isfinite().all())


LEAST_EXACT = 0.25


def test_told_the_dry_sound_it_calls_what_is_the_same_untouched():
    with_dry = ready(True)
    assert with_dry.model.hears_dry
    dry = np.float32(0.4) * take(np.random.default_rng(12), 4.0, RATE_HZ, "phrase")
    opinion = listen(with_dry.model, Sound("dry", dry, dry), 2.0)
    assert int(with_dry.model.vocabulary.by_class(opinion.logs[None])[0].argmax()) == 0


def test_it_answers_where_no_run_is_named(tmp_path, capsys):
    from vschaos2.programs.analyse import main

    dry = np.float32(0.4) * take(np.random.default_rng(8), 2.5, RATE_HZ, "phrase")
    soundfile.write(tmp_path / "dry.wav", dry, RATE_HZ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["analyse_chain.py", str(tmp_path / "dry.wav"), "--top", "2"])
        main()
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("dry.wav") and "%" in told[1]


@pytest.mark.parametrize("name", ["compressor", "eq", "distortion", "chorus", "delay", "reverb"])
def test_another_makers_effects_can_stand_in(name):
    """pedalboard is GPL-3.0, and only looked at here and in a benchmark."""
    pytest.importorskip("pedalboard")
    from benchmarks.pedalboard_rack import PedalboardRack

    dry = np.float32(0.4) * take(np.random.default_rng(9), 1.0, RATE_HZ, "phrase")
    setup = Setup(PEDALS[name], PEDALS[name].usual({}))
    theirs, ours = PedalboardRack().play(setup, dry), Rack(RATE_HZ).play(setup, dry)
    assert theirs.shape == ours.shape and np.isfinite(theirs).all()
    assert difference_db(dry, theirs) > 0.5
