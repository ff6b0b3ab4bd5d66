"""The Gaussian of many chains' settings, and its file."""

import numpy as np
import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.processors.parameter import Parameter
from vschaos2.retrieval.prior import (
    NEAREST,
    PRIOR,
    RAW,
    gaussian,
    read_prior,
    write_prior,
)

PARAMETERS = (
    Parameter("peak_hz", "Hz", 33, 5400, 800, "log"),
    Parameter("peak_gain_db", "dB", -18, 18, 0, "db"),
    Parameter("ratio", "", 1, 20, 2, "log"),
)


def drawn(count: int, covariance: torch.Tensor) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(count, len(covariance), generator=generator, dtype=torch.float64)
    return normal @ torch.linalg.cholesky(covariance).T + torch.tensor([0.5, -1.0, 2.0])


def test_of_many_chains_it_is_their_covariance():
    true = torch.tensor([[1.0, 0.5, 0.0], [0.5, 0.8, -0.2], [0.0, -0.2, 0.6]]).double()
    raw = drawn(4000, true)
    found = gaussian(raw, PARAMETERS)
    assert found.shrinkage < 0.02
    torch.testing.assert_close(
        found.mean, torch.tensor([0.5, -1.0, 2.0]).double(), atol=0.05, rtol=0
    )
    torch.testing.assert_close(found.covariance, true, atol=0.06, rtol=0)
    assert float(found.surprise(raw).mean()) == pytest.approx(1.0, abs=0.02)


def test_of_few_chains_variances_stay_and_it_can_be_inverted():
    raw = drawn(3, torch.eye(3).double()).repeat(1, 1)
    raw[:, 2] = 4.0  # all agree
    found = gaussian(raw, PARAMETERS)
    torch.testing.assert_close(found.covariance.diagonal()[:2], raw[:, :2].var(0))
    assert float(torch.linalg.eigvalsh(found.covariance).min()) > 0.0
    assert 0.01 <= found.shrinkage <= 1.0


def test_an_end_of_a_range_is_not_infinitely_far_away():
    raw = torch.tensor([[13.8, 0.0, 0.0], [-13.8, 0.1, 0.0], [0.0, -0.1, 0.0]])
    deviation = float(gaussian(raw, PARAMETERS).covariance[0, 0].sqrt())
    assert deviation == pytest.approx(NEAREST)
    free = tuple(each._replace(scale=RAW) for each in PARAMETERS)
    assert float(gaussian(raw, free).covariance[0, 0].sqrt()) == pytest.approx(13.8, rel=1e-6)


def test_a_file_says_the_same(tmp_path):
    written = gaussian(drawn(12, torch.eye(3).double()), PARAMETERS)
    write_prior(tmp_path / PRIOR, written)
    for path in (tmp_path, tmp_path / PRIOR):
        found = read_prior(path)
        assert [p[:4] + p[5:] for p in found.parameters] == [p[:4] + p[5:] for p in PARAMETERS]
        assert torch.equal(found.mean, written.mean)
        assert torch.equal(found.covariance, written.covariance)
        assert (found.chains, found.shrinkage) == (12, written.shrinkage)
    assert not np.load(tmp_path / PRIOR, allow_pickle=False)["mean"].dtype.hasobject


def test_a_chain_takes_its_part_in_its_order():
    found = gaussian(drawn(12, torch.eye(3).double()), PARAMETERS)
    part = found.of([PARAMETERS[2], PARAMETERS[0]], "prior.npz")
    assert torch.equal(part.mean, found.mean[[2, 0]])
    assert torch.equal(part.covariance[0, 1], found.covariance[2, 0])
    with pytest.raises(InputError, match="knows nothing of knee_db"):
        found.of([PARAMETERS[0]._replace(name="knee_db")], "prior.npz")
    with pytest.raises(InputError, match=r"ratio runs from 1 to 20 .* from 1 to 10"):
        found.of([PARAMETERS[2]._replace(most=10)], "prior.npz")


@pytest.mark.parametrize("damage", ["cut", "empty", "asymmetric", "pickled", "names", "missing"])
def test_a_damaged_file_is_refused_in_a_line(tmp_path, damage):
    path = tmp_path / PRIOR
    write_prior(path, gaussian(drawn(12, torch.eye(3).double()), PARAMETERS))
    content = dict(np.load(path, allow_pickle=False))
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:300])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        content |= {
            "asymmetric": {"covariance": np.arange(9.0).reshape(3, 3)},
            "pickled": {"names": np.array([{}, {}, {}], dtype=object)},
            "names": {"names": np.array(["a", "a", "b"])},
        }[damage]
        np.savez(path, **content)
    with pytest.raises(InputError) as raised:
        read_prior(path)
    assert "\n" not in str(raised.value) and str(path) in str(raised.value)
