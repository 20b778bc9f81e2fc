import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, rotate

from components.common.errors import InputError
from components.common.pictures.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from components.common.pictures.statistics import STATISTICS, measure


def scene(channels: int, *, height: int = 90, width: int = 120) -> np.ndarray:
    rough = np.random.default_rng(5).random((height, width, channels))
    smooth = gaussian_filter(rough, (3, 3, 0))
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return (40 + 150 * smooth).astype(np.uint8)


def corrupted(picture: np.ndarray, kind: str, severity: int, seed: int = 0) -> np.ndarray:
    return corrupt(picture, kind=kind, severity=severity, rng=np.random.default_rng(seed))


def statistic(picture: np.ndarray, name: str) -> float:
    return float(measure(picture)[STATISTICS.index(name)])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_same_shape_same_seed_same_pixels_and_worse_with_severity(kind: str, channels: int) -> None:
    picture = scene(channels)
    before = picture.copy()
    damage = []
    for severity in SEVERITIES:
        result = corrupted(picture, kind, severity)
        assert result.dtype == np.uint8
        assert result.shape == picture.shape
        assert np.array_equal(result, corrupted(picture, kind, severity))
        damage.append(np.abs(result.astype(float) - picture).mean())
    assert np.array_equal(picture, before)
    if kind == "colour" and channels == 1:
        assert max(damage) == 0
    else:
        assert damage[0] > 0
        assert damage == sorted(damage)


@pytest.mark.parametrize(
    ("kind", "name", "sign"),
    [
        ("noise", "grain", 1),
        ("blur", "sharpness", -1),
        ("defocus", "sharpness", -1),
        ("brightness", "mean", 1),
        ("contrast", "deviation", -1),
        ("exposure", "mean", -1),
        ("dirt", "dark", -1),
    ],
)
def test_each_fault_moves_the_statistic_it_is_known_by(kind: str, name: str, sign: int) -> None:
    picture = scene(3)
    moved = statistic(corrupted(picture, kind, 3), name) - statistic(picture, name)
    assert sign * moved > 0.02 * abs(statistic(picture, name))


def test_the_published_strengths_are_kept_at_their_size() -> None:
    flat = np.full((224, 224, 1), 128, dtype=np.uint8)
    assert corrupted(flat, "noise", 1).std() == pytest.approx(0.08 * 255, rel=0.02)
    assert np.all(corrupted(flat, "brightness", 2) == 128 + 51)
    point = np.zeros((224, 224, 1), dtype=np.uint8)
    point[112, 112] = 255
    assert corrupted(point, "blur", 1).max() == round(255 / (2 * np.pi), 0)
    doubled = np.zeros((448, 448, 1), dtype=np.uint8)
    doubled[224, 224] = 255
    assert corrupted(doubled, "blur", 1).max() == round(255 / (8 * np.pi), 0)


def test_dirt_stays_in_place_under_one_seed_and_moves_under_another() -> None:
    dark, light = np.full((80, 80, 1), 100, np.uint8), np.full((80, 80, 1), 200, np.uint8)
    loss = [1 - corrupted(p, "dirt", 4).astype(float) / p for p in (dark, light)]
    assert np.abs(loss[0] - loss[1]).max() < 0.01
    assert not np.array_equal(corrupted(dark, "dirt", 4), corrupted(dark, "dirt", 4, seed=1))


def test_exposure_and_contrast_by_a_factor() -> None:
    picture = scene(1)
    darker = corrupted(picture, "exposure", 1)
    assert darker.mean() == pytest.approx(0.9 * picture.mean(), rel=0.01)
    flat = corrupted(picture, "contrast", 1)
    assert flat.std() == pytest.approx(0.4 * picture.std(), rel=0.02)
    assert flat.mean() == pytest.approx(picture.mean(), abs=0.5)


@pytest.mark.parametrize(("kind", "severity"), [("fog", 1), ("noise", 0), ("noise", 6)])
def test_unknown_kinds_and_severities_are_refused_in_words(kind: str, severity: int) -> None:
    with pytest.raises(InputError, match="expected"):
        corrupted(scene(1), kind, severity)


def test_a_picture_of_one_pixel_survives_every_fault() -> None:
    dot = np.full((1, 1, 3), 90, dtype=np.uint8)
    for kind in CORRUPTIONS:
        assert corrupted(dot, kind, 5).shape == (1, 1, 3)


def test_tilt_is_the_angle_by_which_edges_turned() -> None:
    rows, columns = np.mgrid[:300, :280]
    lines = np.where((rows % 60 < 3) | (columns % 70 < 4), 60, 180).astype(np.uint8)[..., None]
    assert abs(statistic(lines, "tilt")) < 0.2
    found = []
    for degrees in (-12.0, -2.0, 2.0, 12.0):
        turned = rotate(lines, degrees, reshape=False, order=1, mode="nearest")
        found.append(-statistic(turned, "tilt"))
        assert found[-1] == pytest.approx(degrees, abs=0.6 * abs(degrees))
    assert found == sorted(found)


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (6, 6), (7, 12)])
def test_tiny_and_even_pictures_have_no_tilt(shape: tuple[int, int]) -> None:
    assert statistic(np.full((*shape, 1), 80, dtype=np.uint8), "tilt") == 0
