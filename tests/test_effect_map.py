"""How the settings of many chains lie: axes, what goes together, and DiffVox' own folders."""

import json
import math
import sys

import numpy as np
import pytest
import torch

from vschaos2.command_line import run
from vschaos2.errors import InputError
from vschaos2.processors.parameter import Parameter, Ranges
from vschaos2.programs import generate
from vschaos2.retrieval import diffvox
from vschaos2.retrieval.effect_map import _correlations, _pairs, map_effects
from vschaos2.retrieval.preset_folder import Presets, read_presets, write_presets
from vschaos2.retrieval.prior import read_prior

PARAMETERS = (
    Parameter("hz", "Hz", 20, 20_000, 1_000, "log"),
    Parameter("gain_db", "dB", -18, 18, 0, "db"),
    Parameter("ratio", "", 1, 20, 2, "log"),
    Parameter("mix", "", 0, 1, 0.5),
    Parameter("line", "", -1, 1, 0.5, shown=False),
)


def presets_of(raw: torch.Tensor) -> Presets:
    tracks = tuple(f"track {n}" for n in range(len(raw)))
    values = Ranges(PARAMETERS)(raw[..., None])[..., 0]
    return Presets(tracks, PARAMETERS, raw.double(), values, {"model": {}})


def two_axes(count: int = 40) -> torch.Tensor:
    """1.5 along hz and ratio together, 1 along gain_db, nothing along mix, bits along line."""
    generator = torch.Generator().manual_seed(1)
    a, b, c = torch.randn(3, count, generator=generator, dtype=torch.float64)
    zero = torch.zeros_like(a)
    return torch.stack((1.5 * a, b, 1.5 * a, zero + 0.3, 0.01 * c), 1)


def test_axes_are_where_settings_vary_and_explain_so_much():
    raw = two_axes()
    found = map_effects(presets_of(raw))
    assert len(found.explained) == 3
    first = torch.tensor([1.0, 0.0, 1.0, 0.0, 0.0], dtype=torch.float64) / math.sqrt(2.0)
    assert float(found.directions[0] @ first) == pytest.approx(1.0, abs=0.01)
    variances = torch.linalg.eigvalsh(torch.cov(raw.T)).flip(0)[:3]
    torch.testing.assert_close(found.deviations.square(), variances)
    torch.testing.assert_close(found.explained, variances / variances.sum())
    torch.testing.assert_close(found.places.std(0), torch.ones(3, dtype=torch.float64))
    restored = raw.mean(0) + found.places @ (found.directions * found.deviations[:, None])
    torch.testing.assert_close(restored, raw)
    assert {name for name, _ in found.moves(0, 2)} == {"hz", "ratio"}
    assert "line" not in dict(found.moves(2))  # nobody touches it


def test_what_goes_together_is_named_and_what_chance_brings_is_not():
    found = map_effects(presets_of(two_axes()))
    assert [(a, b) for a, b, _ in found.pairs] == [(0, 2)]
    assert found.pairs[0][2] == pytest.approx(1.0)
    assert float(found.correlations[3].abs().max()) == 0.0  # the same in all chains
    generator = torch.Generator().manual_seed(2)
    unrelated = torch.randn(12, 5, generator=generator, dtype=torch.float64)
    assert map_effects(presets_of(unrelated)).pairs == []


@pytest.mark.parametrize("count", [4, 5, 8, 40])
def test_however_few_presets_there_are_chance_brings_one_pair_at_most(count):
    generator = torch.Generator().manual_seed(3)
    found = 0
    for _ in range(200):
        raw = torch.randn(count, 40, generator=generator, dtype=torch.float64)
        found += len(_pairs(_correlations(raw - raw.mean(0)), count))
    assert found / 200 == pytest.approx(1.0, abs=0.3)


def test_axes_point_the_same_way_each_time():
    raw = two_axes()
    up, down = (map_effects(presets_of(each)) for each in (raw, raw.flip(0)))
    torch.testing.assert_close(up.directions, down.directions, atol=1e-9, rtol=0)


@pytest.mark.parametrize(("rows", "message"), [(2, "have no axes"), (None, "are the same")])
def test_too_few_and_equal_presets_have_no_map(rows, message):
    raw = torch.zeros(4, 5) if rows is None else two_axes()[:rows]
    with pytest.raises(InputError, match=message):
        map_effects(presets_of(raw))


