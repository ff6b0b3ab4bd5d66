"""Estimators of chains, as the engines see them: they answer, and are played by nothing."""

from vschaos2.families.order.build import build_model
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.order.learning"  # loads the trainer, which takes seconds

ORDER_FAMILY = Family(
    name="order",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    stores_samples=False,
    tell=later(LEARNING, "tell"),
    playable=None,
    methods=(),
    show=later(LEARNING, "show"),
    best_by=Measure("validation/chain", "-log p", "surprise of a chain"),
    keys=("data.rendering", "data.store", "training.settings_weight"),
    optional=("data.store.folder", "data.dataset.n_files"),
)
