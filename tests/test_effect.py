"""An effect is learnt from pairs, goes on after an end, is judged, exported and played."""

import json
import shutil

import numpy as np
import pytest
import soundfile
import torch
from hydra import compose, initialize_config_dir
from pedals import CONFIGS, RATE, SETTINGS, TINY, composed, pedal, riff, train_pedal, write_pairs
from resumed_trainings import assert_same, checkpoint_of, resume

from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.learning import material, objective, settle
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.export import export, playable_of
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.generation.effect_evaluation import evaluate_effect, pairs_to_measure
from vschaos2.generation.effect_tables import markdown, write_evaluation
from vschaos2.generation.process import process, set_controls

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LONGER = ("data.loader.batches_per_epoch=240", "trainer.max_epochs=2", "model.net.hidden_dims=8")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Pairs of three settings, and a run that learnt them."""
    place = tmp_path_factory.mktemp("effect")
    root = write_pairs(place / "pairs", SETTINGS, late=37)
    train_pedal(root, place / "runs", *LONGER)
    return place


@pytest.fixture(scope="module")
def run(place):
    return load_run(place / "runs" / "effect_drive")


def test_recordings_settle_rate_channels_and_knobs(run):
    config = run.config
    assert config.data.dataset.sample_rate_hz == RATE
    assert (config.model.channels_in, config.model.channels_out) == (1, 1)
    assert config.model.knobs == {"drive": {"lowest": 2.0, "highest": 10.0, "value": 4.0}}
    assert run.kept["latency_removed_samples"] == 37
    assert run.kept["polarity"] == "kept"


def test_levels_of_the_recordings_are_brought_to_1(run, place):
    """Three times the mean level of a recurrent network's, the peak of another's."""
    dry, wet = riff().astype(np.float32), [pedal(riff(), drive) for drive in SETTINGS]
    rms = float(np.sqrt(np.square(dry).mean()))
    assert float(run.model.input_gain) == pytest.approx(1.0 / (3.0 * rms), rel=1e-3)
    assert float(run.model.output_gain) == pytest.approx(np.abs(wet).max(), rel=1e-3)
    config = composed(place / "pairs", place, name="effect_tcn")
    settle(config)
    model = build_model(config)
    objective(config, model).fit(material(config, model))
    assert float(model.input_gain) == pytest.approx(1.0 / np.abs(dry).max(), rel=1e-3)


def test_it_learns_more_than_a_filter_could(run):
    dry = riff(1.0, seed=9).astype(np.float32)
    for drive in SETTINGS:
        wet = pedal(dry, drive)
        y = rendered(run.model, dry[None], np.array([[drive]], np.float32))[0]
        assert np.square(y - wet).sum() / np.square(wet).sum() < 0.05


def test_the_evaluation_says_what_the_model_does(run, tmp_path):
    result = evaluate_effect(run, *pairs_to_measure(run, None))
    assert sorted(row["drive"] for row in result.knobs) == pytest.approx(sorted(SETTINGS))
    for scores in result.scores:
        assert 0.0 < scores["esr"] < 0.1
        assert scores["esr"] < scores["linear_esr"] or scores["linear_esr"] < 0.02
    written = write_evaluation(result, tmp_path)
    assert [path.suffix for path in written] == [".md", ".csv", ".json"]
    content = json.loads((tmp_path / "evaluation.json").read_text())
    assert content["means"]["esr"] == pytest.approx(
        np.mean([scores["esr"] for scores in result.scores])
    )
    text = markdown(result)
    for head in ("best linear", "MLDR dB", "Fréchet dB", "learnt from", "level of the device"):
        assert head in text


def test_positions_that_were_never_heard_stand_apart(run, tmp_path):
    """Of another folder, all of it is measured: by position, by level, over time."""
    root = write_pairs(tmp_path / "others", (2.0, 6.0, 10.0))
    result = evaluate_effect(run, *pairs_to_measure(run, root))
    assert [(each.name, each.heard) for each in result.positions] == [
        ("2", "yes"), ("6", "no"), ("10", "yes"),
    ]  # fmt: skip
    for knobs, scores in zip(result.knobs, result.scores, strict=True):
        of = {each.name: each.scores for each in result.positions}
        assert of[f"{knobs['drive']:g}"] == pytest.approx(scores)
    content = json.loads(write_evaluation(result, tmp_path)[2].read_text())
    assert [each["learnt_from"] for each in content["by_position"]] == ["yes", "no", "yes"]
    for take in content["takes"].values():
        pieces = take["every_half_second"]
        assert len(pieces) == 6
        # What was as long as all of them together is their mean.
        assert np.mean([piece["mse"] for piece in pieces]) == pytest.approx(take["mse"], rel=1e-4)
        assert np.mean([piece["mae"] for piece in pieces]) == pytest.approx(take["mae"], rel=1e-4)


def test_a_training_that_is_resumed_equals_one_that_never_stopped(place, tmp_path):
    """Also where it stopped in the middle of a stream: what the model remembers is stored."""
    root = place / "pairs"
    words = ("trainer.max_epochs=2", "training.optimiser.cooldown=0")
    whole = train_pedal(root, tmp_path / "whole", *words)
    part = train_pedal(root, tmp_path / "part", *words, "++trainer.max_steps=29")
    checkpoint = checkpoint_of(part)
    assert checkpoint["position"]["step"] == 29  # 5 windows into a stream of 8
    assert list(checkpoint["carried"].shape) == [8, 12]
    resume(part.parent, "trainer.max_steps=-1")
    for key in ("state_dict", "optimizer_states", "carried"):
        assert_same(checkpoint_of(part)[key], checkpoint_of(whole)[key])


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export(run, tmp_path_factory.mktemp("exported"), "pedal", {}, blocks=3)


def test_the_card_tells_knobs_delay_and_how_good_it_is(exported, run):
    card = json.loads(exported.with_suffix(".json").read_text())
    assert card["delay_samples"] == {"forward": 0, "modulate": 0}
    drive = card["attributes"][0]
    assert drive == {
        "name": "drive", "kind": "number", "value": 4.0, "lowest": 2.0, "highest": 10.0,
    }  # fmt: skip
    assert card["effect"]["held_out_esr"] == pytest.approx(run.summary["validation/esr"], abs=1e-5)
    assert card["largest_deviation_from_offline"] < 1e-5
    names = {path.name for path in exported.parent.iterdir()}
    assert names == {"pedal.ts", "pedal.json", "pedal.pd", "pedal.maxpat"}


def test_the_file_plays_what_the_model_renders(exported, run):
    loaded = torch.jit.load(str(exported))
    dry = riff(0.5, seed=3).astype(np.float32)
    due = rendered(run.model, dry[None], np.array([[10.0]], np.float32))[0]
    assert set_attribute(loaded, "drive", 10.0) == 0
    set_attribute(loaded, "reset", True)  # no glide
    blocks = [loaded(x[None, None])[0, 0] for x in torch.from_numpy(dry).split(64)]
    np.testing.assert_allclose(torch.cat(blocks), due, atol=1e-5)


def test_a_knob_glides_and_its_inlet_is_added(exported, run):
    loaded = torch.jit.load(str(exported))
    dry = torch.from_numpy(riff(0.5, seed=3).astype(np.float32))[None, None]
    set_attribute(loaded, "drive", 2.0)
    set_attribute(loaded, "reset", True)
    signal = torch.cat((dry, torch.full_like(dry, 8.0)), 1)
    due = rendered(run.model, dry[0].numpy(), np.array([[10.0]], np.float32))
    np.testing.assert_allclose(loaded.modulate(signal)[0], due, atol=1e-5)
    # Beyond its end it stays there.
    set_attribute(loaded, "reset", True)
    signal[:, 1] = 1000.0
    np.testing.assert_allclose(loaded.modulate(signal)[0], due, atol=1e-5)
    # Halfway through the 20 ms of a glide a knob stands halfway.
    effect = playable_of(run, {}).eager
    set_attribute(effect, "drive", 10.0)
    values = effect.values(0, RATE // 50)[:, 0]
    assert float(values[RATE // 100 - 1]) == pytest.approx(7.0, abs=1e-4)
    assert float(values[-1]) == 10.0


def test_mix_gains_and_bypass(exported):
    loaded = torch.jit.load(str(exported))
    dry = torch.from_numpy(riff(0.2, seed=5).astype(np.float32))[None, None]

    def played(**values):
        for name, value in {
            "mix": 1.0,
            "input_db": 0.0,
            "output_db": 0.0,
            "bypass": False,
            **values,
        }.items():
            set_attribute(loaded, name, value)
        set_attribute(loaded, "reset", True)
        return loaded(dry)

    wet = played()
    torch.testing.assert_close(played(mix=0.25), 0.75 * dry + 0.25 * wet, rtol=0, atol=1e-6)
    torch.testing.assert_close(played(output_db=-20.0), 0.1 * wet, rtol=0, atol=1e-6)
    assert torch.equal(played(bypass=True, output_db=6.0), dry)
    quiet = played(input_db=-20.0)
    set_attribute(loaded, "input_db", 0.0)
    set_attribute(loaded, "reset", True)
    torch.testing.assert_close(quiet, loaded(0.1 * dry), rtol=0, atol=1e-6)


def test_what_is_no_number_is_silence_and_leaves_no_trace(exported):
    loaded = torch.jit.load(str(exported))
    broken = torch.full((1, 1, 64), float("nan"))
    silence, later = torch.zeros(1, 1, 64), torch.zeros(1, 1, 256)
    set_attribute(loaded, "reset", True)
    due = (loaded(silence), loaded(later))[1]
    set_attribute(loaded, "reset", True)
    loaded(broken)
    torch.testing.assert_close(loaded(later), due, rtol=0, atol=1e-7)
    assert get_attribute(loaded, "delay") == [0, 0]


def test_files_go_through_it_at_chosen_settings(run, tmp_path):
    left, right = riff(0.4, seed=1), riff(0.4, seed=2)
    soundfile.write(tmp_path / "in.wav", np.stack((left, right), 1), RATE, subtype="FLOAT")
    stage = playable_of(run, {})
    set_controls(stage, ["drive", "10", "mix", "0.5"])
    (path,) = process([stage], [tmp_path / "in.wav"], tmp_path / "out")
    made, rate_hz = soundfile.read(path)
    assert (rate_hz, made.shape) == (RATE, (len(left), 2))
    for side, sound in enumerate((left, right)):
        wet = rendered(run.model, sound[None].astype(np.float32), np.array([[10.0]], np.float32))
        np.testing.assert_allclose(made[:, side], 0.5 * sound + 0.5 * wet[0], atol=1e-5)


def test_a_chain_of_runs_is_one_after_the_other(run, tmp_path):
    sound = riff(0.4, seed=1).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", sound, RATE, subtype="FLOAT")
    stages = [playable_of(run, {}), playable_of(run, {})]
    (path,) = process(stages, [tmp_path / "in.wav"], tmp_path / "out")
    knobs = np.array([[4.0]], np.float32)
    due = rendered(run.model, rendered(run.model, sound[None], knobs), knobs)[0]
    np.testing.assert_allclose(soundfile.read(path)[0], due, atol=1e-5)


@pytest.mark.parametrize(
    "words, message",
    [
        (["drive"], "pairs of NAME VALUE"),
        (["drvie", "3"], "did you mean 'drive'"),
        (["drive", "11"], "from 2 to 10"),
        (["drive", "loud"], "from 2 to 10"),
        (["delay", "3"], "no such control"),
    ],
)
def test_wrong_settings_are_refused(run, words, message):
    with pytest.raises(InputError, match=message):
        set_controls(playable_of(run, {}), words)


@pytest.mark.parametrize(
    "override, message",
    [
        ("model.net._target_=LSMT", r"model\.net: _target_ 'LSMT' is not a part"),
        ("+model.net.width=3", r"model\.net has no key 'width'"),
        (
            "model.net.conditioning=film",
            r"must be none, concat or tvcond of this network, got 'film'",
        ),
        ("model.net.conditioning=1", r"model\.net\.conditioning must be a text"),
        ("training.losses.esr=-1", r"training\.losses\.esr must be a number from 0"),
        ("+training.losses.mr_stft=1", r"mr_stft: needs data\.loader\.window_samples of 2048"),
        ("+training.losses.mldr=1", r"mldr: needs data\.loader\.window_samples of 1600 or more"),
        ("+training.losses.sc=1", r"no loss 'sc'"),
        ("data.loader.windows_per_stream=7", r"multiple of data\.loader\.windows_per_stream=7"),
        ("data.loader.window_samples=1", r"data\.loader\.window_samples must be"),
        ("data.dry=riff.wav", r"give both, or neither"),
        ("+data.dataset.nfiles=3", r"no config key 'data\.dataset\.nfiles'"),
        ("model.channels_in=3", r"model\.channels_in must be a whole number from 1 to 2"),
        ("+model.latent_dim=3", r"model has no key 'latent_dim'"),
        ("model.knobs=drive", r"model\.knobs must be auto, null or"),
    ],
)
def test_wrong_configurations_are_refused_and_leave_nothing(place, tmp_path, override, message):
    with pytest.raises(InputError, match=message):
        train(composed(place / "pairs", tmp_path / "runs", override))
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


def test_a_folder_without_pairs_is_refused(tmp_path):
    (tmp_path / "pairs").mkdir()
    with pytest.raises(InputError, match="no pairs"):
        train_pedal(tmp_path / "pairs", tmp_path / "runs")


def test_one_pair_can_be_named(place, tmp_path):
    words = ("data.dry=dry/riff.wav", "data.wet=wet/riff@2.wav")
    folder = train_pedal(place / "pairs", tmp_path, *words)
    assert load_run(folder).config.model.knobs is None


def test_a_named_pair_needs_no_folder(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place / "pairs" / "wet")
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        names = ["data.dry=../dry/riff.wav", "data.wet=riff@2.wav", f"rundir={tmp_path}"]
        config = compose("effect_drive", overrides=[*names, *TINY])
    run = load_run(train(config))
    assert run.config.data.dataset.root == "."
    assert [take.name for take in pairs_to_measure(run, None)[0].takes] == ["riff@2.wav"]


def test_a_knob_that_never_moved_is_none(tmp_path, caplog):
    root = write_pairs(tmp_path / "pairs")
    folder = train_pedal(root, tmp_path / "runs")
    assert load_run(folder).config.model.knobs is None
    assert "drive stood at 4 in every recording" in caplog.text


@pytest.mark.parametrize(
    "name, conditioning",
    [
        ("effect_gru", "null"),
        ("effect_tcn", "tfilm"),
        ("effect_gcn", "null"),
        ("effect_ssm", "tvfilm"),
    ],
)
def test_every_network_learns_and_is_exported(place, tmp_path, name, conditioning):
    words = ["data.loader.window_samples=512", "data.loader.windows_per_stream=4"]
    words.append(f"model.net.conditioning={conditioning}")
    if name in ("effect_tcn", "effect_gcn"):
        words.append("++model.net.receptive_ms=4.0")
    run = load_run(train_pedal(place / "pairs", tmp_path, *words, name=name))
    path = export(run, tmp_path, name, {}, blocks=3)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["largest_deviation_from_offline"] < 1e-5
    assert card["delay_samples"] == {"forward": 0, "modulate": 0}


def test_a_run_needs_none_of_its_recordings(place, tmp_path):
    shutil.copytree(place / "runs" / "effect_drive", tmp_path / "moved")
    run = load_run(tmp_path / "moved")
    assert run.model.knobs[0].name == "drive"
    assert isinstance(build_model(run.config).net, type(run.model.net))


def test_what_was_named_and_cannot_be_read_is_told_after_the_rest(run, tmp_path, caplog):
    """In a folder it is passed over with a warning."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.wav", "c.wav"):
        soundfile.write(folder / name, riff(0.1), RATE)
    (folder / "b.wav").write_bytes(b"RIFF and no more")
    stages, out = [playable_of(run, {})], tmp_path / "out"
    with pytest.raises(InputError, match=r"1 of 3 files could not be read: \S*b\.wav: see"):
        process(stages, [folder / name for name in ("a.wav", "b.wav", "c.wav")], out)
    assert sorted(path.name for path in out.iterdir()) == ["a.wav", "c.wav"]
    assert len(process(stages, [folder], tmp_path / "again")) == 2
    assert caplog.text.count("skipped: ") == 2


def test_files_that_pass_full_scale_are_told_of_in_one_line(run, tmp_path, caplog):
    soundfile.write(tmp_path / "in.wav", riff(0.1), RATE)
    stage = playable_of(run, {})
    process([stage], [tmp_path / "in.wav"], tmp_path / "soft")
    assert "full scale" not in caplog.text
    set_controls(stage, ["output_db", "40"])
    process([stage], [tmp_path / "in.wav"], tmp_path / "loud")
    peak = np.abs(soundfile.read(tmp_path / "loud" / "in.wav")[0]).max()
    due = f"1 of 1 files passes full scale, in.wav by {20.0 * np.log10(peak):.1f} dB"
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [due]


def test_a_training_tells_of_recordings_that_clip(tmp_path, caplog):
    root = write_pairs(tmp_path / "pairs")
    wet = np.clip(3.0 * soundfile.read(root / "wet/riff.wav")[0], -1.0, 1.0)
    soundfile.write(root / "wet/riff.wav", wet, RATE, subtype="PCM_16")
    train_pedal(root, tmp_path / "runs")
    (told,) = [line for line in caplog.messages if " clip, " in line]
    assert told.startswith("1 of 2 recordings clip, riff.wav ")
