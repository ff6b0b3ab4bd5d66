"""Measures in few digits, of which none is lost where a model is very good."""

PLAIN_FROM = 0.1


def three_digits(value: float) -> str:
    """Three decimals, or three digits of what is smaller than 0.1: 1.250, 0.000378."""
    is_small = 0.0 < abs(value) < PLAIN_FROM
    return f"{value:.3g}" if is_small else f"{value:.3f}"
