"""The family "order": it learns, is resumed, is measured, and answers."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from omegaconf import OmegaConf

from vschaos2.api import compose
from vschaos2.chains.features import RATE_HZ, echoes_place, summary_size
from vschaos2.chains.plucked import take
from vschaos2.chains.rack import Rack, Setup
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.order.build import build_model
from vschaos2.families.order.estimator import COVERED, Settings, surprise
from vschaos2.families.order.material import ChainMaterial, material
from vschaos2.families.order.objective import ChainObjective
from vschaos2.families.order.pool import ChainBatch, ChainBatches, Plan, rows
from vschaos2.families.order.times import learn_times
from vschaos2.training.objective import Moment

LEFT_OUT = ("compressor", "eq", "chorus", "phaser", "tremolo", "reverb")
SMALL = [
    *(f"model.effects.{name}=null" for name in LEFT_OUT),
    *("model.longest=2", "model.channels=[4,8]", "model.hidden_dims=8", "model.dropout=0"),
    *("data.rendering.shares=[1,1,1]", "data.rendering.seconds=0.7", "data.store.workers=0"),
    *("data.loader.first_examples=100", "data.loader.fresh_examples=10"),
    *("data.loader.kept_examples=120", "data.loader.validation_examples=20"),
    *("data.loader.calibration_examples=20", "data.loader.batch_size=20"),
    *("data.loader.batches_per_epoch=15", "trainer.accelerator=cpu", "data.rendering.run_up_s=0"),
    *("training.optimiser.average_decay=0.8", "training.optimiser.warmup_steps=3"),
    "training.optimiser.learning_rate=0.005",
]


@pytest.fixture(scope="module", autouse=True)
def chunks_of_ten():
    """A hundred examples take seconds."""
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        for module in ("chains.store", "families.order.pool", "families.order.material"):
            patch.setattr(f"vschaos2.{module}.CHUNK", 10)
        patch.setattr("vschaos2.families.order.times.STEPS", 200)
        yield


def call(program: str, *words: object) -> None:
    from vschaos2.programs import analyse, export, generate, train

    programs = {
        "train_model.py": train, "generate.py": generate, "script.py": export,
        "analyse_chain.py": analyse,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [program, *map(str, words)])
        programs[program].main()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A run that was stopped after an epoch and went on, and examples that are kept."""
    place = tmp_path_factory.mktemp("order")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        words = ["--config-name=chain_order", "name=small", *SMALL, "data.store.folder=kept"]
        eager = ["callbacks.monitor.first_seconds=0", "callbacks.monitor.share=0.5"]
        call("train_model.py", *words, *eager, "trainer.max_epochs=1")
        call("train_model.py", "resume=runs/small", "trainer.max_epochs=3")
    return place


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("sounds")
    dry = np.float32(0.4) * take(np.random.default_rng(4), 1.6, RATE_HZ, "phrase")
    model = build_model(compose("chain_order", "data.dataset.root=plucked", *SMALL))
    wet = Rack(RATE_HZ).play_all([Setup(p, p.usual({})) for p in model.pedals], dry)
    soundfile.write(place / "dry.wav", dry, RATE_HZ)
    soundfile.write(place / "wet.wav", wet, RATE_HZ)
    soundfile.write(place / "short.wav", dry[:5000], RATE_HZ)
    soundfile.write(place / "silent.wav", 0.0 * dry, RATE_HZ)
    soundfile.write(place / "constant.wav", 0.0 * dry + 0.4, 44_100)
    return place


def test_it_learns_and_goes_on(place):
    run = load_run(place / "runs" / "small")
    assert run.config.family == "order" and run.summary["step"] >= 15
    losses = [row["validation/chain"] for row in rows_of(place / "runs/small/version_0")]
    assert min(losses) < np.log(len(run.model.vocabulary.chains))  # of who knows nothing
    assert float(run.model.temperature) != 1.0
    # 100 examples, two of 20 that are held out, and 10 more for each further epoch.
    assert len(list((place / "kept").iterdir())) == 10 + 2 + 2 + 2
    shown = {path.name for path in (place / "runs/small/version_0/samples").rglob("*.png")}
    assert {"effects.png", "confusions.png"} <= shown


