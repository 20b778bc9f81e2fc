"""What a run costs as the pictures become more: seconds and memory of each step, by size.

    python -m benchmarks.growth --results DIR [--sizes 300 2600 10000 50000] [--set KEY=VALUE ...]
    python -m benchmarks.growth --results DIR --generated 64 --sizes 3125 12500 50000

Beyond the demo's 2,624 pictures come copies of them: mirrored, then lighter or darker as well, each
copy of a module a group of its own. Below it, whole modules are taken, evenly over the list. Every
size is the command that a user gives, `graft run --preset solar --data FOLDER`, in empty folders.
`--generated SIDE` takes generated grey pictures of so many pixels a side instead, and a small
network with random weights (MobileNetV2 0.35): what is measured then is how memory and seconds of
the pipeline itself grow. The exponent says how the seconds grow from one size to the next: 1 is
linear. `--results` keeps what each finished run says of itself, and the same command goes on where
it stopped: steps that were done are reused, and count with what they took. Leave the machine alone
meanwhile; 50,000 pictures take hours and about 30 GB of disk.
"""

import argparse
import dataclasses
import itertools
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.whole_run import timed_run
from components.common.artifacts.records import read_record, write_record
from components.common.artifacts.run_summary import RunSummary
from components.common.pictures.flips import FLIPS
from components.common.progress import track
from components.common.step_record import StepRecord
from components.ingest.source_data import PictureRecord
from components.ingest.step import read_source
from pipelines.config import read_preset, resolve

SIZES = (300, 2600, 10_000, 50_000)
PRESET = "solar"
# With generated pictures: the small network, and the validation split of any data set.
_SMALL = (
    "train.backbone=mobilenet_v2/0.35",
    "train.weights=none",
    "train.method=linear_probe",
    "augment.views=2",
)
_LOT = 25
_GREY_LEVELS = 3
WHOLE = "whole run"


@dataclass(frozen=True)
class Cost:
    """Of one step at one size."""

    seconds: float
    peak_memory_bytes: int


def chosen(pictures: tuple[PictureRecord, ...], count: int) -> list[tuple[PictureRecord, int]]:
    """Return `count` pictures and which copy each is; 0 is the picture as it is.

    Whole groups, evenly over the list, the last one cut where the count is reached.
    """
    groups: dict[str, list[PictureRecord]] = {}
    for picture in pictures:
        groups.setdefault(picture.group, []).append(picture)
    names = list(groups)
    if count < len(pictures):
        wanted = math.ceil(count * len(names) / len(pictures)) + 1
        spread = np.linspace(0, len(names) - 1, min(wanted, len(names))).round().astype(int)
        names = [names[place] for place in np.unique(spread)]
    endless = ((one, copy) for copy in itertools.count() for name in names for one in groups[name])
    return list(itertools.islice(endless, count))


