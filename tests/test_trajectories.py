import math
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import interpolate as scipy_interpolate
from scipy import signal

from vschaos2 import trajectories as paths

DOCS = Path(__file__).parent.parent / "docs"
DIMS = 3
# Off the jumps of the discontinuous waves.
TIMES = np.linspace(0.0, 3.0, 301) + 1e-4
POINTS = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0], [-2.0, 1.0, 0.5], [1.0, 1.0, 4.0]])
ROOT = math.sqrt(0.5)


def close(actual, expected, tolerance=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=0.0, atol=tolerance)


def made(kind: str, **options) -> paths.Trajectory:
    if kind == "interpolate":
        options = {"points": POINTS, **options}
    return paths.make(kind, DIMS, **options)


# --- Waves ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "quarters"),
    [
        ("sin", [0, 1, 0, -1, 0]),
        ("square", [1, 1, -1, -1, 1]),
        ("triangle", [0, 1, 0, -1, 0]),
        ("saw", [-1, -0.5, 0, 0.5, -1]),
    ],
)
def test_waves_at_the_quarters_of_a_cycle(kind, quarters):
    close(paths.make(kind, 1)([0.0, 0.25, 0.5, 0.75, 1.0])[:, 0], quarters)


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [
        ("sin", np.sin),
        ("square", signal.square),
        ("triangle", lambda x: signal.sawtooth(x + math.pi / 2, width=0.5)),
        ("saw", signal.sawtooth),
    ],
)
def test_each_dimension_has_its_frequency_amplitude_phase_and_origin(kind, oracle):
    f, a, phi, o = [0.5, 1.0, 3.3], [1.0, -2.0, 0.1], [0.0, 0.3, -0.4], [0.0, 5.0, -1.0]
    path = paths.make(kind, DIMS, frequency=f, amplitude=a, phase=phi, origin=o)
    for d in range(DIMS):
        expected = o[d] + a[d] * oracle(2 * np.pi * (f[d] * TIMES + phi[d]))
        close(path(TIMES)[:, d], expected, 1e-9)


def test_square_stays_up_for_its_duty():
    close(paths.square(1, duty=0.2)([0.0, 0.19, 0.21, 0.99])[:, 0], [1, 1, -1, -1])
    close(paths.square(1, duty=0.2)(TIMES)[:, 0], signal.square(2 * np.pi * TIMES, 0.2))


# --- Figures in a plane ---------------------------------------------------------------------


def test_figures_at_known_times():
    plane, o = (2, 0), [0.0, 7.0, 0.0]
    circle = paths.circle(3, plane=plane, amplitude=2.0, origin=o, frequency=0.5)
    close(circle([0.0, 0.5, 1.0, 1.5]), [[0, 7, 2], [2, 7, 0], [0, 7, -2], [-2, 7, 0]])
    ellipse = paths.ellipse(3, plane=plane, amplitude=(3.0, 1.0), phase=0.125)
    close(ellipse([0.0])[0], [ROOT, 0, 3 * ROOT])
    spiral = paths.spiral(3, plane=plane, turns=2.0, amplitude=4.0)
    close(spiral([0.0, 0.5, 1.0, 2.0, 3.25])[:, [2, 0]], [[0, 0], [-1, 0], [2, 0], [4, 0], [0, 4]])
    lissajous = paths.lissajous(3, plane=plane, ratio=(1, 2), phase=0.0, amplitude=(1, 5))
    close(lissajous([0.0, 0.125, 0.25, 0.5])[:, [2, 0]], [[0, 0], [ROOT, 5], [1, 0], [0, 0]])


@pytest.mark.parametrize("plane", [None, (4, 1), np.random.default_rng(1).normal(size=(2, 5))])
def test_circle_keeps_its_distance_and_speed_in_every_plane(plane):
    points = paths.circle(5, plane=plane, amplitude=1.5, seed=4)(np.arange(64) / 64)
    close(np.linalg.norm(points, axis=1), 1.5)
    close(np.linalg.norm(np.diff(points, axis=0), axis=1), 3.0 * math.sin(math.pi / 64))
    assert np.linalg.matrix_rank(points, tol=1e-9) == 2


def test_given_vectors_span_the_plane_and_the_first_keeps_its_direction():
    vectors = np.array([[3.0, 4.0, 0.0], [1.0, 0.0, 0.0]])
    points = paths.circle(3, plane=vectors)([0.0, 0.25])
    close(points, [[0.6, 0.8, 0.0], [0.8, -0.6, 0.0]])


