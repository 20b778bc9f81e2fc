"""Pictures without labels, put together by their looks, for a person to name whole clusters.

out/
├── clusters.csv       cluster, pictures, name: the last column is for a person to fill in
├── pictures.csv       path, cluster, group: the folder below --data that the picture lies in
├── cluster-01.png     a contact sheet: the most typical pictures, then the least typical ones
└── index.html         all sheets
"""

import csv
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.common.errors import DataError
from components.common.files import new_folder
from components.common.pictures.decode import PICTURE_SUFFIXES, decode, encode_png, resize
from components.common.progress import track
from components.common.report import page
from components.label.format_contract import unreadable
from components.networks.config import EMBEDDING, INPUT, NetworkConfig

CLUSTERS, PICTURES, LABELS = "clusters.csv", "pictures.csv", "labels.csv"
_TEMPLATE = Path(__file__).with_name("clusters_page.html")
_BATCH = 16
_THUMBNAIL_PX, _ACROSS, _SHOWN = 96, 8, 24


@dataclass(frozen=True, kw_only=True)
class ClusteredPictures:
    """What was written to `out`: pictures a cluster, and files that are no readable picture."""

    out: Path
    sizes: tuple[int, ...]
    left_out: tuple[Path, ...]


def cluster_pictures(
    folder: Path, *, out: Path, count: int, network: NetworkConfig, image_size_px: int, seed: int
) -> ClusteredPictures:
    """Cluster the pictures below a folder and write what a person names them by.

    Pictures of the same bytes are taken once; hidden files and folders are passed over.

    Args:
        folder: looked through to the bottom.
        out: a new folder.
        count: how many clusters, 0 to estimate it.
        network: whose embedding says what looks alike.
        image_size_px: at which size it looks.
        seed: of the clustering.

    Raises:
        ConfigError: more clusters than pictures, or no such backbone.
        DataError: no folder, fewer than two pictures, or `out` is taken.
        WeightsError: the network's weights cannot be had.
    """
    from components.networks.unlabelled.clusters import find_clusters

    if out.exists():
        raise DataError(f"a new folder at {out}", received="one that is there", do="name another")
    features, files, left_out = _embedded(folder, network, image_size_px=image_size_px)
    found = find_clusters(features, features, count=count, seed=seed)
    logits = features @ found.kernel + found.bias
    typical = logits[np.arange(len(files)), found.members]
    margin = typical - np.where(np.eye(found.count)[found.members] > 0, -np.inf, logits).max(axis=1)
    with new_folder(out) as partial:
        order = [np.flatnonzero(found.members == number) for number in range(found.count)]
        order = [rows[np.argsort(-margin[rows], kind="stable")] for rows in order]
        sheets = []
        for number, rows in enumerate(track(order, "drawing contact sheets"), 1):
            # Of a small cluster each picture once.
            rest = rows[_SHOWN:]
            sheet = _sheet([files[row] for row in (*rows[:_SHOWN], *rest[-_SHOWN:])])
            (partial / f"cluster-{number:02d}.png").write_bytes(sheet)
            sheets.append((number, len(rows), sheet))
        _write_csv(
            partial / CLUSTERS,
            ("cluster", "pictures", "name"),
            [(number, size, "") for number, size, _ in sheets],
        )
        _write_csv(
            partial / PICTURES,
            ("path", "cluster", "group"),
            [
                (file.resolve(), found.members[row] + 1, _group(file, folder))
                for row, file in enumerate(files)
            ],
        )
        text = page.render(_TEMPLATE, folder=str(folder), sheets=sheets)
        (partial / "index.html").write_text(text, encoding="utf-8")
    sizes = tuple(size for _, size, _ in sheets)
    return ClusteredPictures(out=out, sizes=sizes, left_out=tuple(left_out))


def label_by_names(file: Path) -> Path:
    """Write `labels.csv` beside a `clusters.csv` whose names are filled in, and return it.

    Every picture gets the name of its cluster; those of a cluster without one stay unlabelled.

    Raises:
        DataError: a file is not there or not as it was written, or no cluster has a name.
    """
    names = {row["cluster"]: row["name"].strip() for row in _rows(file, ("cluster", "name"))}
    rows = _rows(file.with_name(PICTURES), ("path", "cluster", "group"))
    unknown = {row["cluster"] for row in rows} - set(names)
    if unknown or not any(names.values()):
        received = f"no line for {', '.join(sorted(unknown))}" if unknown else "no name"
        do = "fill in the column 'name' and leave the others as they are"
        raise unreadable(
            file, want="a name for some cluster of each line", received=received, do=do
        )
    labels = file.with_name(LABELS)
    labelled = [(row["path"], names[row["cluster"]], row["group"]) for row in rows]
    _write_csv(labels, ("path", "label", "group"), labelled)
    return labels


