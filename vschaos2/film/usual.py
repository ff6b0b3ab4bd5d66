"""What is usual where strikes are looked for in films."""

FILM_THRESHOLD = 0.5  # of how strong, or how likely, a strike is, 0 to 1
FILM_GAP_S = 0.12  # between two of them, at least