def copied(pixels: np.ndarray, copy: int) -> np.ndarray:
    """Return copy number `copy` of a picture, uint8 of the same shape."""
    across, down = FLIPS[copy % len(FLIPS)]
    mirrored = pixels[:, ::-1] if across else pixels
    mirrored = mirrored[::-1] if down else mirrored
    # 0, then +3, -3, +6, -6, ... grey levels, a new one after each round of mirrors.
    number = copy // len(FLIPS)
    light = _GREY_LEVELS * ((number + 1) // 2) * (1 if number % 2 else -1)
    return np.clip(mirrored.astype(np.int16) + light, 0, 255).astype(np.uint8)


def grow(pictures: tuple[PictureRecord, ...], count: int, out: Path) -> Path:
    """Write `count` pictures and their manifest to the new folder `out`; return the manifest."""
    (out / "images").mkdir(parents=True)
    rows = []
    for one, copy in track(chosen(pictures, count), f"making {count} pictures"):
        name = f"images/{Path(one.name).stem}-{copy}.png"
        if copy:
            with Image.open(one.file) as picture:
                pixels = copied(np.asarray(picture), copy)
            Image.fromarray(pixels).save(out / name, compress_level=1)
        else:
            (out / name).write_bytes(one.read())
        rows.append((name, one.label, f"{one.group}-{copy}", one.domain, one.soft_label))
    columns = ["path", "label", "group", "domain", "soft_label"]
    manifest = out / "manifest.csv"
    pd.DataFrame(rows, columns=columns).to_csv(manifest, index=False)
    return manifest


def generate(count: int, side_px: int, out: Path) -> Path:
    """Write `count` grey pictures of noise, a defect in every third; return the manifest.

    The defect is a bright bar at a place and of a strength of its own. Every lot of 25 has a
    brightness of its own.
    """
    (out / "images").mkdir(parents=True)
    rows = []
    for number in track(range(count), f"making {count} pictures"):
        rng = np.random.default_rng(number)
        lot, bad = number // _LOT, number % 3 == 0
        pixels = rng.normal(90 + lot % 40, 12, (side_px, side_px))
        if bad:
            row = int(rng.integers(0, side_px - 4))
            pixels[row : row + 4] += rng.uniform(10, 60)
        name = f"images/{number:06d}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out / name, compress_level=1)
        rows.append((name, "defective" if bad else "good", f"lot-{lot}"))
    manifest = out / "manifest.csv"
    pd.DataFrame(rows, columns=["path", "label", "group"]).to_csv(manifest, index=False)
    return manifest


def exponent(sizes: tuple[int, int], seconds: tuple[float, float]) -> float:
    """Return e of seconds ~ pictures ** e between two sizes.

    >>> exponent((100, 1000), (2.0, 20.0))
    1.0
    """
    return math.log(seconds[1] / seconds[0]) / math.log(sizes[1] / sizes[0])


def costs(summary: RunSummary) -> dict[str, Cost]:
    """Return what each step took, and the run."""
    found = {step.step: Cost(step.seconds, step.peak_memory_bytes) for step in summary.steps}
    peak = max(cost.peak_memory_bytes for cost in found.values())
    return found | {WHOLE: Cost(summary.seconds, peak)}


def table(summaries: dict[int, RunSummary]) -> Table:
    """Return a line a step: seconds and peak memory at each size, exponents between them."""
    drawn = Table("step", title="what each step costs, by pictures")
    by_size = {size: costs(summary) for size, summary in sorted(summaries.items())}
    for size in by_size:
        drawn.add_column(f"{size:,}: s")
        drawn.add_column("GiB")
    for small, large in itertools.pairwise(by_size):
        drawn.add_column(f"exponent {small:,} to {large:,}")
    # A run that deploys nothing has fewer steps than one that does.
    most = max(by_size.values(), key=len)
    for step in most:
        drawn.add_row(step, *_cells(by_size, step), *_exponents(by_size, step))
    return drawn


def _cells(by_size: dict[int, dict[str, Cost]], step: str) -> Iterator[str]:
    for found in by_size.values():
        cost = found.get(step)
        yield f"{cost.seconds:.1f}" if cost else ""
        yield f"{cost.peak_memory_bytes / 2**30:.2f}" if cost else ""


def _exponents(by_size: dict[int, dict[str, Cost]], step: str) -> Iterator[str]:
    for (small, before), (large, after) in itertools.pairwise(by_size.items()):
        pair = [found[step].seconds for found in (before, after) if step in found]
        whole = len(pair) == 2 and min(pair) > 0
        yield f"{exponent((small, large), (pair[0], pair[1])):.2f}" if whole else ""


def measured(size: int, results: Path, given: list[str], *, side_px: int = 0) -> RunSummary:
    """Return what a run over so many pictures says of itself, from the results where it is kept.

    Args:
        size: pictures.
        results: the folder of what is kept.
        given: what a user adds to the command.
        side_px: of generated pictures; 0 takes the demo's.
    """
    kept = results / f"{size}.json"
    if not kept.exists():
        # Not a temporary folder: the steps that a stopped run has finished are reused.
        place = results / f"{size}-run"
        manifest = place / "pictures" / "manifest.csv"
        words = [f"--data={manifest}", *given]
        if side_px:
            settings = (*_SMALL, f"augment.image_size_px={side_px}")
            words += [word for setting in settings for word in ("--set", setting)]
        else:
            words += ["--preset", PRESET]
        if not manifest.exists():
            shutil.rmtree(place, ignore_errors=True)
            if side_px:
                generate(size, side_px, manifest.parent)
            else:
                source = read_source(resolve(read_preset(PRESET)).ingest)
                grow(source.pictures, size, manifest.parent)
        summary = timed_run(words, place / "run").summary
        write_record(kept, with_earlier(summary, place / "run" / "runs"))
        shutil.rmtree(place)
    return read_record(kept, RunSummary)


def with_earlier(summary: RunSummary, runs: Path) -> RunSummary:
    """Return a run's summary with what its reused steps cost in the runs that did them."""
    records = [read_record(file, StepRecord) for file in sorted(runs.glob("2*/steps/*.json"))]
    done = {record.step: record for record in records if record.state == "done"}
    steps = tuple(
        done.get(step.step, step) if step.state == "reused" else step for step in summary.steps
    )
    seconds = max(summary.seconds, sum(step.seconds for step in steps))
    return dataclasses.replace(summary, steps=steps, seconds=seconds)


def main() -> None:
    """Run every size, smallest first, and print the table after each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--generated", type=int, default=0, metavar="SIDE", help="pixels a side")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as graft run")
    parser.add_argument("--results", type=Path, required=True, help="keep finished runs here")
    asked = parser.parse_args()
    given = [word for change in asked.set for word in ("--set", change)]
    console = Console(width=200)
    summaries = {}
    for size in sorted(asked.sizes):
        with console.status(f"a run over {size:,} pictures"):
            summaries[size] = measured(size, asked.results, given, side_px=asked.generated)
        console.print(table(summaries))


if __name__ == "__main__":
    main()