def called(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["generate.py", *map(str, words)])
    try:
        run(generate.main)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_program_writes_tables_pictures_and_a_prior(tmp_path, monkeypatch, capsys):
    raw = two_axes(12)
    write_presets(tmp_path, presets_of(raw))
    assert called(monkeypatch, "effect-map", tmp_path) == 0
    told = capsys.readouterr().out
    assert "12 presets of 5 settings" in told and "hz goes with ratio (+1.00)" in told
    for name in ("distributions", "correlations", "axes"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    content = json.loads((tmp_path / "effect_map.json").read_text())
    assert content["pairs"][0] == {"settings": ["hz", "ratio"], "correlation": 1.0}
    rows = (tmp_path / "distributions.csv").read_text().splitlines()
    median = float(np.median(read_presets(tmp_path).values[:, 0]))
    assert float(rows[1].split(",")[4]) == pytest.approx(median, rel=1e-4)
    prior = read_prior(tmp_path)
    torch.testing.assert_close(prior.mean, raw.mean(0))
    torch.testing.assert_close(prior.covariance[0, 0], raw[:, 0].var())
    assert called(monkeypatch, "effect-map", tmp_path / "nowhere") == 2
    assert "holds no info.json" in capsys.readouterr().err


def published(folder, count: int = 70) -> np.ndarray:
    """A folder in the form of DiffVox' presets/medleydb, 151 numbers a track."""
    shapes = {"7.effects.1.params.b": [6, 2], "7.effects.1.params.c": [2, 6]}
    shapes["7.effects.1.params.parametrizations.gamma.original"] = [49, 1]
    shapes["7.effects.1.params.parametrizations.U.original"] = [6, 6]
    shapes["6.params.make_up"] = [1]
    sizes = [shapes.get(key, []) for key in diffvox.KNOWN]
    total = sum(math.prod(size) for size in sizes)
    raw = np.random.default_rng(0).normal(size=(count, total)).astype(np.float32)
    wet = [f"/data/v1/Audio/Song_{n}/Song_STEM_{n:02d}.wav" for n in range(count)]
    info = {
        "runs": [f"~/processed/{n}/run_0" for n in range(count + 6)],  # with those it rejected
        "dry_files": [each.replace("STEM", "RAW") for each in wet], "wet_files": wet,
        "alignment_shifts": [0] * count, "params_original_shapes": sizes,
        "params_keys": list(diffvox.KNOWN), "problematic_runs": {"terminated": []},
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / "info.json").write_text(json.dumps(info))
    np.save(folder / "raw_params.npy", raw)
    at = list(diffvox.KNOWN).index("7.effects.1.params.parametrizations.U.original")
    first = sum(math.prod(size) for size in sizes[:at])
    mask = np.ones(total, bool)
    mask[first + np.ravel_multi_index(np.tril_indices(6), (6, 6))] = False
    np.save(folder / "feature_mask.npy", mask)
    chosen = raw[:, mask].astype(np.float64)
    np.savez(folder / "gaussian.npz", mean=chosen.mean(0), cov=np.cov(chosen, rowvar=False))
    return raw


def test_diffvox_own_folder_is_read_as_it_is(tmp_path, monkeypatch):
    """151 numbers of which 130 say something; rows are those of the wet files."""
    raw = published(tmp_path)
    assert raw.shape[1] == 151
    found = read_presets(tmp_path)
    assert found.raw.shape == (70, 130) and len(set(found.names)) == 130
    assert found.tracks[3] == "Song_STEM_03" and not found.is_ours
    (tmp_path / "feature_mask.npy").unlink()
    again = read_presets(tmp_path)  # without the mask, the same is left out
    assert again.names == found.names and torch.equal(again.raw, found.raw)
    assert called(monkeypatch, "effect-map", tmp_path) == 0
    content = json.loads((tmp_path / "effect_map.json").read_text())
    assert content["settings"] == 130
    assert content["gaussian_npz_differs_by"] < 1e-6
    assert read_prior(tmp_path).parameters[0].scale == "raw"


def test_raw_numbers_of_diffvox_are_settings_in_units(tmp_path):
    """From its starting values, by their inverse formulae."""
    published(tmp_path, 3)
    keys = list(diffvox.KNOWN)
    sizes = json.loads((tmp_path / "info.json").read_text())["params_original_shapes"]
    firsts = np.cumsum([0, *(math.prod(size) for size in sizes)])
    raw = np.load(tmp_path / "raw_params.npy").astype(np.float64)

    def logit(p):
        return math.log(p / (1.0 - p))

    attack = 1.0 - math.exp(-2200.0 / (50.0 * 44100.0))  # 50 ms
    decay = 10.0 ** (-3.0 * 997 / 44100 / 2.5) / 10.0 ** (-3.0 * 997 / 44100 / 9.0)  # 2.5 s
    of = "6.params.parametrizations"
    wanted = {
        "peak1_hz": ("0.params.parametrizations.freq.original", logit(767 / 5367), 800.0),
        "peak1_gain_db": ("0.params.gain", -3.25, -3.25),
        "low_pass_q": ("4.params.parametrizations.Q.original", logit(0.5 / 9.5), 1.0),
        "attack_ms": (f"{of}.at.original", logit(attack), 50.0),
        "lookahead_ms": (f"{of}.lookahead.original", -17.0, 2.0),
        "compressor_ratio": (f"{of}.cmp_ratio.original", logit(1 / 19), 2.0),
        "echo_ms": ("7.effects.0.params.parametrizations.delay.original", logit(1 / 3), 400.0),
        "echo_db": ("7.effects.0.params.parametrizations.gain.original", logit(0.1), -20.0),
        "pan": ("7.pan.params.parametrizations.pan.original", logit(0.625), 25.0),
        "reverb_decay_1": (
            "7.effects.1.params.parametrizations.gamma.original", logit(decay), 2.5,
        ),
    }  # fmt: skip
    for key, number, _ in wanted.values():
        raw[0, firsts[keys.index(key)]] = number
    np.save(tmp_path / "raw_params.npy", raw)
    found = read_presets(tmp_path)
    row = dict(zip(found.names, found.values[0].tolist(), strict=True))
    for name, (_, _, value) in wanted.items():
        assert row[name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.parametrize("damage", ["columns", "rows", "mask", "gaussian"])
def test_a_damaged_folder_of_diffvox_is_refused(tmp_path, monkeypatch, capsys, damage):
    raw = published(tmp_path, 4)
    if damage == "columns":
        np.save(tmp_path / "raw_params.npy", raw[:, :100])
    elif damage == "rows":
        np.save(tmp_path / "raw_params.npy", raw[:3])
    elif damage == "mask":
        np.save(tmp_path / "feature_mask.npy", np.ones(7, bool))
    else:
        (tmp_path / "gaussian.npz").write_bytes(b"PK")
    assert called(monkeypatch, "effect-map", tmp_path) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith(f"error: {tmp_path}")
    assert not (tmp_path / "prior.npz").exists()