def rows_of(folder: Path) -> list[dict[str, float]]:
    from vschaos2.tables import read_table

    rows = read_table(folder / "metrics.csv")
    return [
        {key: float(value) for key, value in row.items() if value}
        for row in rows
        if row.get("validation/chain")
    ]


def test_it_has_no_form_that_a_host_could_play(place):
    with pytest.raises(InputError, match="family 'order', which has no form that a host"):
        call("script.py", place / "runs/small", "-o", place / "out")
    with pytest.raises(InputError, match="family 'order' has no forward"):
        call("generate.py", "process", place / "runs/small", "--files", place / "x.wav")


def test_it_is_measured(place, monkeypatch):
    monkeypatch.setattr("vschaos2.programs.evaluations.EXAMPLES", 12)
    call("generate.py", "evaluate", place / "runs/small")
    folder = place / "runs/small/version_0/evaluation"
    found = json.loads((folder / "evaluation.json").read_text())
    assert list(found["sets"]) == ["own", "wider", "notes", "phrases"]
    own = found["sets"]["own"]
    assert own["examples"] == 12 and 0.0 <= own["class_exact"] <= own["among_three"] <= 1.0
    assert set(own["by_effect"]) == {"distortion", "delay"}
    assert "chance" in (folder / "evaluation.md").read_text()
    names = {path.name for path in folder.iterdir()}
    assert {"effects.png", "confusions.png", "evaluation.csv"} <= names


def test_a_folder_of_recordings_is_learnt_from(sounds):
    config = compose("chain_order", f"data.dataset.root={sounds}", *SMALL)
    model = build_model(config)
    data = material(config, model)
    assert isinstance(data, ChainMaterial) and len(data.held_out) == 1
    batch = next(iter(data.train_dataloader()))
    assert batch["mel"].shape[0] == 20 and bool(batch["mel"].isfinite().all())


def test_instruments_by_code_stand_beside_recordings(sounds):
    """Every second take, about, is of the folder: the first sample tells which it is."""
    keys = (f"data.dataset.root={sounds}", "data.dataset.beside=plucked")
    config = compose("chain_order", *keys, *SMALL)
    data = material(config, build_model(config))
    alone = material(compose("chain_order", keys[0], *SMALL), data.model)
    assert data.digest() != alone.digest() and data.held_out == alone.held_out
    for takes, own in (
        (data.source.training, alone.source.training),
        (data.source.held_out, alone.source.held_out),
    ):
        recorded = 0
        for number in range(40):
            rng = np.random.default_rng(number)
            which = int(rng.integers(2))
            drawn = takes.draw(np.random.default_rng(number), 4_000)
            if which == 0:
                np.testing.assert_array_equal(drawn, own.draw(rng, 4_000))
            recorded += which == 0
        assert 10 < recorded < 30


@pytest.mark.parametrize("decoder", ["pairwise", "flat", "autoregressive"])
def test_every_decoder_says_probabilities_and_learns(decoder):
    config = compose("chain_order", "data.dataset.root=plucked", *SMALL, f"model.decoder={decoder}")
    torch.manual_seed(0)
    model = build_model(config)
    objective = ChainObjective(model, 0.1)
    count = len(model.vocabulary.chains)
    batch = {
        "mel": torch.randn(count, 1, 28, 64),
        "summary": torch.randn(count, 1, summary_size()),
        "chain": torch.arange(count),
        "settings": torch.full((count, len(model.settings)), float("nan")),
    }
    told = model.eval()(batch["mel"], batch["summary"])
    torch.testing.assert_close(told.logs.exp().sum(1), torch.ones(count))
    model.train()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        optimiser.zero_grad()
        loss = objective.loss(batch, Moment(0, 0)).total
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]


