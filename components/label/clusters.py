"""Pictures without labels, put together by their looks, for a person to name whole clusters.

out/
├── clusters.csv       cluster, pictures, name: the last column is for a person to fill in
├── cluster-01.png     a contact sheet: the most typical pictures, then the least typical ones
├── index.html         all sheets
├── pictures.csv       path, cluster, group: the sub-folder that the picture lay in
├── pictures/          <sha256>.png ...
└── manifest.csv       path, label, group, once there are names: a data set
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.common.artifacts.records import link_or_copy
from components.common.errors import DataError
from components.common.files import new_folder, write_bytes
from components.common.pictures.contact_sheet import contact_sheet
from components.common.pictures.decode import Pixels, decode, resize
from components.common.pictures.folders import pictures_below
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.progress import track
from components.common.report import page
from components.common.report.spreadsheet import cell_text, plain_table
from components.label.format_contract import unreadable
from components.networks.config import NetworkConfig

_TEMPLATE = Path(__file__).with_name("clusters_page.html")
_SHOWN = 24


@dataclass(frozen=True, kw_only=True)
class ClusteredPictures:
    """How many pictures each cluster has, and the files that are no readable picture."""

    sizes: tuple[int, ...]
    left_out: tuple[Path, ...]


@dataclass(frozen=True)
class _ClusterPicture:
    file: Path
    sha256: str
    pixels: Pixels


def cluster_pictures(
    folder: Path,
    *,
    out: Path,
    count: int,
    network: NetworkConfig,
    image_size_px: int,
    seed: int,
    grey_range: GreyRange = FULL,
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
        grey_range: of 16-bit grey pictures.

    Raises:
        ConfigError: more clusters than pictures, or no such backbone.
        DataError: fewer than two pictures, or `out` is taken.
        WeightsError: the network's weights cannot be had.
    """
    from components.networks.features.embedding import embed_pictures, embedder
    from components.networks.network import build
    from components.networks.unlabelled.clusters import find_clusters

    if out.exists():
        raise DataError(f"a new folder at {out}", received="one that is there", do="name another")
    pictures, left_out = _readable(folder, image_size_px, grey_range)
    built = build(network, image_size_px=image_size_px, classes=2)
    shown = [one.pixels for one in pictures]
    features = embed_pictures(embedder(built), shown, activity="looking at pictures")
    found = find_clusters(features, features, count=count, seed=seed)
    ranked = np.sort(features @ found.kernel + found.bias, axis=1)
    # Those that lie nearest to another cluster stand last.
    order = np.argsort(ranked[:, -2] - ranked[:, -1], kind="stable")
    members = [order[found.members[order] == number] for number in range(found.count)]
    sheets = []
    with new_folder(out) as partial:
        (partial / "pictures").mkdir()
        rows = []
        for one, cluster in zip(pictures, found.members + 1, strict=True):
            place = f"pictures/{one.sha256}{one.file.suffix.lower()}"
            link_or_copy(one.file, partial / place)
            inside = one.file.parent.relative_to(folder).as_posix()
            rows.append((place, cluster, "" if inside == "." else inside))
        _write(partial / "pictures.csv", ("path", "cluster", "group"), rows)
        for number, chosen in enumerate(track(members, "drawing contact sheets"), 1):
            examples = (*chosen[:_SHOWN], *chosen[_SHOWN:][-_SHOWN:])
            sheet = contact_sheet([pictures[row].pixels for row in examples])
            (partial / f"cluster-{number:02d}.png").write_bytes(sheet)
            sheets.append((number, len(chosen), sheet))
        names = [(number, size, "") for number, size, _ in sheets]
        _write(partial / "clusters.csv", ("cluster", "pictures", "name"), names)
        text = page.render(_TEMPLATE, folder=str(folder), sheets=sheets)
        (partial / "index.html").write_text(text, encoding="utf-8")
    return ClusteredPictures(sizes=tuple(map(len, members)), left_out=tuple(left_out))


def label_by_names(file: Path) -> pd.DataFrame:
    """Write `manifest.csv` beside a `clusters.csv` whose names are filled in, and return it.

    Every picture gets the name of its cluster; those of a cluster without one are left out.

    Raises:
        DataError: a file is not there or not as it was written, or no cluster has a name.
    """
    clusters = _read(file, {"cluster", "name"})
    names = dict(zip(clusters["cluster"], clusters["name"].str.strip(), strict=True))
    pictures = _read(file.with_name("pictures.csv"), {"path", "cluster", "group"})
    foreign = sorted(set(pictures["cluster"]) ^ set(names))
    if foreign or not any(names.values()):
        received = f"another line of cluster {', '.join(foreign)}" if foreign else "no name at all"
        do = "fill in the column 'name' and leave the rest as it is"
        raise unreadable(file, want="a line a cluster, with some names", received=received, do=do)
    labelled = pictures.assign(label=pictures["cluster"].map(names))
    labelled = labelled.loc[labelled["label"] != "", ["path", "label", "group"]]
    write_bytes(file.with_name("manifest.csv"), labelled.to_csv(index=False).encode())
    return labelled


def _readable(
    folder: Path, size_px: int, grey_range: GreyRange
) -> tuple[list[_ClusterPicture], list[Path]]:
    """Return the pictures below a folder at a size, and the files that are none.

    Raises:
        DataError: there are fewer than two.
    """
    left_out: list[Path] = []
    found: dict[str, _ClusterPicture] = {}
    for path in track(pictures_below(folder), "reading pictures"):
        try:
            data = path.read_bytes()
            pixels = resize(decode(data, name=path.name, grey_range=grey_range), size_px)
        except (DataError, OSError):
            left_out.append(path)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        found.setdefault(sha256, _ClusterPicture(path, sha256, pixels))
    if len(found) < 2:
        received = str(len(found)) if folder.is_dir() else "no such folder"
        wanted = f"at least two pictures below '{folder}'"
        raise DataError(wanted, received=received, do="correct --data")
    return list(found.values()), left_out


def _read(file: Path, columns: set[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        received: object = error
    else:
        if columns <= set(table.columns) and len(table):
            return table.map(cell_text)
        received = f"{len(table)} lines of {', '.join(map(str, table.columns))}"
    want = f"a comma-separated UTF-8 file with the columns {', '.join(sorted(columns))}"
    raise unreadable(
        file, want=want, received=received, do="give the clusters.csv that was written"
    )


def _write(path: Path, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    plain_table(pd.DataFrame(rows, columns=list(columns))).to_csv(path, index=False)
