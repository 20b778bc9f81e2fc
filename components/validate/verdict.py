"""What validation found: a record for programs, a page for people, an error for the pipeline."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.dataset import Evidence
from components.common.artifacts.passport import SplitSize
from components.common.artifacts.records import write_record
from components.common.errors import DataError
from components.common.pictures.decode import decode, encode_png
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.thumbnails import shrunk
from components.common.report import page
from components.validate.copies.show import ShownPair
from components.validate.expectations import RuleResult

NAMED_AT_MOST = 5
_SHOWN_AT_MOST = 12
_THUMBNAIL_PX = 96
RECORD = "validation.json"
PAGE = "report.html"
TEMPLATE = Path(__file__).with_name("report_template.html")


@dataclass(frozen=True, kw_only=True)
class Validation:
    """`validation.json`. `dropped` names the unreadable pictures that were left out.

    `protocol` is "manifest" where the source fixed the splits. `kept_from` is the version whose
    pictures kept their splits, 0 where none did. `grey_range` are the levels of 16-bit pictures.
    """

    dataset: str
    passed: bool
    evidence: Evidence
    protocol: str
    split_seed: int
    kept_from: int
    pictures: int
    groups: int
    groups_inferred: bool
    dropped: tuple[str, ...]
    cells: tuple[SplitSize, ...]
    findings: tuple[RuleResult, ...]
    grey_range: GreyRange = FULL

    def broken(self, severity: str) -> tuple[RuleResult, ...]:
        """Return the findings of one severity that failed."""
        return tuple(
            found for found in self.findings if not found.passed and found.severity == severity
        )


def write(
    validation: Validation,
    folder: Path,
    *,
    picture: Callable[[str], bytes],
    pairs: tuple[ShownPair, ...],
) -> None:
    """Write the record and the page into the report artifact.

    Args:
        validation: what was found.
        folder: the artifact's.
        picture: returns the encoded bytes of a picture at fault, which is shown small.
        pairs: near copies, shown side by side.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_record(folder / RECORD, validation)
    shown = {
        one.name: [
            (said, _small(picture(path)))
            for said, path in zip(one.examples, one.pictures[:_SHOWN_AT_MOST], strict=False)
        ]
        for one in validation.findings
    }
    beside = [(pair, [_small(picture(path)) for path in pair.paths]) for pair in pairs]
    text = page.render(TEMPLATE, validation=validation, shown=shown, pairs=beside)
    (folder / PAGE).write_text(text, encoding="utf-8")


def _small(data: bytes) -> bytes:
    """Return the picture as a thumbnail in PNG, nothing where it cannot be read."""
    try:
        return encode_png(shrunk(decode(data), _THUMBNAIL_PX))
    except DataError:
        return b""


def raise_if_broken(validation: Validation, folder: Path) -> None:
    """Stop the pipeline when a critical rule is broken.

    Raises:
        DataError: names the rows at fault of the first broken rule, and the other rules.
    """
    broken = validation.broken("critical")
    if not broken:
        return
    first, others = broken[0], [found.name for found in broken[1:]]
    names = ", ".join(first.examples[:NAMED_AT_MOST])
    rest = first.failing - NAMED_AT_MOST
    more = f" and {rest} more" if rest > 0 else ""
    also = f"; also broken: {', '.join(others)}" if others else ""
    raise DataError(
        f"{first.want} (rule {first.name})",
        received=f"{first.failing} of {first.checked} that fail: {names}{more}",
        do=f"{first.do}{also} (all rows: {folder / PAGE})",
    )