def test_random_planes_favour_no_axis():
    points = np.stack([paths.circle(4, seed=seed)([0.0])[0] for seed in range(1000)])
    close((points**2).mean(0), 0.25, 0.03)  # four standard errors of a Beta(1/2, 3/2) mean
    close(points.mean(0), 0.0, 0.07)


# --- Points ---------------------------------------------------------------------------------


def test_point_rests_and_an_amplitude_draws_it_from_the_prior():
    close(paths.point(3, origin=[1, 2, 3])(TIMES), np.tile([1, 2, 3], (len(TIMES), 1)))
    drawn = paths.point(20000, amplitude=2.0, origin=1.0, seed=3)([0.0, 9.0])
    close(drawn[0], drawn[1], 0.0)
    assert abs(drawn.mean() - 1.0) < 0.06 and abs(drawn.std() - 2.0) < 0.04


def test_line_leaves_arrives_and_stays():
    line = paths.line(2, start=[0, 1], end=[4, -1], frequency=0.5)
    close(line([0.0, 0.5, 1.0, 2.0, 5.0]), [[0, 1], [1, 0.5], [2, 0], [4, -1], [4, -1]])
    drawn = paths.line(8, amplitude=3.0, origin=2.0, seed=5)([0.0, 0.5, 1.0])
    close(drawn[1], 2.0)
    close(np.linalg.norm(drawn - 2.0, axis=1), [3.0, 0.0, 3.0])
    close(drawn[0] + drawn[2], 4.0)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("method", list(paths.METHODS))
def test_interpolation_passes_through_every_point(method, closed):
    stretches = len(POINTS) - 1 + closed
    path = made("interpolate", method=method, closed=closed, frequency=0.5)
    close(path(2.0 * np.arange(len(POINTS)) / stretches), POINTS)
    close(path([2.0, 7.0])[0], POINTS[0 if closed else -1])
    close(path([7.0])[0], path([1.0])[0] if closed else POINTS[-1])


def test_linear_and_cosine_interpolation_in_closed_form():
    ends = [[0.0, 2.0], [4.0, 0.0]]
    linear = paths.interpolate(2, points=ends, amplitude=2.0, origin=1.0)
    close(linear([0.25, 0.5]), [[3, 4], [5, 3]])
    cosine = paths.interpolate(2, points=ends, method="cosine")
    close(cosine([1 / 3])[0], [1.0, 1.5])  # (1 - cos π/3) / 2 = 1/4


def test_cosine_interpolation_is_the_linear_one_eased():
    eased = made("interpolate").ease("cosine", 1 / 3)
    close(made("interpolate", method="cosine")(TIMES / 3), eased(TIMES / 3))


@pytest.mark.parametrize("closed", [False, True])
def test_cubic_is_the_hermite_spline_with_central_tangents(closed):
    stops = np.concatenate([POINTS, POINTS[:1]]) if closed else POINTS
    tangents = np.gradient(stops, axis=0)  # one-sided at the ends, central within
    if closed:
        tangents[0] = tangents[-1] = (POINTS[1] - POINTS[-1]) / 2
    stretches = len(stops) - 1
    oracle = scipy_interpolate.CubicHermiteSpline(np.arange(len(stops)), stops, tangents)
    u = np.linspace(0.0, 0.999, 200)
    close(made("interpolate", method="cubic", closed=closed)(u), oracle(u * stretches))


def test_slerp_turns_evenly_and_changes_distance_evenly():
    path = paths.interpolate(2, points=[[1, 0], [0, 3]], method="slerp")
    s = np.linspace(0.0, 1.0, 11)
    angle = s * math.pi / 2
    expected = (1 + 2 * s)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    close(path(s), expected)


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-7, 1e-5, 1e-3])
def test_slerp_between_near_directions_is_smooth(angle):
    path = paths.interpolate(2, points=[[1, 0], [math.cos(angle), math.sin(angle)]], method="slerp")
    expected = [math.cos(0.3 * angle), math.sin(0.3 * angle)]
    close(path([0.3])[0], expected, 1e-14)


# --- Random paths ---------------------------------------------------------------------------


def free_walk(seed: int, knots: int, count: int) -> np.ndarray:
    """B at the knots by the definition; stream 2 of a seed holds its steps."""
    steps = np.random.default_rng([seed, 2]).standard_normal((count, DIMS))
    walk = np.zeros((count + 1, DIMS))
    for i in range(count):
        walk[i + 1] = walk[i] + steps[i] / math.sqrt(knots)
    return walk


