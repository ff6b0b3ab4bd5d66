"""What is shown while an estimator learns: which effects, and which orders, it confuses."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vschaos2.chains.scores import score
from vschaos2.families.order.estimator import Estimator
from vschaos2.families.order.material import VALIDATION, ChainMaterial
from vschaos2.families.order.objective import said
from vschaos2.families.order.pictures import draw_confusions, draw_effects
from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.show import Moment, Show
from vschaos2.monitor.store import Report


class ChainShow(Show):
    """The reports of an estimator."""

    def kinds(self, model: Estimator) -> Sequence[str]:
        """One picture of everything."""
        return ("chains",)

    def begin(
        self, model: Estimator, data: ChainMaterial, options: MonitorOptions
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Nothing that could be played: examples are kept as they are heard."""
        self.examples = data.fixed(VALIDATION)
        return {}

    def report(self, kind: str, model: Estimator, moment: Moment) -> Report:
        """See `kinds`."""
        logs, _ = said(model, self.examples)
        found = score(model.vocabulary, logs, self.examples["chain"].tolist())
        pictures = {
            "effects": draw_effects(found, moment.headline("Which effects, which orders")),
            "confusions": draw_confusions(found, moment.headline("Heard for what was there")),
        }
        values = {"class_exact": found.class_exact, "calibration_error": found.calibration_error}
        return Report(pictures, {}, values, {})
