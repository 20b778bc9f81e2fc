"""How often strange pictures are recognised as such, and ordinary ones taken for strange.

    python -m benchmarks.familiarity SET [SET ...]

A SET is a folder by class, a manifest.csv, or data/elpv. Of each set some groups are what the model
was fitted on; the others are ordinary pictures, and the other sets, black frames and noise are
strange ones. Embeddings are those of the presets' backbone, with the demo's pooling where the demo
is ordinary.
"""

import argparse
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.embedded import WORK, embed_pictures, embedded_folder, settings_of
from components.common.pictures.decode import Pixels
from components.common.progress import track
from components.common.seeding import generator
from components.common.statistics.familiarity import Embeddings, distances, farthest_familiar, unit
from components.networks.config import Pooling

SHARES = (0.2, 0.4, 0.7)
DRAWS = 20
_STRANGE = 60
SIDE_PX = 160


def black_frames() -> list[Pixels]:
    """Return frames of one grey level and dark ones with a little noise of the sensor."""
    random = generator(0, "benchmark", "black")
    plain = [np.full((SIDE_PX, SIDE_PX, 1), level, np.uint8) for level in (0, 1, 2, 5)]
    noisy = [random.integers(0, 6, (SIDE_PX, SIDE_PX, 1), dtype=np.uint8) for _ in range(16)]
    return [*plain, *noisy]


def noise() -> list[Pixels]:
    """Return uniform noise, grey and colour, fine and coarse."""
    random = generator(0, "benchmark", "noise")
    return [
        random.integers(0, 256, (side, side, channels), dtype=np.uint8)
        for side in (28, 64, SIDE_PX)
        for channels in (1, 3)
        for _ in range(6)
    ]


def strange(paths: list[Path], *, pooling: Pooling) -> dict[str, Embeddings]:
    """Return the embeddings of what no model of the first set should answer about."""
    run = settings_of(paths[0], pooling=pooling)
    kept = WORK / f"strange-{pooling}.npz"
    if not kept.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        np.savez(
            kept,
            black=embed_pictures(black_frames(), run=run, activity="embedding black frames"),
            noise=embed_pictures(noise(), run=run, activity="embedding noise"),
        )
    found: dict[str, Embeddings] = {}
    for path in paths[1:]:
        other = embedded_folder(path, pooling=pooling).embeddings
        some = np.linspace(0, len(other) - 1, min(_STRANGE, len(other))).astype(int)
        found[_name(path)] = other[some]
    with np.load(kept) as archive:
        return found | dict(archive)


def _name(path: Path) -> str:
    return path.parent.name if path.suffix else path.name


def measure(paths: list[Path], *, share: float) -> tuple[str, ...]:
    """Return a row: the first path's set is ordinary, all else is strange."""
    pooling: Pooling = "max" if paths[0].name == "elpv" else "mean"
    ordinary = embedded_folder(paths[0], pooling=pooling)
    others = strange(paths, pooling=pooling)
    names = np.unique(ordinary.groups)
    random = generator(0, "benchmark", "familiarity", _name(paths[0]), str(share))
    false, true = [], []
    for _ in track(range(DRAWS), f"{_name(paths[0])}, {share:.0%} of the groups"):
        fitted = np.isin(ordinary.groups, random.permutation(names)[: int(share * len(names))])
        known = unit(ordinary.embeddings[fitted])
        bound = farthest_familiar(known, list(ordinary.groups[fitted]))
        false.append(float((distances(ordinary.embeddings[~fitted], known) > bound).mean()))
        true.append([float((distances(other, known) > bound).mean()) for other in others.values()])
    count, pictures = int(share * len(names)), round(share * len(ordinary.groups))
    asked = (
        f"{name} {100 * part:.1f}" for name, part in zip(others, np.mean(true, axis=0), strict=True)
    )
    low, high = np.quantile(false, (0.05, 0.95))
    return (
        *(_name(paths[0]), f"{count} ({pictures} pictures)", f"{100 * np.mean(false):.1f} %"),
        *(f"{100 * low:.0f} to {100 * high:.0f} %", ", ".join(asked)),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    given = parser.parse_args().sets
    table = Table(
        "ordinary", "fitted on groups", "ordinary asked", "5 to 95 % of draws", "strange asked, %"
    )
    for path in given:
        ordered = [path, *(other for other in given if other != path)]
        for share in SHARES:
            table.add_row(*measure(ordered, share=share))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
