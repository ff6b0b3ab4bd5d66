"""A bridge from recordings to files: trained, carried over, measured; and what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import vschaos2
from vschaos2.data.latent_takes import SILENT, UNPITCHED, LatentTake, contents, octaves_between
from vschaos2.dsp.transposition import transposed
from vschaos2.errors import InputError
from vschaos2.families.bridge.family import BRIDGE_FAMILY
from vschaos2.families.bridge.hearing import hear_frames
from vschaos2.families.bridge.instruments import instruments_of
from vschaos2.families.bridge.settle import settle
from vschaos2.families.bridge.shared_vae import gathered
from vschaos2.families.bridge.transfer_core import TransferCore
from vschaos2.families.bridge.ways import AFFINE, BRIDGE, TRANSLATOR, WARM, Way
from vschaos2.families.train import find_training
from vschaos2.generation.dream import DreamOptions, dream, dreamt
from vschaos2.generation.methods import check_family
from vschaos2.generation.paths import play_paths
from vschaos2.generation.player import Player
from vschaos2.generation.transfer import (
    TransferOptions,
    in_a_file_name,
    likeliest_source,
    octaves_for,
    transfer,
)
from vschaos2.generation.transfer_evaluation import LIMIT, UNTOUCHED, evaluate_bridge
from vschaos2.generation.transfer_measures import (
    class_distance,
    cloud_distance,
    melody_distance,
    spectral_distance_db,
)
from vschaos2.generation.transfer_tables import markdown, write_evaluation
from vschaos2.labels.told_by_names import name_of

RATE_HZ, NOTE_S = 16_000, 0.3
KEYS = (57, 60, 64, 62, 67, 65)
SMALL = (
    *("data.dataset.sample_rate_hz=16000", "data.transform.n_fft=512", "data.transform.hop=128"),
    *("model.latent_dim=6", "model.encoder.hidden_dim=48", "model.decoder.hidden_dim=48"),
    *("model.coherence_dim=0", "data.loader.batch_size=64", "data.loader.batches_per_epoch=60"),
    *("data.loader.validation_windows=64", "callbacks.monitor=null", "texture=null"),
    "trainer.accelerator=cpu",
)


def tone(instrument: str, key: float, count: int, level: float) -> np.ndarray:
    """A reed has odd partials and stands still, a bell has all, an octave above, and dies away."""
    t = np.arange(count) / RATE_HZ
    if instrument == "bell":
        f0_hz = 440.0 * 2.0 ** ((key + 12 - 69) / 12)
        return (
            level
            * np.exp(-6.0 * t)
            * sum(np.sin(2 * np.pi * f0_hz * h * t) / h**0.5 for h in range(1, 6))
        )
    f0_hz = 440.0 * 2.0 ** ((key - 69) / 12)
    rise = np.minimum(1.0, t / 0.02)
    return level * rise * sum(np.sin(2 * np.pi * f0_hz * h * t) / h for h in (1, 3, 5, 7, 9))


def melody(instrument: str, seed: int) -> np.ndarray:
    """Notes in an order of the seed, with a rest in the middle."""
    chance = np.random.default_rng(seed)
    count = round(NOTE_S * RATE_HZ)
    notes = [
        tone(instrument, key, count, chance.uniform(0.05, 0.2)) for key in chance.permutation(KEYS)
    ]
    notes.insert(3, np.zeros(count))
    return np.concatenate(notes)


def write_melodies(root: Path) -> None:
    for instrument, first in (("reed", 0), ("bell", 10)):
        (root / instrument).mkdir(parents=True)
        for number in range(3):
            sound = melody(instrument, first + number)
            soundfile.write(root / instrument / f"{instrument}{number}.wav", sound, RATE_HZ)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bridge")
    write_melodies(folder / "sounds")
    return folder


@pytest.fixture(scope="module")
def run(home: Path):
    """A bridge of two folders, whose VAE is trained on the way."""
    pytest.importorskip("swift_f0")
    config = vschaos2.compose(
        "bridge",
        "name=duo",
        f"rundir={home / 'runs'}",
        f"data.source={home / 'sounds/reed'}",
        f"data.target={home / 'sounds/bell'}",
        "vae_training.config=dgt_small",
        "vae_training.max_epochs=2",
        f"vae_training.overrides={json.dumps(SMALL)}",
        *("model.flow.hidden_dims=16", "model.flow.dilations=[1,2]", "model.flow.hears=both"),
        *("data.augment.transpose=3", "data.augment.copies=1"),
        *("model.translator.hidden_dims=48", "data.loader.window_frames=32"),
        *("data.loader.batches_per_epoch=60", "trainer.max_epochs=2", "trainer.accelerator=cpu"),
    )
    return vschaos2.load_run(vschaos2.train(config))


def test_a_bridge_knows_its_instruments(run, home) -> None:
    """Their names, where they play, and that the bell sounds an octave higher."""
    model = run.model
    assert model.instruments == ("bell", "reed")
    assert model.octaves.tolist() == [[0.0, -1.0], [1.0, 0.0]]
    assert model.ranges[1].tolist() == pytest.approx([57, 67], abs=1.0)
    assert bool(model.is_fitted)
    assert (home / "runs" / "duo_vae" / "version_0").is_dir()
    held_out = (run.folder / "held_out.txt").read_text().split()
    assert sorted(name[:4] for name in held_out) == ["bell", "reed"]
    assert run.kept.matched["reed to bell"] > 0.7


def test_statistics_are_those_of_all_instruments_together(run) -> None:
    """Standardised jointly, the centres of two instruments as often heard are opposite."""
    centres = run.model.centres
    assert float(centres.norm(dim=1).max()) > 0.3
    assert torch.allclose(centres.mean(0), torch.zeros(6), atol=0.25)


def test_ways(run) -> None:
    """From an instrument to itself nothing changes; blocks equal the whole; what is unknown."""
    model, chance = run.model, torch.Generator().manual_seed(0)
    x = model.latents_of(torch.randn(1, 40, 6, generator=chance))
    for name in (TRANSLATOR, AFFINE):
        assert torch.allclose(Way(model, name)(x, 1, 1), x, atol=1e-5)
    assert torch.allclose(Way(model, BRIDGE, 0.5, 32).whole(x, 1, 1), x, atol=0.1)
    for name in (TRANSLATOR, BRIDGE, AFFINE):
        whole = Way(model, name)(x, 1, 0)
        way = Way(model, name)
        parts = [way(part, 1, 0) for part in x.split([7, 1, 32], 1)]
        assert torch.equal(torch.cat(parts, 1), whole)
    late = Way(model, BRIDGE)
    assert late.delay == 8 * model.flow.delay > 0
    after = model.mean.expand(1, late.delay, -1)
    assert torch.equal(
        late.whole(x, 1, 0), Way(model, BRIDGE)(torch.cat((x, after), 1), 1, 0)[:, late.delay :]
    )
    assert not torch.equal(Way(model, WARM, seed=1)(x, 1, 0), Way(model, WARM, seed=2)(x, 1, 0))
    with pytest.raises(InputError, match="must be one of translator"):
        Way(model, "magic")
    with pytest.raises(InputError, match="--level"):
        Way(model, BRIDGE, 1.5)
    with pytest.raises(InputError, match="--solver"):
        Way(model, BRIDGE, 0.5, 2, "euler")


def test_a_translator_comes_nearer_than_the_shortest_way(run) -> None:
    """On what was held out."""
    summary = run.summary
    found = {key: value for key, value in summary.items() if "translator" in key or "affine" in key}
    assert found["validation/translator"] < found["validation/affine"]


def test_files_are_carried_over(run, home, tmp_path, caplog) -> None:
    """As long, as many channels, as loud moment by moment, silent where they were."""
    sound = melody("reed", 77)
    source = tmp_path / "take.wav"
    soundfile.write(source, np.stack((sound, 0.5 * sound), 1), RATE_HZ)
    with caplog.at_level("INFO"):
        (made,) = transfer(run, [source], tmp_path, TransferOptions("bell"))
    assert "heard as reed, played as bell, 12 semitones higher" in caplog.text
    assert made == tmp_path / "transfers" / "take_to_bell.wav"
    y, rate_hz = soundfile.read(made)
    assert (y.shape, rate_hz) == ((len(sound), 2), RATE_HZ)
    rms = [
        np.sqrt(np.square(of[: len(of) // 800 * 800].reshape(-1, 800)).mean(1))
        for of in (sound, y[:, 0])
    ]
    assert np.corrcoef(*rms)[0, 1] > 0.9
    rest = slice(round(3.4 * NOTE_S * RATE_HZ), round(3.7 * NOTE_S * RATE_HZ))
    assert np.abs(y[rest]).max() < 0.05 * np.abs(y).max()
    levels = TransferOptions("bell", levels=(0.3, 0.7), transpose="0")
    written = transfer(run, [source], tmp_path, levels)
    assert [path.name for path in written] == [
        "take_to_bell_bridge0.3.wav", "take_to_bell_bridge0.7.wav",
    ]  # fmt: skip
    assert np.abs(soundfile.read(written[0])[0] - soundfile.read(written[1])[0]).max() > 1e-3
    near = TransferOptions("bell", levels=(0.7, 0.7001, 0.7), transpose="0")
    written = transfer(run, [source], tmp_path / "near", near)
    assert [path.name for path in written] == [
        "take_to_bell_bridge0.7.wav", "take_to_bell_bridge0.7001.wav",
    ]  # fmt: skip


def test_what_hears_both_sides_of_a_file_is_played_in_time(run) -> None:
    """Every frame is decoded from what all of the file says of it, in blocks as at once."""
    sound = np.concatenate([melody("reed", seed) for seed in (77, 78)]).astype(np.float32)
    core = TransferCore(run.model, Way(run.model, BRIDGE, 0.5), 1, 0, 0.0, "eco")
    decoded, carried = [], core.carried

    def heard(latent: torch.Tensor, batch: int) -> torch.Tensor:
        decoded.append(carried(latent, batch))
        return decoded[-1]

    core.carried = heard
    made = np.concatenate([*core.through(lambda: iter([sound[:5000, None], sound[5000:, None]]))])
    assert len(made) >= len(sound)
    assert len(decoded) > 2
    latents, _ = hear_frames(torch.from_numpy(sound), run.model.vae)
    wanted = Way(run.model, BRIDGE, 0.5).whole(latents[None], 1, 0)[0]
    inner = slice(0, len(wanted) - 60)  # after the end there is a little more silence
    assert torch.allclose(torch.cat(decoded)[inner], wanted[inner], atol=1e-3)


def test_dreams_are_of_the_instrument_that_is_wanted(run, home, tmp_path) -> None:
    """As long as wanted, another with every seed, the same with the same; named or told by ear."""
    reed = home / "sounds/reed/reed0.wav"
    options = DreamOptions(seconds=0.5, like=reed, examples=2, steps=4)
    written = dream(run, tmp_path, options)
    assert [path.name for path in written] == ["reed_0.wav", "reed_1.wav"]
    first, second = (soundfile.read(path)[0] for path in written)
    assert len(first) == 8000 and np.abs(first).max() > 1e-3
    assert not np.array_equal(first, second)
    latents = [dreamt(run.model, 1, 600, 8, seed) for seed in (0, 0, 1)]
    assert torch.equal(latents[0], latents[1]) and not torch.equal(latents[0], latents[2])
    x = run.model.standardised(latents[0])
    away = [(x.mean(0) - run.model.centres[number]).norm() for number in (0, 1)]
    assert away[1] < away[0]
    with pytest.raises(InputError, match="--as NAME or by --like FILE"):
        dream(run, tmp_path, DreamOptions())


def test_a_loud_dream_is_told_of(run, tmp_path, monkeypatch, caplog) -> None:
    def loud(*_: object):
        yield np.full(3200, 2.0, np.float32)

    monkeypatch.setattr("vschaos2.generation.dream.sound_of", loud)
    dream(run, tmp_path, DreamOptions(seconds=0.2, instrument="reed", steps=1))
    assert "1 of 1 files passes full scale, reed_0.wav by 6.0 dB" in caplog.text


def test_no_instrument_leads_out_of_a_folder(run, tmp_path, monkeypatch) -> None:
    """A label may be called anything: files are called so that they lie where they should."""
    monkeypatch.setattr(run.model, "instruments", ("../bell", "a/reed"))
    options = DreamOptions(seconds=0.2, instrument="../bell", steps=1)
    assert dream(run, tmp_path, options) == [tmp_path / "dreams" / ".._bell_0.wav"]
    assert in_a_file_name("a/b\\c") == "a_b_c"


def test_a_bridge_is_measured_beside_what_needs_none(run, home, tmp_path) -> None:
    """On the same music by both: the truth stands in the table, and nothing beats it."""
    for number in range(2):
        for instrument in ("reed", "bell"):
            path = tmp_path / instrument / f"take{number}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, melody(instrument, 90 + number), RATE_HZ)
    scores = evaluate_bridge(run, [tmp_path / "reed", tmp_path / "bell"], sweep=False)
    found = {score.way: score.values for score in scores if score.source == "reed"}
    assert list(found)[:3] == [UNTOUCHED, AFFINE, TRANSLATOR]
    assert found[LIMIT]["timbre"] > 0.9 > 0.1 > found[UNTOUCHED]["timbre"]
    assert found[LIMIT]["pitch"] > 0.9, "an octave above, as it was played"
    assert found[LIMIT]["FD"] == pytest.approx(0.0, abs=1e-4)
    distances = [found[way]["distance_db"] for way in (LIMIT, TRANSLATOR, UNTOUCHED)]
    assert distances == sorted(distances)
    assert np.isfinite(found[f"{BRIDGE}, 2 steps"]["x_real_time"])
    written = write_evaluation(scores, run.folder, tmp_path / "out")
    assert [path.suffix for path in written] == [".md", ".csv", ".json", ".png"]
    assert len(json.loads(written[2].read_text())["scores"]) == len(scores)
    assert "reed → bell" in markdown(scores)
    with pytest.raises(InputError, match="no file of the same name"):
        evaluate_bridge(run, [home / "sounds/reed", home / "sounds/bell"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (TransferOptions("bel"), "--to bel: no such instrument, did you mean 'bell'?"),
        (TransferOptions("bell", "bell"), "nothing to carry over"),
        (TransferOptions("bell", method="affine", levels=(0.5,)), "not affine"),
        (TransferOptions("bell", levels=(0.5,), sigmas=(1.0,)), "give one of them"),
        (TransferOptions("bell", levels=(float("nan"),)), "--level"),
        (TransferOptions("bell", transpose="up"), "--transpose must be auto or semitones"),
        (TransferOptions("bell", transpose="nan"), "--transpose"),
        (TransferOptions("bell", inversion="best"), "inversion must be one of"),
        (TransferOptions("bell", steps=0, levels=(0.5,)), "--steps"),
        (TransferOptions("bell", steps=4), "--steps is of bridge and warm, not of translator"),
        (TransferOptions("bell", method="affine", solver="heun"), "--solver is of bridge and warm"),
        (TransferOptions("bell", sigmas=(-1.0,)), "--sigma must be"),
        (TransferOptions("bell", method="warm", seed=2**70), "--seed must be"),
    ],
)  # fmt: skip
def test_what_no_transfer_can_do(run, home, tmp_path, options, words) -> None:
    with pytest.raises(InputError) as caught:
        transfer(run, [home / "sounds/reed/reed0.wav"], tmp_path, options)
    assert words in str(caught.value)
    assert not (tmp_path / "transfers").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "vae is missing"),
        (["data.source=x"], "give both, or neither"),
        (["vae=[runs/a,runs/b]"], "learn a translator alone, with model.flow=null"),
        (["vae=[a,b,c]"], "give one VAE of all instruments, or two"),
        (["vae=[a,b]", "model.flow=null"], "vae=a: a: no such run folder"),
        (["vae=RUN", "training.coupling=65"], "training.coupling must be"),
        (["vae=RUN", "data.augment.transpose=25"], "data.augment.transpose must be"),
        (["vae=RUN", "data.augment.tranpose=5"], "did you mean 'data.augment.transpose'?"),
        (["vae=RUN", "model.flow.hears=future"], "model.flow.hears must be past or both"),
        (["vae=nowhere"], "no such run folder"),
        (["data.source=nowhere", "data.target=elsewhere"], "no such folder"),
        (["data.source=a/x", "data.target=b/x"], "both called x"),
        (["model.flow=null", "model.translator=null", "vae=RUN"], "nothing else learns"),
        (["vae=RUN", "model.flow.path=crooked"], "straight or edm"),
        (["vae=RUN", "task=player"], "has no metadata/player"),
        (["vae=RUN", "model.instruments=[bell,bell]"], "different names"),
        (["vae=BRIDGE"], "is a run of family 'bridge'"),
    ],
)
def test_what_no_bridge_can_learn(run, home, tmp_path, monkeypatch, words, message) -> None:
    """One line says what to do, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    runs = {"RUN": home / "runs/duo_vae", "BRIDGE": home / "runs/duo"}
    for name, path in runs.items():
        words = [word.replace(f"={name}", f"={path}") for word in words]
    with pytest.raises(InputError) as caught:
        vschaos2.train(vschaos2.compose("bridge", "name=b", "rundir=new", *words))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert not (tmp_path / "new" / "b").exists()