def reflected_walk(walk: np.ndarray) -> np.ndarray:
    """A ball between two walls, moved by the steps of a free walk and turned round by each wall."""
    ball, direction, places = np.zeros(DIMS), np.ones(DIMS), [np.zeros(DIMS)]
    for step in np.diff(walk, axis=0):
        for d in range(DIMS):
            ball[d] += direction[d] * step[d]
            while abs(ball[d]) > 1:
                ball[d] = math.copysign(2.0, ball[d]) - ball[d]
                direction[d] = -direction[d]
        places.append(ball.copy())
    return np.stack(places)


def test_brownian_is_the_sum_of_its_steps():
    path = paths.brownian(DIMS, knots=8, frequency=2.0, amplitude=3.0, origin=1.0, seed=6)
    walk = free_walk(6, 8, 100)
    close(path(np.arange(101) / 16), 1.0 + 3.0 * walk)
    close(path((np.arange(100) + 0.25) / 16), 1.0 + 3.0 * (0.75 * walk[:-1] + 0.25 * walk[1:]))


def test_brownian_spreads_with_the_root_of_time():
    points = paths.brownian(20000, amplitude=2.0, frequency=3.0, seed=1)([0.0, 1.0, 4.0])
    close(points.std(1) / 2.0, [0.0, math.sqrt(3.0), math.sqrt(12.0)], 0.07)  # four standard errors


def test_random_is_a_walk_that_rebounds_from_its_bounds():
    path = paths.random(DIMS, step=2.5, knots=4, amplitude=0.5, origin=[0, 3, -3], seed=7)
    expected = np.array([0, 3, -3]) + 0.5 * reflected_walk(2.5 * free_walk(7, 4, 400))
    close(path(np.arange(401) / 4), expected)
    fine = (path(np.arange(20000) / 200) - [0, 3, -3]) / 0.5
    assert np.abs(fine).max() <= 1.0
    assert np.abs(fine).max() > 0.99
    assert np.abs(np.diff(fine, axis=0)).max() < 0.3  # it never jumps


def test_uniform_holds_each_draw_for_one_cycle():
    path = paths.uniform(DIMS, frequency=[1, 2, 4], amplitude=3.0, origin=1.0, seed=8)
    draws = np.random.default_rng([8, 2]).uniform(-1, 1, (40, DIMS))
    for d, rate in enumerate([1, 2, 4]):
        held = draws[np.floor(TIMES * rate).astype(int), d]
        close(path(TIMES)[:, d], 1.0 + 3.0 * held)


@pytest.mark.parametrize("kind", list(paths.KINDS))
def test_a_path_depends_on_time_alone_not_on_how_it_is_sampled(kind):
    path = made(kind, seed=9)
    whole = path(TIMES)
    shuffled = np.random.default_rng(0).permutation(len(TIMES))
    close(path(TIMES[shuffled]), whole[shuffled], 0.0)
    close(path(TIMES[:7]), whole[:7], 0.0)
    assert path([]).shape == (0, DIMS)


@pytest.mark.parametrize("kind", [kind for kind in paths.KINDS if "phase" in paths.options(kind)])
def test_phase_is_time_passed_before_and_seeds_draw_it(kind):
    if kind not in ("spiral", "lissajous"):  # growth does not turn with the phase; two speeds
        later = made(kind, frequency=0.5, phase=0.25, seed=2)
        close(later(TIMES), made(kind, frequency=0.5, seed=2)(TIMES + 0.5), 1e-9)
    first, again, other = (made(kind, phase=None, seed=seed) for seed in (1, 1, 2))
    close(first(TIMES), again(TIMES), 0.0)
    assert np.abs(first(TIMES) - other(TIMES)).max() > 0.01


@pytest.mark.parametrize("kind", ["point", "line", "circle", "random", "brownian", "uniform"])
def test_seeds_make_different_paths(kind):
    one, same, other = (made(kind, amplitude=1.0, seed=seed)([0.7]) for seed in (1, 1, 2))
    close(one, same, 0.0)
    assert np.abs(one - other).max() > 1e-3


# --- Composition ----------------------------------------------------------------------------


