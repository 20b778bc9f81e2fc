import numpy as np

from components.common.augmentation.policies import flips, flips_shifts_light


def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (12, 12, 3), dtype=np.uint8)


def test_flips_come_in_turn() -> None:
    pixels, rng, options = picture(), np.random.default_rng(0), flips.Options()
    views = [flips.view(pixels, number=n, rng=rng, options=options) for n in (1, 2, 3, 4)]
    np.testing.assert_array_equal(views[0], pixels[:, ::-1])
    np.testing.assert_array_equal(views[1], pixels[::-1])
    np.testing.assert_array_equal(views[2], pixels[::-1, ::-1])
    np.testing.assert_array_equal(views[3], pixels)


def test_a_forbidden_mirror_is_never_used() -> None:
    pixels, rng = picture(), np.random.default_rng(0)
    options = flips.Options(up_down=False)
    for number in range(1, 6):
        view = flips.view(pixels, number=number, rng=rng, options=options)
        assert np.array_equal(view, pixels) or np.array_equal(view, pixels[:, ::-1])


def test_with_all_strengths_at_zero_only_the_mirror_is_left() -> None:
    pixels = picture()
    options = flips_shifts_light.Options(shift=0, brightness=0, contrast=0)
    view = flips_shifts_light.view(pixels, number=1, rng=np.random.default_rng(0), options=options)
    np.testing.assert_array_equal(view, pixels[:, ::-1])


def test_a_shift_moves_by_at_most_its_share_of_the_edge() -> None:
    pixels = np.zeros((40, 40, 1), dtype=np.uint8)
    pixels[20, 20] = 255
    options = flips_shifts_light.Options(
        left_right=False, up_down=False, shift=0.1, brightness=0, contrast=0
    )
    seen = set()
    for seed in range(40):
        view = flips_shifts_light.view(
            pixels, number=1, rng=np.random.default_rng(seed), options=options
        )
        ((row, column),) = np.argwhere(view[..., 0] == 255)
        assert abs(row - 20) <= 4
        assert abs(column - 20) <= 4
        seen.add((int(row), int(column)))
    assert len(seen) > 10


def test_brightness_lifts_the_mean_by_at_most_its_share_of_the_range() -> None:
    pixels = np.full((8, 8, 1), 100, dtype=np.uint8)
    options = flips_shifts_light.Options(brightness=0.1, contrast=0.5)
    means = [
        flips_shifts_light.view(
            pixels, number=1, rng=np.random.default_rng(seed), options=options
        ).mean()
        for seed in range(30)
    ]
    assert 100 - 26 <= min(means) < 90
    assert 110 < max(means) <= 100 + 26