def test_two_vaes_become_the_second_that_hears_both(home, tmp_path) -> None:
    """With the recordings of each, unless others are named."""
    runs, sounds = home / "runs", home / "sounds"
    config = vschaos2.compose(
        "bridge", "name=b", f"rundir={tmp_path}", "model.flow=null",
        f"vae=[{runs}/duo_vae/version_0,{runs}/duo_vae]",
        f"data.source={sounds}/reed", f"data.target={sounds}/bell",
    )  # fmt: skip
    settle(config)
    assert config.vae == f"{runs}/duo_vae"
    assert list(config.model.instruments) == ["bell", "reed"]
    assert config.data.dataset.root == str(tmp_path / "b_recordings")


def test_other_families_are_refused_and_inner_vaes_play(run, home) -> None:
    vae = vschaos2.load_run(home / "runs/duo_vae")
    with pytest.raises(InputError, match="family 'vae', and transfer needs one of 'bridge'"):
        check_family(vae, "bridge", "transfer")
    path = home / "sounds/reed/reed0.wav"
    ours, theirs = vschaos2.encode(run, path), vschaos2.encode(vae, path)
    assert ours.latents.shape == theirs.latents.shape
    inner = run.model.vae.state_dict()
    assert all(torch.equal(inner[name], value) for name, value in vae.model.state_dict().items())