def test_paths_add_and_scale_by_paths_and_numbers():
    a, b = paths.saw(3, frequency=[1, 2, 3]), paths.brownian(3, seed=1)
    x, y, v = a(TIMES), b(TIMES), np.array([1.0, -2.0, 0.5])
    close((a + b)(TIMES), x + y, 0.0)
    close((a - b)(TIMES), x - y, 0.0)
    close((v + a * v - 2)(TIMES), v + x * v - 2, 1e-15)
    close((v - a)(TIMES), v - x, 0.0)
    close((a * b)(TIMES), x * y, 0.0)
    envelope = paths.line(1, start=1.0, end=0.0, frequency=0.5)
    for faded in (a * envelope, envelope * a):
        close(faded(TIMES), x * np.clip(1 - TIMES / 2, 0, 1)[:, None], 1e-15)


def test_concatenated_paths_follow_each_other():
    a, b, c = paths.saw(2), paths.point(2, origin=5.0), paths.line(2, start=0.0, end=1.0)
    path = paths.concatenate([a, b, c], [0.75, 1.0, 2.0])
    times = np.array([3.0, 0.5, 0.75, 1.7, 1.75, 2.25, 0.0])
    close(path(times)[:, 0], [1.0, 0.0, 5.0, 5.0, 0.0, 0.5, -1.0])


def test_joined_paths_start_where_the_one_before_ended():
    line = paths.line(2, start=[1, 1], end=[3, 0])
    path = paths.concatenate([line, line, line], 0.5, joined=True)
    close(path([0.0, 0.5, 1.0, 1.5]), [[1, 1], [2, 0.5], [3, 0], [4, -0.5]])


def test_loops_repeat_and_mirrored_ones_return():
    line = paths.line(1, start=0.0, end=1.0, frequency=0.25)
    close(line.loop(2.0)([0, 1, 2, 3, 5.5])[:, 0], [0, 0.25, 0, 0.25, 0.375])
    close(line.loop(2.0, mirror=True)([0, 1, 2, 3, 4, 5])[:, 0], [0, 0.25, 0.5, 0.25, 0, 0.25])


@pytest.mark.parametrize(
    ("curve", "quarter"),
    [
        ("in", 1 / 16),
        ("out", 7 / 16),
        ("cosine", (1 - ROOT) / 2),
        ("smooth", 5 / 32),
        ("smoother", 53 / 512),
        (np.sqrt, 1 / 2),
    ],
)
def test_easing_bends_time_within_each_period(curve, quarter):
    clock = paths.line(1, start=0.0, end=6.0, frequency=1 / 6)  # x(t) = t
    eased = clock.ease(curve, 2.0)([0.0, 0.5, 2.0, 2.5, 4.0])[:, 0]
    close(eased, [0.0, 2 * quarter, 2.0, 2 + 2 * quarter, 4.0])


def test_every_ease_runs_from_0_to_1_and_never_back():
    s = np.linspace(0.0, 1.0, 1001)
    for ease in paths.EASES.values():
        close(ease(s)[[0, -1]], [0.0, 1.0])
        assert (np.diff(ease(s)) >= 0).all()


def test_rotation_turns_one_plane_and_leaves_the_rest():
    corner = paths.point(3, origin=[1.0, 0.0, 5.0])
    close(corner.rotate(0.25)([0.0])[0], [0, 1, 5])
    close(corner.rotate(0.25, plane=(1, 0))([0.0])[0], [0, -1, 5])
    close(corner.rotate(0.5, centre=[2, 0, 0])([0.0])[0], [3, 0, 5])


def test_rotations_preserve_distances_and_add_up():
    walk = paths.brownian(6, seed=3)
    turned = walk.rotate(0.1, plane=None, seed=4)
    close(np.linalg.norm(turned(TIMES), axis=1), np.linalg.norm(walk(TIMES), axis=1))
    close(turned.rotate(0.9, plane=None, seed=4)(TIMES), walk(TIMES))
    assert np.abs(turned(TIMES) - walk(TIMES)).max() > 0.1


def test_circle_turned_in_its_plane_is_the_circle_with_a_phase():
    turned = paths.circle(3, plane=(0, 2)).rotate(0.2, plane=(0, 2))
    close(turned(TIMES), paths.circle(3, plane=(0, 2), phase=0.2)(TIMES))


# --- Names and errors -----------------------------------------------------------------------


