"""What is shown while a network learns from films: what it sees beside what is there."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.families.film.material import FilmMaterial
from vschaos2.families.film.net import FilmNet
from vschaos2.families.film.objective import TOLERANCES_S, measured, seen_in
from vschaos2.families.film.pictures import draw_strikes
from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.show import Moment, Show
from vschaos2.monitor.store import Report

SHOWN = 6  # windows
SCORED = 100


class FilmShow(Show):
    """The reports of a network that sees strikes."""

    def kinds(self, model: FilmNet) -> Sequence[str]:
        """One picture of some windows."""
        return ("strikes",)

    def begin(
        self, model: FilmNet, data: FilmMaterial, options: MonitorOptions
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Nothing that could be played: held-out windows are kept."""
        whole = next(iter(data.val_dataloader()))
        self.windows = {key: value[:SCORED] for key, value in whole.items()}
        return {}

    def report(self, kind: str, model: FilmNet, moment: Moment) -> Report:
        """See `kinds`."""
        seen = seen_in(model, self.windows["pictures"])
        found = measured(seen, self.windows, model.rate_hz)
        likely = torch.sigmoid(seen.logits).numpy()
        struck = [row for row in range(len(likely)) if len(found.true[row])][:SHOWN]
        rows = struck or list(range(min(SHOWN, len(likely))))
        picture = draw_strikes(
            self.windows["pictures"][rows].numpy(), likely[rows], [found.true[r] for r in rows],
            [found.found[r] for r in rows], model.rate_hz, moment.headline("Strikes, seen"),
        )  # fmt: skip
        values = {key: found.agreement(s).f_measure for key, s in TOLERANCES_S.items()}
        return Report({"strikes": picture}, {}, values, {})