def test_paths_through_the_latents_of_a_bridge(run, tmp_path) -> None:
    """What plays paths takes the VAE in a bridge: as long as wanted, and no silence."""
    written = play_paths(Player(run), ["sin"], tmp_path, examples=1, steps=60)
    sound, rate_hz = soundfile.read(written[0])
    assert (len(sound), rate_hz) == (60 * 128, RATE_HZ)
    assert np.abs(sound).max() > 1e-3
    assert np.load(written[0].with_suffix(".npy")).shape == (60, 6)


def test_a_training_that_ended_in_its_vae_says_how_to_go_on(home) -> None:
    """Nothing is there yet of the bridge itself."""
    (home / "runs" / "ended_vae").mkdir()
    with pytest.raises(InputError, match=r"go on with resume=.*ended_vae, and begin it again with"):
        find_training(home / "runs" / "ended", [])


def test_every_pair_of_folders_is_gathered_for_itself(home, tmp_path) -> None:
    """What another training learnt from stays, and the same folders are gathered once."""
    place = tmp_path / "duo_recordings"
    assert gathered(home / "sounds/reed", home / "sounds/bell", place) == place
    (tmp_path / "horn").mkdir()
    (tmp_path / "horn/horn1.wav").write_bytes((home / "sounds/reed/reed0.wav").read_bytes())
    second = tmp_path / "duo_recordings_2"
    for _ in range(2):
        assert gathered(home / "sounds/bell", tmp_path / "horn", place) == second
        assert gathered(home / "sounds/reed", home / "sounds/bell", place) == place
    names = sorted(path.name for path in second.rglob("*.wav"))
    assert names == ["bell0.wav", "bell1.wav", "bell2.wav", "horn1.wav"]
    assert len([*place.rglob("*.wav")]) == 6