def test_the_time_of_an_echo_is_read_off_its_peak_alone(place):
    model = load_run(place / "runs" / "small").model
    mel, summary = torch.randn(3, 1, 40, 64), torch.randn(3, 1, summary_size())
    moved, others = summary.clone(), summary.clone()
    moved[..., echoes_place()] += 1.0
    others[..., : echoes_place().start] += 1.0
    names = [setting.name for _, setting in model.settings]
    at = names.index("time_ms")
    with torch.no_grad():
        told, by_peak, by_others = (model(mel, each).settings for each in (summary, moved, others))
    assert not torch.equal(told.place[:, at], by_peak.place[:, at])
    for a, b in zip(told, by_others, strict=True):
        assert torch.equal(a[:, at], b[:, at]) and not torch.equal(a, b)
    assert build_model(compose("chain_order", "model.effects.delay=null")).timed.numel() == 0


def test_times_of_echoes_are_learnt_apart_and_from_what_is_learnt_from(place):
    """What a training that was resumed has stored is what examples of one of its epochs teach."""
    run = load_run(place / "runs" / "small")
    config = OmegaConf.merge(run.config, {"data": {"store": {"folder": str(place / "kept")}}})
    data = material(config, run.model)
    stored = {key: value.clone() for key, value in run.model.state_dict().items()}
    fits = []
    for epoch in range(3):
        assert learn_times(run.model, data.epoch(epoch)) > 0
        fits.append({key: value.clone() for key, value in run.model.timing.state_dict().items()})
    at = [all(torch.equal(f[key], stored[f"timing.{key}"]) for key in f) for f in fits]
    assert any(at)
    moved = {k for k, v in run.model.state_dict().items() if not torch.equal(v, stored[k])}
    assert moved <= {f"timing.{key}" for key in fits[0]}


def test_times_of_echoes_are_found_where_peaks_tell_them():
    model = build_model(compose("chain_order", "data.dataset.root=plucked", *SMALL))
    at, names = echoes_place(), [setting.name for _, setting in model.settings]
    summary, settings = torch.randn(400, 1, summary_size()), torch.full((400, len(names)), np.nan)
    settings[:300, names.index("time_ms")] = 0.5 + 0.2 * summary[:300, 0, at.start].clamp(-2, 2)
    mel, chain = torch.zeros(400, 1, 4, 64), torch.zeros(400, dtype=torch.long)
    batch = ChainBatch(mel=mel, summary=summary, chain=chain, settings=settings)
    before, chance = model.knobs[1].weight.clone(), torch.get_rng_state()
    assert learn_times(model, [batch]) == 300  # those with a delay
    assert torch.equal(torch.get_rng_state(), chance) and torch.equal(before, model.knobs[1].weight)
    place = model.eval()(batch["mel"], summary).settings.place.detach()
    off = (place - settings)[:300, names.index("time_ms")].abs()
    assert float(off.mean()) < 0.03  # of a range in which they are spread by .17
    without = rows(batch, slice(300, None))
    assert learn_times(model, [without]) == learn_times(model, []) == 0
    no_delay = build_model(compose("chain_order", "model.effects.delay=null"))
    assert learn_times(no_delay, [batch]) == 0


def test_settings_are_surprising_by_a_distribution_of_laplace():
    truth = torch.tensor([[0.2, float("nan")], [0.9, 0.4]])
    settings = Settings(
        torch.tensor([[0.3, 9.0], [0.9, 0.1]]), torch.tensor([[0.1, 1.0], [0.2, 0.5]])
    )
    laplace = torch.distributions.Laplace
    due = -torch.stack(
        [
            laplace(0.3, 0.1).log_prob(torch.tensor(0.2)),
            laplace(0.9, 0.2).log_prob(torch.tensor(0.9)),
            laplace(0.1, 0.5).log_prob(torch.tensor(0.4)),
        ]
    ).mean()
    torch.testing.assert_close(surprise(settings, truth), due)
    assert float(surprise(settings, torch.full_like(truth, float("nan")))) == 0.0


