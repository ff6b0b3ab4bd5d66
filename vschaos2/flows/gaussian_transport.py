"""The shortest way from one Gaussian to another: a matrix, in closed form.

The map x → (x - m_a)·M + m_b with M = A^-½ (A^½ B A^½)^½ A^-½ carries N(m_a, A) to N(m_b, B) and
moves every point as little as can be.

Source: Dowson & Landau (1982), "The Fréchet distance between multivariate normal distributions".
"""

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-8  # of what is standardised: below it a direction is not used at all


def transport_matrix(source_covariance: Tensor, target_covariance: Tensor) -> Tensor:
    """The symmetric matrix M of the map; identity between equal covariances.

    Shape: [Z, Z], [Z, Z] → [Z, Z].
    """
    source, target = source_covariance.double(), target_covariance.double()
    root, inverse = _power(source, 0.5), _power(source, -0.5)
    return (inverse @ _power(root @ target @ root, 0.5) @ inverse).to(source_covariance.dtype)


def _power(matrix: Tensor, exponent: float) -> Tensor:
    """A power of a symmetric matrix whose eigenvalues are not negative."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2.0)
    return (vectors * values.clamp_min(LEAST_VARIANCE) ** exponent) @ vectors.T