def test_gathering_leaves_recordings_of_others_alone(home, tmp_path) -> None:
    """A folder of the user's loses nothing; what was gathered below a source is no part of it."""
    reed, bell = home / "sounds/reed", home / "sounds/bell"
    mine = tmp_path / "my_recordings"
    for name in ("flute", "oboe", "horn"):
        (mine / name).mkdir(parents=True)
        (mine / name / f"{name}1.wav").write_bytes((reed / "reed0.wav").read_bytes())
    assert gathered(bell, reed, mine) == tmp_path / "my_recordings_2"
    assert (mine / "horn/horn1.wav").is_file()
    with pytest.raises(InputError, match="one lies in the other"):
        gathered(mine, mine / "horn", tmp_path / "duo_recordings")
    inner = mine / "runs" / "duo_recordings"
    for _ in range(2):
        assert gathered(mine, bell, inner) == inner
    names = sorted(path.name for path in inner.rglob("*.wav"))
    assert names == ["bell0.wav", "bell1.wav", "bell2.wav", "flute1.wav", "horn1.wav", "oboe1.wav"]


def test_gathered_recordings_are_renewed(home, tmp_path) -> None:
    """A recording that was made anew is taken, also where it is as long as before."""
    take, place = tmp_path / "horn" / "horn1.wav", tmp_path / "duo_recordings"
    take.parent.mkdir()
    take.write_bytes(b"before")
    gathered(home / "sounds/reed", take.parent, place)
    take.unlink()
    take.write_bytes(b"behind")
    renewed = gathered(home / "sounds/reed", take.parent, place)
    assert (renewed / "horn" / "horn1.wav").read_bytes() == b"behind"


