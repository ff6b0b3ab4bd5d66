"""No digit of a good measure is lost."""

import pytest

from vschaos2.digits import three_digits


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.25, "1.250"),
        (0.1, "0.100"),
        (0.0614, "0.0614"),
        (0.000378, "0.000378"),
        (1.2345e-6, "1.23e-06"),
        (0.0, "0.000"),
        (-0.02, "-0.02"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_small_measures_keep_three_digits(value, shown):
    assert three_digits(value) == shown
