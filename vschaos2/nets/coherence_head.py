"""A head that tells the coherence of a spectrum's phases from a latent point."""

from torch import Tensor, nn

BINS_TOGETHER = 4  # fewer than the lobe of a sine is wide: half as much work as bin by bin
NOISE = 0.5  # coherence of noise, from where it learns


class CoherenceHead(nn.Module):
    """Two dense layers, and one number for every four bins.

    Args:
        n_inputs: latent dimensions and whatever stands beside them, D.
        n_bins: K.
        hidden_dim: width, 1 or more.

    Shape: [B, D] → [B, K].
    """

    def __init__(self, n_inputs: int, n_bins: int, hidden_dim: int) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.bins_together = BINS_TOGETHER
        last = nn.Linear(hidden_dim, -(-n_bins // BINS_TOGETHER))
        nn.init.constant_(last.bias, NOISE)
        self.layers = nn.Sequential(nn.Linear(n_inputs, hidden_dim), nn.SiLU(), last)

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        return {"layers.0.weight": (1, "latents")}

    def forward(self, latent: Tensor) -> Tensor:
        """The coherence to be expected: [B, D] → [B, K]."""
        bands = self.layers(latent).unsqueeze(-1)
        return bands.expand(-1, -1, self.bins_together).flatten(1)[:, : self.n_bins]