def test_first_weights_of_another_bridge_leave_the_vae_alone(run) -> None:
    """Only what learns is taken over."""
    ours, theirs = BRIDGE_FAMILY.transfer(run.model, None, run)
    assert {name.split(".")[0] for name in ours} == {"translator", "flow"}
    assert ours.keys() == theirs.keys()


def test_instruments(tmp_path) -> None:
    """Folders tell, or else names of files; a label tells before both."""
    assert instruments_of(tmp_path, ["data/a/1.wav", "data/b/2.wav"], "auto") == ["a", "b"]
    assert instruments_of(tmp_path, ["x/flute1.wav", "x/horn2.wav"], "auto") == ["flute", "horn"]
    names = ("flute1.wav", "flute-02_a.wav", "alto sax 3.wav", "7.wav", "böse.wav")
    assert [name_of(name) for name in names] == ["flute", "flute", "alto sax", "7", "böse"]
    with pytest.raises(InputError, match="a bridge needs two"):
        instruments_of(tmp_path, ["flute1.wav", "flute2.wav"], "auto")
    folder = tmp_path / "metadata" / "instrument"
    folder.mkdir(parents=True)
    (folder / "classes.txt").write_text("0\tflute\n1\thorn\n")
    (folder / "metadata.txt").write_text("1.wav\thorn\n2.wav\tflute\n")
    assert instruments_of(tmp_path, ["1.wav", "2.wav", "3.wav"], "auto") == ["horn", "flute", ""]


