"""Every kind of file: the same pixels in ingest, shards, graph, LiteRT, gateway and batch."""

import io
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_candidate import candidate_info

from components.augment.config import AugmentConfig
from components.augment.step import AugmentInputs, AugmentOutputs
from components.augment.step import run as augment
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.shards import Shards
from components.common.errors import DataError
from components.common.models.litert import LitertInfo, LitertModel
from components.common.pictures.decode import decode, resize, to_servable
from components.common.pictures.fit import Fit
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.statistics import measure
from components.common.run_context import RunContext
from components.common.statistics.operating_point import OperatingPoint
from components.ingest.config import IngestConfig
from components.ingest.step import IngestInputs, IngestOutputs
from components.ingest.step import run as ingest
from serving.gateway.reading.picture_facts import measure_picture
from serving.gateway.reading.predictions import SentPicture
from serving.gateway.reading.statistics_budget import StatisticsBudget

pytestmark = pytest.mark.slow
SIZE_PX = 24
HEIGHT, WIDTH = 40, 56
TWELVE_BITS = (0, 4095)


def smooth(seed: int, *, top: int = 255) -> np.ndarray:
    coarse = np.random.default_rng(seed).random((5, 7))
    fine = Image.fromarray(coarse.astype(np.float32)).resize((WIDTH, HEIGHT))
    levels = np.asarray(fine)
    return np.rint((levels - levels.min()) / np.ptp(levels) * top)


def save(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **options)
    return buffer.getvalue()


