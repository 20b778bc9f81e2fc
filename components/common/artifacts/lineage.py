"""Lineage: every artifact that led to a version, and the pictures at its root.

Each artifact's `provenance.json` carries the links of all that went into it, so an artifact carries
its whole history wherever it is copied to. With each version deploy keeps

<base path>/<model>/lineage/<version>/
├── lineage.json      Lineage
├── pictures.parquet  PICTURE_COLUMNS: what it was trained and judged on
└── out_of_fold.parquet  PREDICTION_COLUMNS: what its folds answered, under cross-validation

and in the Candidate's folder `seen.parquet`: every picture that the network, or what it started
from, was ever trained or calibrated on. Nothing may be judged on these.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.model_folder import candidate_path, lineage_path
from components.common.artifacts.records import PROVENANCE, read_record, tree_sha256, write_record

SEEN = "seen.parquet"
_OUT_OF_FOLD = "out_of_fold.parquet"
PICTURE_COLUMNS = ("path", "sha256", "pixels", "label", "group", "split")


@dataclass(frozen=True, kw_only=True)
class Link:
    """One artifact: where it was written, what it holds, and what it was made from.

    `name` is the output of the step `producer`. `sha256` is `tree_sha256` of its folder. `inputs`
    are the digests of the artifacts read, by the step's name for them. `config` is the step's
    section as canonical JSON. `commit` ends with "+" where files differed from it.
    """

    producer: str
    name: str
    uri: str
    sha256: str
    inputs: dict[str, str]
    config: str
    commit: str
    run_id: str
    data_sha256: str = ""
    created_unix_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where an artifact came from; stands in each artifact's folder and metadata.

    `ancestors` are the links of all artifacts it was made from, the oldest first.
    """

    step: str
    run_id: str
    commit: str
    data_sha256: str
    config: str
    inputs: dict[str, str]
    content_sha256: str
    name: str = ""
    uri: str = ""
    created_unix_s: float = 0.0
    ancestors: tuple[Link, ...] = ()

    @property
    def link(self) -> Link:
        """The artifact itself as a link."""
        return Link(
            producer=self.step,
            name=self.name,
            uri=self.uri,
            sha256=self.content_sha256,
            inputs=self.inputs,
            config=self.config,
            commit=self.commit,
            run_id=self.run_id,
            data_sha256=self.data_sha256,
            created_unix_s=self.created_unix_s,
        )


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """The links behind one version, the oldest first. `model_sha256` is that of its files.

    `roots` are the digests of what deploy was given, by its names for them.
    """

    model_sha256: str
    roots: dict[str, str]
    links: tuple[Link, ...]


def read_provenance(root: Path) -> Provenance | None:
    """Return an artifact's provenance, None where it has none that can be read."""
    try:
        return read_record(root / PROVENANCE, Provenance)
    except (OSError, ValueError):
        return None


def content_sha256(root: Path) -> str:
    """Return an artifact's `tree_sha256`, as its provenance says it or measured."""
    known = read_provenance(root)
    return known.content_sha256 if known else tree_sha256(root)


def gathered(roots: Iterable[Path]) -> tuple[Link, ...]:
    """Return the links of some artifacts and all their ancestors, each once, the oldest first.

    Args:
        roots: folders of artifacts; one without provenance adds nothing.
    """
    found: dict[tuple[str, str], Link] = {}
    for root in roots:
        known = read_provenance(root)
        if known is not None:
            for link in (*known.ancestors, known.link):
                found.setdefault((f"{link.producer}.{link.name}", link.sha256), link)
    return tuple(sorted(found.values(), key=lambda link: link.created_unix_s))


def write_lineage(
    out: Path, lineage: Lineage, manifest: pd.DataFrame, *, out_of_fold: pd.DataFrame | None = None
) -> None:
    """Write a version's lineage, and the rows of its Dataset, into a folder that is there.

    Args:
        out: the folder.
        lineage: the links.
        manifest: rows of the Dataset.
        out_of_fold: PREDICTION_COLUMNS and a probability column a class, of the folds; None under
            holdout.
    """
    manifest.loc[:, list(PICTURE_COLUMNS)].to_parquet(out / "pictures.parquet")
    if out_of_fold is not None:
        out_of_fold.to_parquet(out / _OUT_OF_FOLD)
    write_record(out / "lineage.json", lineage)


def read_lineage(model_dir: Path, version: int) -> Lineage | None:
    """Return a version's lineage, None where none was kept.

    Raises:
        InputError: the record is damaged.
    """
    path = lineage_path(model_dir, version) / "lineage.json"
    return read_record(path, Lineage) if path.is_file() else None


def read_pictures(model_dir: Path, version: int) -> pd.DataFrame | None:
    """Return the pictures behind a version, PICTURE_COLUMNS; None where none were kept.

    `pixels` is "" for versions from before it was kept.
    """
    path = pictures_path(model_dir, version)
    if not path.is_file():
        return None
    pictures = pd.read_parquet(path)
    return pictures if "pixels" in pictures else pictures.assign(pixels="")


def out_of_fold_of(model_dir: Path, version: int) -> pd.DataFrame:
    """Return what a version's folds answered, see `write_lineage`; no rows under holdout."""
    path = lineage_path(model_dir, version) / _OUT_OF_FOLD
    nothing = pd.DataFrame({"path": [], "predicted": [], "asked": []})
    return pd.read_parquet(path) if path.is_file() else nothing


def pictures_path(model_dir: Path, version: int) -> Path:
    """Return where the pictures behind a version are listed."""
    return lineage_path(model_dir, version) / "pictures.parquet"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a network was trained or calibrated on, by `sha256` of the files and by their `pixels`.

    `inherited` is the part of `sha256` that what it started from had seen before.
    """

    sha256: frozenset[str] = frozenset()
    pixels: frozenset[str] = frozenset()
    inherited: frozenset[str] = frozenset()

    def among(self, manifest: pd.DataFrame) -> "pd.Series[bool]":
        """Return for each Dataset row whether the picture is one of these."""
        return manifest["sha256"].isin(self.sha256) | manifest["pixels"].isin(self.pixels)


def write_seen(candidate: Path, own: Iterable[str], *, before: Collection[str]) -> None:
    """Leave in a Candidate's folder which files (sha256) it has seen.

    Args:
        candidate: the folder, which is there.
        own: what it was trained or calibrated on now.
        before: what the network that it started from had seen.
    """
    rows = [(name, True) for name in sorted(set(before))]
    rows += [(name, False) for name in sorted(set(own) - set(before))]
    pd.DataFrame(rows, columns=["sha256", "inherited"]).to_parquet(candidate / SEEN)


def read_seen(candidate: Path) -> Seen | None:
    """Return what a Candidate has seen; None where its folder does not say."""
    if not (candidate / SEEN).is_file():
        return None
    table = pd.read_parquet(candidate / SEEN)
    return Seen(
        sha256=frozenset(table["sha256"]),
        inherited=frozenset(table["sha256"][table["inherited"].astype(bool)]),
    )


def seen_by_version(model_dir: Path, version: int) -> Seen | None:
    """Return what a version has seen, by its lineage and its Candidate; None where neither says."""
    pictures, kept = (
        read_pictures(model_dir, version),
        read_seen(candidate_path(model_dir, version)),
    )
    if pictures is None:
        return kept
    own = pictures[pictures["split"].isin(["train", "validation"])]
    more = kept or Seen()
    return Seen(
        sha256=frozenset(own["sha256"]) | more.sha256,
        pixels=frozenset(own["pixels"]) - {""},
        inherited=more.inherited,
    )