def test_calibration_makes_probabilities_true_and_ranges_hold(place):
    """Of a model that is far too sure of itself, and of one whose spreads are far too small."""
    run = load_run(place / "runs" / "small")
    model = run.model
    with torch.no_grad():
        for name in ("presence", "order"):
            getattr(model.decoder, name).weight.mul_(30.0)
    config = OmegaConf.merge(run.config, {"data": {"store": {"folder": None, "workers": 0}}})
    data = material(config, model)
    ChainObjective(model, 0.1).calibrate(model, data)
    assert float(model.temperature) > 2.0
    from vschaos2.families.order.material import CALIBRATION
    from vschaos2.families.order.objective import said

    examples = data.fixed(CALIBRATION)
    _, settings = said(model, examples)
    known = ~examples["settings"].isnan()
    off = ((settings.place - examples["settings"]).abs() / settings.spread)[known]
    inside = float((off <= -np.log(1.0 - COVERED)).float().mean())
    assert inside == pytest.approx(COVERED, abs=0.05)


def test_a_window_slides_over_the_chunks():
    plan = Plan(first=4, fresh=2, kept=5)
    assert [list(plan.chunks(e)) for e in range(3)] == [
        [0, 1, 2, 3], [1, 2, 3, 4, 5][:5], [3, 4, 5, 6, 7],
    ]  # fmt: skip