def take(keys, levels=None, domain: int = 0) -> LatentTake:
    keys = torch.tensor(keys, dtype=torch.float32)
    levels = torch.zeros(len(keys)) if levels is None else torch.tensor(levels)
    return LatentTake("x", domain, torch.zeros(len(keys), 2), keys, levels)


def test_what_frames_do() -> None:
    """Their class is the nearest key, or none, or silence; octaves are those that meet best."""
    classes, kinds = contents([take([60.2, float("nan"), 61.0], [0.0, 0.0, -90.0])], 12.0)
    assert classes.tolist() == [72, UNPITCHED, SILENT]
    assert kinds.shape == (3, 3)
    low, high = [take([48.0, 50.0, 52.0])], [take([72.0, 74.0, 76.0])]
    assert octaves_between(low, high) == 2
    assert octaves_between(high, low) == -2
    assert octaves_between(low, low) == 0
    assert octaves_between([take([float("nan")])], high) == 0
    assert octaves_for(np.array([48.0, 50.0]), 60.0, 72.0) == 1
    assert octaves_for(np.array([66.0]), 60.0, 72.0) == 0
    assert octaves_for(np.zeros(0), 60.0, 72.0) == 0


def test_the_likeliest_source(run) -> None:
    """Frames drawn from an instrument are heard as it, and never as the target."""
    model = run.model
    chance = torch.Generator().manual_seed(0)
    noise = (
        torch.randn(200, 6, generator=chance)
        @ torch.linalg.cholesky(model.covariances[1] + 1e-4 * torch.eye(6)).T
    )
    latents = model.latents_of(model.centres[1] + noise)
    assert likeliest_source(model, latents, target=0) == 1
    assert likeliest_source(model, latents, target=1) == 0


def test_measures() -> None:
    """Melodies lie on a circle and need not be in time; clouds and spectra have closed forms."""
    b_c = np.array([71]), np.array([60])
    assert melody_distance(*b_c) == 1.0
    slow, fast = np.repeat([60, 64, 67], 8), np.repeat([60, 64, 67], 3)
    assert melody_distance(slow, fast) == 0.0
    assert melody_distance(slow, fast + 12) == 0.0
    assert class_distance(slow, fast + 24) == 0.0
    assert class_distance(np.array([60]), np.array([61])) == 1.0
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    assert cloud_distance(x, x + torch.tensor([3.0, 4.0, 0.0])) == pytest.approx(25.0, rel=1e-4)
    levels = torch.rand(7, 5)
    assert spectral_distance_db(levels, levels + 2.0) == pytest.approx(0.0, abs=1e-5)


def test_transposition_moves_a_partial() -> None:
    """To its frequency times the ratio; nothing at all by none."""
    magnitude = torch.zeros(1, 257)
    magnitude[0, 40] = 1.0
    assert int(transposed(magnitude, 12.0).argmax()) == 80
    assert int(transposed(magnitude, -12.0).argmax()) == 20
    assert transposed(magnitude, 0.0) is magnitude