def turned(number: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


def deep_png(pixels: np.ndarray) -> bytes:
    """16-bit colours, which Pillow cannot write."""
    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {2: 4, 3: 2, 4: 6}[pixels.shape[2]]
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


COLOUR = Image.fromarray(np.stack([smooth(n) for n in range(3)], axis=-1).astype(np.uint8))
OTHER = Image.fromarray(np.stack([smooth(n) for n in range(3, 6)], axis=-1).astype(np.uint8))
GREY = Image.fromarray(smooth(6).astype(np.uint8))
TWELVE = smooth(7, top=4095).astype(np.uint16)
BIG_ENDIAN = Image.frombytes("I;16B", (WIDTH, HEIGHT), TWELVE.astype(">u2").tobytes())
SIXTEEN = np.stack([smooth(n, top=65535) for n in range(4)], axis=-1).astype(np.uint16)
MOVING = {"save_all": True, "append_images": [OTHER]}

EIGHT_BITS: dict[str, bytes] = {
    "grey.png": save(GREY, "PNG"),
    "colour.png": save(COLOUR, "PNG"),
    "grey.jpg": save(GREY, "JPEG"),
    "colour.jpg": save(COLOUR, "JPEG", quality=85),
    **{f"turned{n}.jpg": save(COLOUR, "JPEG", exif=turned(n)) for n in range(1, 9)},
    "turned.png": save(COLOUR, "PNG", exif=turned(6)),
    "turned.tif": save(COLOUR, "TIFF", exif=turned(8)),
    "turned.webp": save(COLOUR, "WEBP", exif=turned(3), lossless=True),
    "cmyk.jpg": save(COLOUR.convert("CMYK"), "JPEG"),
    "cmyk.tif": save(COLOUR.convert("CMYK"), "TIFF"),
    "palette.png": save(COLOUR.quantize(32), "PNG"),
    "palette_clear.png": save(COLOUR.quantize(32), "PNG", transparency=3),
    "palette.bmp": save(COLOUR.quantize(32), "BMP"),
    "one_bit.png": save(GREY.convert("1"), "PNG"),
    "one_bit.tif": save(GREY.convert("1"), "TIFF"),
    "alpha.png": save(Image.merge("RGBA", (*COLOUR.split(), GREY)), "PNG"),
    "grey_alpha.png": save(Image.merge("LA", (GREY, GREY)), "PNG"),
    "alpha.webp": save(Image.merge("RGBA", (*COLOUR.split(), GREY)), "WEBP", lossless=True),
    "one_colour_clear.png": save(COLOUR, "PNG", transparency=(1, 2, 3)),
    "moving.gif": save(COLOUR, "GIF", **MOVING),
    "moving.png": save(COLOUR, "PNG", **MOVING),
    "moving.webp": save(COLOUR, "WEBP", **MOVING),
    "pages.tif": save(COLOUR, "TIFF", **MOVING),
    "phone.jpg": save(COLOUR, "MPO", **MOVING),
    "float.tif": save(Image.fromarray(smooth(8).astype(np.float32)), "TIFF"),
    "colour16.png": deep_png(SIXTEEN[..., :3]),
    "grey_alpha16.png": deep_png(SIXTEEN[..., :2]),
    "alpha16.png": deep_png(SIXTEEN),
}
TWELVE_IN_SIXTEEN: dict[str, bytes] = {
    "twelve.png": save(Image.fromarray(TWELVE), "PNG"),
    "twelve.tif": save(Image.fromarray(TWELVE), "TIFF"),
    "twelve_big_endian.tif": save(BIG_ENDIAN, "TIFF"),
    "twelve_whole_numbers.tif": save(Image.fromarray(TWELVE.astype(np.int32)), "TIFF"),
    "twelve_turned.tif": save(Image.fromarray(TWELVE), "TIFF", exif=turned(6)),
    "twelve_turned.png": save(Image.fromarray(TWELVE), "PNG", exif=turned(5)),
    "twelve_clear.png": save(Image.fromarray(TWELVE), "PNG", transparency=7),
}
FILES = EIGHT_BITS | TWELVE_IN_SIXTEEN
# Cut off within the first frame.
DAMAGED = {name: data[: len(data) // 5] for name, data in FILES.items()} | {
    "nan.tif": save(Image.fromarray(np.full((HEIGHT, WIDTH), np.nan, np.float32)), "TIFF"),
    "share.tif": save(Image.fromarray((smooth(8) / 255).astype(np.float32)), "TIFF"),
    "negative.tif": save(Image.fromarray(smooth(8).astype(np.int32) - 9), "TIFF"),
    "text.png": b"no picture",
    "empty.png": b"",
}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """All files ingested; every picture is one to train on."""
    root = tmp_path_factory.mktemp("cameras")
    for number, (name, data) in enumerate(FILES.items()):
        place = root / "mine" / ("good", "bad")[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    settings = IngestConfig(path=str(root / "mine"))
    outputs = IngestOutputs(dataset=root / "dataset")
    return ingest(settings, IngestInputs(), outputs, RunContext(run_id="r"))


def graph(fit: Fit, grey_range: GreyRange) -> Any:
    """The exported graph before its network."""
    from components.export.serving_graph import ServedAnswers, _ServingModule

    answers = ServedAnswers(
        info=candidate_info(("good", "bad"), image_size_px=SIZE_PX, fit=fit),
        point=OperatingPoint(),
        familiar=None,
        parallel_decodes=1,
        grey_range=grey_range,
    )
    network: Any = type("NoNetwork", (), {"function": None, "features": 1})
    return _ServingModule(network, answers)


def served(data: bytes, *, fit: Fit, grey_range: GreyRange) -> np.ndarray:
    """What the exported graph makes of the bytes of a client, uint8 [S, S, 3]."""
    import tensorflow as tf

    found = graph(fit, grey_range)._decode(tf.constant([to_servable(data)]))
    return found[0].numpy().astype(np.uint8)


@pytest.mark.parametrize("fit", ["squeeze", "pad", "crop"])
def test_shards_litert_and_the_graph_see_the_same(
    dataset: Dataset, tmp_path: Path, fit: Fit
) -> None:
    assert dataset.info.grey_range == TWELVE_BITS
    manifest = dataset.manifest.assign(split="train")
    every = dataset.with_splits(
        manifest,
        unlabelled=dataset.unlabelled,
        root=tmp_path / "validated",
        info=dataset.info.__class__(**vars(dataset.info) | {"evidence": "cross_validation"}),
    )
    every.write()
    settings = AugmentConfig(image_size_px=SIZE_PX, fit=fit, policy="none", views=1)
    inputs = AugmentInputs(dataset=every.root)
    augment(settings, inputs, AugmentOutputs(shards=tmp_path / "shards"), RunContext(run_id="r"))
    shards = Shards.read(tmp_path / "shards")
    assert shards.info.fit == fit
    pixels = shards.pixels("train")
    for row, path in zip(shards.rows("train")["row"], shards.rows("train")["path"], strict=True):
        sent = FILES[Path(path).name]
        trained = np.broadcast_to(pixels[row], (SIZE_PX, SIZE_PX, 3))
        there = served(sent, fit=fit, grey_range=TWELVE_BITS)
        assert np.array_equal(trained, there), path
        assert np.array_equal(trained, on_a_device(sent, fit=fit)), path


@pytest.mark.parametrize("fit", ["squeeze", "pad", "crop"])
def test_pixels_that_a_client_decoded_itself_are_fitted_alike(fit: Fit) -> None:
    pair = np.stack([np.asarray(COLOUR), np.asarray(OTHER)])
    there = graph(fit, FULL)._resize(pair).numpy()
    assert np.array_equal(there, np.stack([resize(one, SIZE_PX, fit=fit) for one in pair]))


def on_a_device(data: bytes, *, fit: Fit) -> np.ndarray:
    """What a LiteRT file's network is fed of the same bytes."""
    seen: list[np.ndarray] = []
    device = LitertModel.__new__(LitertModel)
    device.info = LitertInfo(
        classes=("good", "bad"),
        image_size_px=SIZE_PX,
        temperature=1.0,
        flips=1,
        operating_point=OperatingPoint(),
        precision="float16",
        fit=fit,
        grey_range=TWELVE_BITS,
    )
    device.logits = lambda pixels: seen.append(pixels) or np.zeros(2, np.float32)  # type: ignore[method-assign,func-returns-value]
    device.answer([data])
    return seen[0]


def test_the_model_of_graft_batch_sees_the_same(tmp_path: Path) -> None:
    pytest.importorskip("apache_beam", reason="Apache Beam is not installed (graft[batch])")
    import tensorflow as tf

    from components.common.models.saved_model import Answers
    from pipelines.batch.classify import BatchModel, Classified, Failed, classify

    seen: list[np.ndarray] = []

    class BeforeNetwork(BatchModel):
        """The exported graph before its network, for whole batches of files."""

        def __init__(self) -> None:
            self.before = graph("pad", TWELVE_BITS)

        def answer(self, pictures: Sequence[bytes]) -> Answers:
            seen.extend(self.before._decode(tf.constant(list(pictures))).numpy())
            names = ("good",) * len(pictures)
            return Answers(np.zeros((len(pictures), 2), np.float32), names, names, names)

    every = FILES | {f"damaged_{name}": data for name, data in DAMAGED.items()}
    paths = [tmp_path / name for name in every]
    for path in paths:
        path.write_bytes(every[path.name])
    records = list(classify([str(path) for path in paths], model=BeforeNetwork(), batch_size=16))
    failed = {Path(one.path).name for one in records if isinstance(one, Failed)}
    assert failed == every.keys() - FILES.keys()
    answered = [Path(one.path).name for one in records if isinstance(one, Classified)]
    for name, pixels in zip(answered, seen, strict=True):
        trained = resize(decode(FILES[name], grey_range=TWELVE_BITS), SIZE_PX, fit="pad")
        assert np.array_equal(np.broadcast_to(trained, pixels.shape), pixels), name


def test_12_bits_keep_their_levels_on_the_whole_way(dataset: Dataset) -> None:
    for name, data in TWELVE_IN_SIXTEEN.items():
        (row,) = dataset.manifest[dataset.manifest["path"].str.endswith(name)]["path"]
        kept = decode(dataset.picture(row))
        assert len(np.unique(kept)) > 200, name
        assert np.array_equal(kept, decode(data, grey_range=TWELVE_BITS)), name
        # Without the range 12 bits are all but black.
        assert decode(data).max() == 15, name


def test_a_model_without_a_range_answers_as_those_of_earlier_releases() -> None:
    for name, data in FILES.items():
        there = served(data, fit="squeeze", grey_range=FULL)
        here = np.broadcast_to(resize(decode(data), SIZE_PX), there.shape)
        assert np.array_equal(here, there), name


def test_the_gateway_measures_what_the_model_sees() -> None:
    for name, data in FILES.items():
        found = measure_picture(
            SentPicture(encoded=to_servable(data)),
            budget=StatisticsBudget(1.0),
            behind_s=0.0,
            counts=Counter(),
            grey_range=TWELVE_BITS,
        )
        assert found.statistics is not None, name
        here = measure(decode(data, grey_range=TWELVE_BITS))
        assert np.array_equal(found.statistics, here), name


def test_of_several_frames_the_first_one_counts() -> None:
    for name in ("moving.png", "pages.tif"):
        assert np.array_equal(decode(FILES[name]), np.asarray(COLOUR)), name
    for name in ("moving.gif", "moving.webp", "phone.jpg"):
        off = np.abs(decode(FILES[name]).astype(int) - np.asarray(COLOUR)).mean()
        assert off < 12 < np.abs(np.asarray(OTHER).astype(int) - np.asarray(COLOUR)).mean(), name


@pytest.mark.parametrize("name", DAMAGED)
def test_what_cannot_be_read_is_refused_before_it_is_sent(name: str) -> None:
    for reads in (decode, to_servable):
        with pytest.raises(DataError, match="expected a readable picture"):
            reads(DAMAGED[name])