def test_every_option_of_a_kind_reaches_it():
    made_by_name = paths.make("square", 2, duty=0.3, frequency=2.0, amplitude=[1, 3], seed=1)
    close(made_by_name(TIMES), paths.square(2, duty=0.3, frequency=2.0, amplitude=[1, 3])(TIMES))
    assert paths.options("point") == ("amplitude", "origin", "seed")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: paths.make("sine", 2), "'sine': did you mean 'sin'? choose one of brownian"),
        (lambda: paths.make("xyz", 2), "'xyz': choose one of"),
        (lambda: paths.make("sin", 2, freqency=1), "'freqency': did you mean 'frequency'"),
        (lambda: paths.make("interpolate", 2), "needs points"),
        (lambda: paths.sin(0), "dims must be an integer ≥ 1, got 0"),
        (lambda: paths.sin(2.5), "dims must be an integer ≥ 1, got 2.5"),
        (lambda: paths.sin(3, amplitude=[1, 2]), "1 or 3 numbers, got shape (2,)"),
        (lambda: paths.sin(3, origin="here"), "origin must be numbers, got 'here'"),
        (lambda: paths.sin(3, phase=math.nan), "phase must be finite, got nan"),
        (lambda: paths.sin(3, origin=np.full(400, np.nan)), "origin must be finite"),
        (lambda: paths.sin(3, frequency=-1), "frequency must be at least 0, got -1"),
        (lambda: paths.circle(3, plane=(0, 1), seed=-1), "seed must be an integer ≥ 0, got -1"),
        (lambda: paths.square(1, duty=2), "duty must be one number in [0, 1], got 2"),
        (lambda: paths.random(1, knots=0), "knots must be an integer ≥ 1, got 0"),
        (lambda: paths.random(1, step=0), "step must be one number above 0, got 0"),
        (lambda: paths.circle(1), "at least 2 dimensions, got dims=1"),
        (lambda: paths.circle(3, plane=(0, 3)), "two different axes, got (0, 3)"),
        (lambda: paths.circle(3, plane=(1, 1)), "two different axes, got (1, 1)"),
        (lambda: paths.circle(3, plane=np.ones((2, 3))), "two parallel vectors"),
        (lambda: paths.circle(3, plane=np.zeros((2, 3))), "a zero vector"),
        (lambda: paths.circle(3, plane=np.ones((2, 4))), "two vectors, got shape (2, 4)"),
        (lambda: paths.lissajous(3, ratio=(-1, 2)), "ratio must be at least 0, got (-1, 2)"),
        (lambda: paths.line(3, start=0), "needs both ends, got 0 to None"),
        (lambda: made("interpolate", points=[[1, 2, 3]]), "got shape (1, 3)"),
        (lambda: made("interpolate", method="spline"), "'spline': choose one of linear"),
        (lambda: made("interpolate", points=[[1, 0, 0], [0, 0, 0]], method="slerp"), "in point 1"),
        (lambda: made("interpolate", points=[[1, 0, 0], [-2, 0, 0]], method="slerp"), "0 and 1"),
        (lambda: paths.sin(3)([[0.0]]), "list of times, got shape (1, 1)"),
        (lambda: paths.sin(3)([0.0, -1.0]), "t must be at least 0, got -1.0"),
        (lambda: paths.sin(3) + paths.sin(2), "2 dimensions, this one has 3"),
        (lambda: paths.sin(3) + paths.sin(1), "add a path of 1 dimensions, this one has 3"),
        (lambda: paths.sin(3) * paths.sin(2), "multiply by a path of 2 dimensions"),
        (lambda: paths.sin(3).loop(0), "period must be one number above 0, got 0"),
        (lambda: paths.sin(3).ease("bounce", 1.0), "'bounce': choose one of in, out"),
        (lambda: paths.sin(3).ease(lambda s: 2 * s, 1.0), "from 0 to 1, got [0. 2.]"),
        (lambda: paths.concatenate([], []), "at least one path"),
        (lambda: paths.concatenate([paths.sin(1), paths.sin(2)], 1), "got [1, 2]"),
        (lambda: paths.concatenate([paths.sin(1)], -1), "durations must be above 0, got -1"),
    ],
)
def test_errors_are_one_line_with_the_value_and_the_remedy(call, words):
    with pytest.raises(ValueError) as error:
        call()
    message = str(error.value)
    assert words in message
    assert "\n" not in message and ": " in message


# --- The page -------------------------------------------------------------------------------


def test_every_code_block_of_the_page_runs_and_every_kind_is_on_it():
    page = (DOCS / "trajectories.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    for kind in [*paths.KINDS, *paths.METHODS, *paths.EASES]:
        assert f"`{kind}`" in page


def test_the_picture_shows_every_kind(tmp_path):
    draw = runpy.run_path(str(DOCS / "draw_trajectories.py"))
    shown = " ".join(draw["panels"]())
    assert all(kind in shown for kind in [*paths.KINDS, *paths.METHODS])
    draw["draw"](tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000