def write_by_class(labels: Path, *, out: Path) -> dict[str, int]:
    """Copy the labelled pictures into a new folder, a sub-folder a class; return how many each.

    Raises:
        DataError: a name cannot be a folder, a picture is gone, or `out` is taken.
    """
    rows = [row for row in _rows(labels, ("path", "label")) if row["label"]]
    wrong = sorted({row["label"] for row in rows if Path(row["label"]).name != row["label"]})
    gone = [row["path"] for row in rows if not Path(row["path"]).is_file()]
    if out.exists() or wrong or gone:
        received = "one that is there" if out.exists() else ", ".join(wrong) or f"no {gone[0]}"
        what = f"a new folder at {out}, names without a slash, and all pictures in their place"
        raise DataError(what, received=received, do="correct it and run again")
    counts: dict[str, int] = {}
    with new_folder(out) as partial:
        for number, row in enumerate(track(rows, "copying pictures")):
            path = Path(row["path"])
            place = partial / row["label"] / f"{number:05d}-{path.name}"
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, place)
            counts[row["label"]] = counts.get(row["label"], 0) + 1
    return counts


def _embedded(
    folder: Path, settings: NetworkConfig, *, image_size_px: int
) -> tuple[npt.NDArray[np.float32], list[Path], list[Path]]:
    """Return the embeddings of the readable pictures, their files, and the files left out."""
    from components.networks import network
    from components.networks.data import network_pixels
    from components.networks.features.answers import answers

    left_out: list[Path] = []
    pictures = list(_readable(folder, image_size_px, left_out))
    if len(pictures) < 2:
        raise DataError(
            f"at least two pictures below '{folder}'",
            received=f"{len(pictures)}" if folder.is_dir() else "no such folder",
            do="correct --data",
        )
    built = network.build(settings, image_size_px=image_size_px, classes=2)
    whole = built.frozen_between((INPUT,), (EMBEDDING,))
    parts = []
    for start in track(range(0, len(pictures), _BATCH), "looking at pictures"):
        some = [network_pixels(one[None], (False, False)) for _, one in pictures[start:][:_BATCH]]
        parts.append(answers(whole, [np.concatenate(some).astype(np.float32)])[0])
    return np.concatenate(parts), [file for file, _ in pictures], left_out


def _readable(
    folder: Path, size_px: int, left_out: list[Path]
) -> Iterator[tuple[Path, npt.NDArray[np.uint8]]]:
    known: set[str] = set()
    for path in track(sorted(folder.rglob("*")), "reading pictures"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file() or path.suffix.lower() not in PICTURE_SUFFIXES:
            continue
        try:
            data = path.read_bytes()
            pixels = resize(decode(data, name=path.name), size_px)
        except (DataError, OSError):
            left_out.append(path)
            continue
        digest = hashlib.sha256(data).hexdigest()
        if digest not in known:
            known.add(digest)
            yield path, pixels


def _group(file: Path, folder: Path) -> str:
    inside = file.parent.relative_to(folder).as_posix()
    return "" if inside == "." else inside


def _sheet(files: Sequence[Path]) -> bytes:
    side = _THUMBNAIL_PX
    sheet = Image.new("RGB", (_ACROSS * side, -(-len(files) // _ACROSS) * side), "white")
    for number, file in enumerate(files):
        pixels = resize(decode(file.read_bytes(), name=file.name), side - 4)
        small = Image.fromarray(np.broadcast_to(pixels, (side - 4, side - 4, 3)).copy())
        sheet.paste(small, (number % _ACROSS * side + 2, number // _ACROSS * side + 2))
    return encode_png(np.asarray(sheet))


def _rows(file: Path, columns: tuple[str, ...]) -> list[Mapping[str, str]]:
    want = f"a comma-separated UTF-8 file with the columns {', '.join(columns)}"
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in csv.DictReader(stream, strict=True) if any(row.values())]
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise unreadable(file, want=want, received=error, do="correct the path") from None
    if not rows or not set(columns) <= set(rows[0]) or None in {row[columns[0]] for row in rows}:
        had = ", ".join(map(str, rows[0])) if rows else "no line"
        raise unreadable(file, want=want, received=had, do="restore it")
    return [{key: value or "" for key, value in row.items() if key} for row in rows]


def _write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([header, *rows])