def test_batches_are_what_seed_epoch_and_number_say(place):
    config = compose("chain_order", "data.dataset.root=plucked", *SMALL)
    config.data.store.folder = str(place / "kept")
    data = material(config, build_model(config))
    batches: ChainBatches = data.train_dataloader().batches  # type: ignore[attr-defined]
    batches.set_position(1, 3)
    late = next(iter(batches))
    other: ChainBatches = material(config, data.model).train_dataloader().batches  # type: ignore
    other.set_position(1)
    whole = list(other)
    assert len(whole) == 15
    torch.testing.assert_close(late["mel"], whole[3]["mel"])
    assert torch.equal(late["chain"], whole[3]["chain"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.decoder=guess"], "model.decoder must be pairwise or flat or autoregressive"),
        (["+model.effects.fuzz={}"], "no effect 'fuzz'"),
        (["model.effects.delay.feedback=[0,2]"], "from 0 to 0.95, got 2"),
        (["model.hears_dry=true"], "model.hears_dry needs data.rendering.with_dry=true"),
        (["data.dataset.sample_rate_hz=44100"], "must be 22050"),
        (["data.loader.first_examples=45"], "must be whole hundreds, got 45"),
        (["data.rendering.shares=[1]"], "must have 3 numbers"),
        (["data.rendering.pickups=2"], "data.rendering.pickups must be a number from 0 to 1"),
        (["data.rendering.room_s=[0.4,0.1]"], "room_s: the first must not be above the second"),
        (["model.channels=[1,1,1,1,1,1,1]"], "up to six numbers"),
        (["model.channels=[]", "model.decoder=autoregressive"], "hears moments"),
        (["data.dataset.root=nowhere"], "nowhere"),
        (["data.dataset.beside=brass"], "must be plucked, played or null, got 'brass'"),
        (["data.dataset.beside=played"], "stands beside recordings: give their folder"),
        (["data.store.workers=many"], "data.store.workers must be a whole number"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_in_a_line(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        config = compose("chain_order", "data.dataset.root=plucked", *SMALL, *words)
        material(config, build_model(config))
    except InputError as error:
        assert told in str(error) and "\n" not in str(error)
    else:
        pytest.fail("it was taken")


def test_a_chain_is_named(place, sounds, capsys):
    run = place / "runs" / "small"
    call("analyse_chain.py", sounds / "wet.wav", sounds / "dry.wav", "--run", run, "--json")
    wet, dry = json.loads(capsys.readouterr().out)
    assert (wet["file"], dry["file"]) == ("wet.wav", "dry.wav")
    for found in (wet, dry):
        shares = [each["probability"] for each in found["chains"]]
        assert sum(shares) == pytest.approx(1.0, abs=0.01)  # all five that there are
        assert shares == sorted(shares, reverse=True)
        first = found["chains"][0]["orders"][0]
        assert set(found["settings"]) == set(first)
        for settings in found["settings"].values():
            for each in settings.values():
                assert each["lowest"] <= each["value"] <= each["highest"]
    words = [sounds / "wet.wav", "--run", run, "--effects", "delay"]
    call("analyse_chain.py", *words, "--json")
    (found,) = json.loads(capsys.readouterr().out)
    assert {tuple(*each["orders"]) for each in found["chains"]} <= {(), ("delay",)}
    call("analyse_chain.py", *words)
    assert "distortion" not in capsys.readouterr().out


def test_whether_an_order_matters_is_told(sounds, capsys):
    dry = sounds / "dry.wav"
    call("analyse_chain.py", "--swap", "delay", "reverb", "--dry", dry)
    assert "0.00 dB apart, which cannot be heard: both are linear" in capsys.readouterr().out
    loud = ["--set", "distortion.drive_db=38", "eq.cutoff_hz=300"]
    call("analyse_chain.py", "--swap", "eq", "distortion", "--dry", dry, *loud)
    assert "which can be heard" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "which recordings"),
        (["missing.wav"], "missing.wav"),
        (["short.wav"], "0.7 s or more"),
        (["silent.wav"], "is silent"),
        (["constant.wav"], "holds one value, 0.4, and no sound"),
        (["wet.wav", "dry.wav", "--dry", "dry.wav"], "give one file beside it"),
        (["wet.wav", "--top", "0"], "--top must be a whole number from 1"),
        (["wet.wav", "--effects", "fuzz"], "--effects: no effect 'fuzz'"),
        (["wet.wav", "--set", "eq.q=1"], "--set belongs to --swap"),
        (["--swap", "eq", "delay"], "plays one dry recording both ways"),
        (["--swap", "eq", "delay", "--dry", "silent.wav"], "is silent"),
        (["--swap", "eq", "delay", "--dry", "constant.wav"], "holds one value"),
        (["--swap", "eq", "delay", "--dry", "dry.wav", "--effects", "eq"], "--effects is of no"),
        (["--swap", "eq", "delay", "--dry", "dry.wav", "--run", "x"], "--run is of no use"),
        (["dry.wav", "--dry", "dry.wav"], "--dry and the recording are the same file"),
        (["dry.wav", "--dry", "missing.wav"], "--dry: missing.wav is no file"),
        (["--swap", "eq", "eq", "--dry", "dry.wav"], "two different effects"),
        (["--swap", "eq", "wah", "--dry", "dry.wav"], "no effect 'wah'"),
        (["--swap", "eq", "delay", "--dry", "dry.wav", "--set", "eq.x=1"], "no setting 'x'"),
        (["--swap", "eq", "delay", "--dry", "dry.wav", "--set", "eq.q=x"], "'x' is no number"),
        (["--swap", "eq", "delay", "--dry", "dry.wav", "--set", "eq.q=99"], "from 0.5 to 10"),
    ],
)
def test_what_cannot_be_analysed_is_told_in_a_line(words, told, place, sounds, monkeypatch):
    monkeypatch.chdir(sounds)
    run = [] if "--swap" in words else ["--run", place / "runs" / "small"]
    with pytest.raises(InputError) as found:
        call("analyse_chain.py", *words, *run)
    assert told in str(found.value) and "\n" not in str(found.value)


def test_what_cannot_be_analysed_does_not_hide_the_others(place, sounds, monkeypatch, capsys):
    monkeypatch.chdir(sounds)
    files = ["missing.wav", "wet.wav", "silent.wav", "dry.wav"]
    with pytest.raises(InputError, match="nothing can be said of 2 of 4 files"):
        call("analyse_chain.py", *files, "--json", "--run", place / "runs" / "small")
    told = json.loads(capsys.readouterr().out)
    assert [each["file"] for each in told] == ["wet.wav", "dry.wav"]


def test_chains_of_files_of_one_name_get_folders_of_their_own(place, sounds, tmp_path, monkeypatch):
    from vschaos2.recognition import playing

    monkeypatch.setattr(playing, "export", lambda run, folder, name, wishes: folder / f"{name}.ts")
    files = [tmp_path / name for name in ("a/wet.wav", "b/wet.wav", "...wav")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes((sounds / "wet.wav").read_bytes())
    out = tmp_path / "chains"
    call("analyse_chain.py", *files, "-o", out, "--run", place / "runs" / "small")
    assert sorted(path.name for path in out.iterdir()) == ["sound", "wet", "wet-2"]
    assert {path.parent for path in tmp_path.rglob("chain.json")} == set(out.iterdir())


def test_a_chain_is_written_to_play(place, sounds, tmp_path, monkeypatch):
    """All but the .ts, which takes seconds: tests of effects export chains."""
    from vschaos2.families.effect.rendering import rendered
    from vschaos2.recognition import playing
    from vschaos2.recognition.answers import answer
    from vschaos2.recognition.listening import listen, read_sound

    monkeypatch.setattr(playing, "export", lambda run, folder, name, wishes: folder / f"{name}.ts")
    model = load_run(place / "runs" / "small").model
    sound = read_sound(sounds / "wet.wav", sounds / "dry.wav")
    opinion = listen(model, sound, 0.7)
    certain = torch.full_like(opinion.logs, -30.0)
    certain[model.vocabulary.number(["distortion", "delay"])] = 0.0
    opinion = opinion._replace(logs=torch.log_softmax(certain, 0))
    told = answer(model, sound.name, opinion, 3, sound.dry)
    setups = told.setups(model)
    assert [each.pedal.name for each in setups] == ["distortion", "delay"]
    written = playing.write_chain(told, setups, tmp_path, sounds / "dry.wav")
    assert [path.name for path in written] == [
        "chain.json", "wet-chain.ts", "chain.yaml", "chain.py", "re-rendered.wav",
    ]  # fmt: skip
    compile((tmp_path / "chain.py").read_text(), "chain.py", "exec")
    run = load_run(tmp_path / "runs" / "wet-chain")
    dry = np.float32(0.1) * np.random.default_rng(0).standard_normal(8192).astype(np.float32)
    made = rendered(run.model, dry[None], np.zeros((0, 1), np.float32))[0]
    due = Rack(run.config.data.dataset.sample_rate_hz).play_all(setups, dry)
    np.testing.assert_allclose(made, due, atol=1e-5)
    content = json.loads((tmp_path / "chain.json").read_text())
    assert content["chains"][0]["orders"] == [["distortion", "delay"]]
    assert len(soundfile.read(tmp_path / "re-rendered.wav")[0]) > RATE_HZ


def test_orders_that_sound_alike_stand_on_one_line(place, sounds, monkeypatch):
    """To an ear that hears nothing below 50 dB, distortion and delay commute."""
    from vschaos2.recognition.answers import answer, lines
    from vschaos2.recognition.listening import Opinion

    model = load_run(place / "runs" / "small").model
    vocabulary = model.vocabulary
    logs = torch.full((len(vocabulary.chains),), -30.0, dtype=torch.float64)
    for words in (("distortion", "delay"), ("delay", "distortion")):
        logs[vocabulary.number(words)] = -0.7
    settings = torch.full((len(model.settings),), 0.5, dtype=torch.float64)
    spread = torch.full_like(settings, 0.1)
    dry = soundfile.read(sounds / "dry.wav", dtype="float32")[0]
    loud = answer(model, "x", Opinion(torch.log_softmax(logs, 0), settings, spread, 1), 5, dry)
    assert [len(each.near) for each in loud.orders[:2]] == [0, 0]
    monkeypatch.setattr("vschaos2.recognition.answers.HEARD_DB", 50.0)
    quiet = answer(model, "x", Opinion(torch.log_softmax(logs, 0), settings, spread, 1), 5, dry)
    assert len(quiet.orders) == 1 and len(quiet.orders[0].near) == 1
    assert " ≈ " in lines(quiet)
