"""Networks that see strikes, as the engines see them: nothing plays them."""

from vschaos2.families.film.build import build_model
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.film.learning"  # loads the trainer, which takes seconds

FILM_FAMILY = Family(
    name="film",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    stores_samples=False,
    tell=later(LEARNING, "tell"),
    playable=None,
    methods=(),
    show=later(LEARNING, "show"),
    best_by=Measure("validation/strikes", "-log p", "surprise of a strike"),
    keys=("data.marks", "training.strike_weight", "training.offset_weight", "training.variety"),
    optional=("data.dataset.n_files",),
)
