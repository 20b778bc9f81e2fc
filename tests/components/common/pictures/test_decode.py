import io

import numpy as np
import pytest
from PIL import Image

from components.common.errors import DataError
from components.common.pictures import decode as pictures
from components.common.pictures.fit import Fit


def encode(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_grey_stays_one_channel_and_colour_three() -> None:
    grey = noise(5, 7)
    assert np.array_equal(pictures.decode(encode(Image.fromarray(grey)))[..., 0], grey)
    colour = noise(5, 7, 3)
    assert np.array_equal(pictures.decode(encode(Image.fromarray(colour))), colour)


def test_exif_orientation_is_applied_and_servable_bytes_are_upright() -> None:
    image = Image.fromarray(noise(4, 6, 3))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated by 90 degrees
    data = encode(image, "PNG", exif=exif)
    upright = pictures.decode(data)
    assert upright.shape == (6, 4, 3)
    served = pictures.to_servable(data)
    assert served != data
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(served))), upright)


@pytest.mark.parametrize(
    ("values", "received"),
    [
        ([[np.nan, 1.0]], "pixels that are NaN or infinite"),
        ([[np.inf, 1.0]], "pixels that are NaN or infinite"),
        ([[0.0, 0.5]], "from 0 to 0.5 instead of 0 to 255"),
        ([[-3.0, 90.0]], "from -3 to 90 instead"),
        ([[0.0, 256.0]], "from 0 to 256 instead"),
    ],
)
def test_floating_point_pixels_that_would_turn_black_are_refused(
    values: list[list[float]], received: str
) -> None:
    data = encode(Image.fromarray(np.asarray(values, dtype=np.float32)), "TIFF")
    with pytest.raises(DataError, match=received):
        pictures.decode(data)
    with pytest.raises(DataError, match=received):
        pictures.to_servable(data)


def test_floating_point_grey_levels_are_taken_as_they_are() -> None:
    levels = np.asarray([[0.0, 1.5, 255.0]], dtype=np.float32)
    data = encode(Image.fromarray(levels), "TIFF")
    assert pictures.decode(data)[..., 0].tolist() == [[0, 1, 255]]
    black = encode(Image.fromarray(np.zeros((2, 2), dtype=np.float32)), "TIFF")
    assert not pictures.decode(black).any()


def test_sixteen_bit_keeps_the_high_byte() -> None:
    wide = (np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000).astype(np.uint16)
    data = encode(Image.fromarray(wide))
    assert np.array_equal(pictures.decode(data)[..., 0], (wide >> 8).astype(np.uint8))
    assert pictures.to_servable(data) == data  # the graph takes the high byte itself


@pytest.mark.parametrize("values", [[[-1, 5]], [[0, 65536]]])
def test_whole_numbers_outside_16_bits_are_refused(values: list[list[int]]) -> None:
    data = encode(Image.fromarray(np.asarray(values, dtype=np.int32)), "TIFF")
    with pytest.raises(DataError, match="instead of 0 to 65535"):
        pictures.decode(data)


@pytest.mark.parametrize(
    ("fit", "shape"), [("squeeze", (8, 20)), ("pad", (20, 20)), ("crop", (8, 8))]
)
def test_fit_makes_a_square_before_it_resizes(fit: Fit, shape: tuple[int, int]) -> None:
    pixels = noise(8, 20, 1) // 2 + 100
    square = {
        "squeeze": pixels,
        "pad": np.pad(pixels, ((6, 6), (0, 0), (0, 0))),
        "crop": pixels[:, 6:14],
    }[fit]
    assert square.shape[:2] == shape
    assert np.array_equal(pictures.resize(pixels, 16, fit=fit), pictures.resize(square, 16))


def test_alpha_is_dropped_not_blended() -> None:
    pixels = noise(4, 4, 4)
    pixels[..., 3] = 0
    assert np.array_equal(pictures.decode(encode(Image.fromarray(pixels))), pixels[..., :3])


@pytest.mark.parametrize("mode", ["P", "1", "LA", "CMYK"])
def test_other_modes_become_servable_and_keep_their_pixels(mode: str) -> None:
    form = "TIFF" if mode == "CMYK" else "PNG"
    data = encode(Image.fromarray(noise(9, 9, 3)).convert(mode), form)
    served = pictures.to_servable(data)
    assert Image.open(io.BytesIO(served)).mode in {"L", "RGB"}
    assert np.array_equal(pictures.decode(served), pictures.decode(data))


def test_plain_png_and_jpeg_pass_unchanged() -> None:
    for form in ("PNG", "JPEG"):
        data = encode(Image.fromarray(noise(8, 8, 3)), form)
        assert pictures.to_servable(data) is data


@pytest.mark.parametrize(
    "data",
    [b"", b"not a picture", encode(Image.fromarray(noise(64, 64, 3)), "JPEG")[:400]],
    ids=["empty", "text", "truncated"],
)
def test_rubbish_is_a_data_error_that_names_the_file(data: bytes) -> None:
    with pytest.raises(DataError, match=r"cell\.png: expected a readable picture"):
        pictures.decode(data, name="cell.png")


def test_resize_keeps_a_constant_and_the_mean() -> None:
    assert (pictures.resize(np.full((30, 50, 1), 77, np.uint8), 16) == 77).all()
    picture = noise(96, 96, 3)
    assert abs(pictures.resize(picture, 32).mean() - picture.mean()) < 1.0


def test_resize_to_the_same_size_changes_nothing() -> None:
    picture = noise(20, 20, 3)
    assert np.array_equal(pictures.resize(picture, 20), picture)


def test_resize_agrees_with_pillow_within_its_fixed_point_rounding() -> None:
    picture = noise(75, 50, 3)
    theirs = Image.fromarray(picture).resize((32, 32), Image.Resampling.BILINEAR)
    difference = pictures.resize(picture, 32).astype(int) - np.asarray(theirs).astype(int)
    assert np.abs(difference).max() <= 1
