"""What a person does by hand, and what a simulation does: audits, and one judgement in memory.

An audit is a random sample of the log that a person labels, and what it says of the accuracy.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.model_folder import newest_version
from components.common.artifacts.monitoring.log_reading import last_version, read_log
from components.common.artifacts.monitoring.observations import from_table, of_reference
from components.common.artifacts.monitoring.prediction_log import PICTURES
from components.common.artifacts.monitoring.reference import Reference
from components.common.artifacts.records import read_record, write_record
from components.common.errors import DataError, InputError
from components.common.report.spreadsheet import plain_table
from components.common.seeding import generator
from components.monitor.assess import Assessment, assess
from components.monitor.audit_labels import LABELS, RECORD, read_labels
from components.monitor.decide.history import DecisionHistory, HistoryEntry
from components.monitor.decide.policy import decide
from components.monitor.decide.situation import Situation
from components.monitor.harm.config import HarmConfig
from components.monitor.harm.estimate import estimate
from components.monitor.report.report import harm_sentence

__all__ = [
    "Assessment",
    "DecisionHistory",
    "HistoryEntry",
    "Situation",
    "assess",
    "audit_report",
    "decide",
    "draw_sample",
    "harm_sentence",
]

SAMPLE = "sample.json"


@dataclass(frozen=True, kw_only=True)
class AuditSample:
    """The records that a sample stands for: one version's, in a stretch of time.

    since_unix_s, until_unix_s: from, and up to; 0 leaves the end open.
    """

    version: int
    since_unix_s: float
    until_unix_s: float

    def records(self, log: Path) -> pa.Table:
        """Return them from a model's log; those of unknown version (0) count as its own."""
        return _of_version(_stretch(log, self.since_unix_s, self.until_unix_s), self.version)


def draw_sample(
    log: Path,
    *,
    out: Path,
    count: int,
    seed: int,
    model_dir: Path | None = None,
    since_unix_s: float = 0.0,
    until_unix_s: float = 0.0,
) -> int:
    """Write a folder to be labelled and return how many pictures it holds.

    Drawn at random from the answered records of the version that serves whose picture the log still
    keeps (its reservoir, itself a random choice, of the last weeks only: a longer stretch would
    not be sampled evenly). The model's decision is not shown: it would sway the person.

    Args:
        log: the model's log folder, with its pictures.
        out: a folder that is not there yet.
        count: how many; fewer where fewer are kept.
        seed: the same seed draws the same pictures.
        model_dir: says which version serves, its newest; where it holds none, the version that
            answered last does. (After a rollback the highest that was logged is a retired one.)
        since_unix_s: leave out earlier records.
        until_unix_s: leave out records from then on; 0 reads to the end.

    Raises:
        DataError: no picture is kept, or `out` is there already.
    """
    if out.exists():
        raise DataError("a new folder", received=str(out), do="name another one")
    kept = {path.stem: path for path in sorted((log / PICTURES).glob("*.*"))}
    table = _stretch(log, since_unix_s, until_unix_s)
    served = newest_version(model_dir) if model_dir else None
    version = served.number if served else last_version(table)
    columns = [*RECORD, "picture_sha256", "decision"]
    frame = _of_version(table, version).select(columns).to_pandas()
    frame = frame[frame["picture_sha256"].isin(list(kept)) & frame["decision"].ne("")]
    if frame.empty:
        raise DataError(
            f"answered records of version {version} with a kept picture in {log}",
            received="none",
            do="name another stretch of time, or let the gateway keep pictures",
        )
    chosen = generator(seed, "audit").permutation(len(frame))[:count]
    # In the order drawn: the first that a person labels are then a random sample as well.
    frame = frame.iloc[chosen]
    (out / PICTURES).mkdir(parents=True)
    names = [kept[sha256] for sha256 in frame["picture_sha256"]]
    for path in names:
        shutil.copy2(path, out / PICTURES / path.name)
    sheet = frame[RECORD].assign(picture=[f"{PICTURES}/{path.name}" for path in names], label="")
    plain_table(sheet).to_csv(out / LABELS, index=False)
    sample = AuditSample(version=version, since_unix_s=since_unix_s, until_unix_s=until_unix_s)
    write_record(out / SAMPLE, sample)
    return len(sheet)


def audit_report(folder: Path, *, reference: Path, log: Path) -> str:
    """Return one sentence on the accuracy of what a sample was drawn from.

    Args:
        folder: what `draw_sample` wrote, with labels filled in.
        reference: the folder `references/<version>` of the version.
        log: the model's log folder.

    Raises:
        DataError: the folder was not drawn, or not filled in, or from another log.
    """
    known = Reference.read(reference)
    labels = read_labels(folder, classes=known.info.classes)
    try:
        sample = read_record(folder / SAMPLE, AuditSample)
    except (OSError, ValueError, InputError) as error:
        raise DataError(
            f"{folder / SAMPLE} to say what was sampled",
            received=f"'{error}'",
            do="name the folder that `graft audit sample` wrote",
        ) from None
    table = labels.join(sample.records(log))
    if not any(table["label"].to_pylist()):
        raise DataError(
            "labels of records in this log",
            received=f"{len(labels.by_record)} labels of other records",
            do="name the log that the sample was drawn from",
        )
    found = estimate(
        from_table(table, classes=known.info.classes),
        of_reference(reference),
        settings=HarmConfig(),
        seed=0,
    )
    return harm_sentence(found)


def _stretch(log: Path, since_unix_s: float, until_unix_s: float) -> pa.Table:
    return read_log(log, since_unix_s=since_unix_s, until_unix_s=until_unix_s).table


def _of_version(table: pa.Table, version: int) -> pa.Table:
    return table.filter(pc.is_in(table["version"], pa.array([0, version], pa.int64())))
