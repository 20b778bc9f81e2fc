"""Whatever stands in a manifest: it is read as it was meant, or refused in one sentence."""

import csv
import io
import math
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.common.artifacts.dataset import SPLITS
from components.common.errors import InputError
from components.ingest.additions import COLUMNS, read_additions
from components.ingest.config import IngestConfig
from components.ingest.sources.manifest import OPTIONAL, REQUIRED, read

FILES = ("good/a.png", "good/b.png", "good/c.png", "bad/a.png", "bad/lot2/b.png")
# One folder serves all examples: each replaces the manifest.
ROOMY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
KNOWN = st.sampled_from((*REQUIRED, *OPTIONAL, "label:flaw", "operator", "sha256", "wieght", ""))
CELL = st.one_of(
    st.sampled_from(
        (*FILES, *SPLITS, "good", "bad", "", " ", "nan", "NaN", "inf", "-1", "1e400", "0.5", "|")
    ),
    st.sampled_from(("../x.png", "/", ".", "good", "a" * 300, "good/\0.png", "a|b", "GOOD")),
    st.text(max_size=12),
)


def ask(root: Path, content: bytes, *, unlabelled: bool) -> None:
    (root / "manifest.csv").write_bytes(content)
    try:
        read(IngestConfig(source="manifest", path=str(root), unlabelled=unlabelled))
    except InputError as error:
        assert str(error).startswith("expected ")


@ROOMY
@given(
    header=st.lists(st.one_of(KNOWN, st.text(max_size=8)), min_size=1, max_size=7),
    rows=st.lists(st.lists(CELL, max_size=7), max_size=6),
    unlabelled=st.booleans(),
)
@example(header=["path", "label"], rows=[["good/a.png", "x"], ["a" * 300, "y"]], unlabelled=False)
@example(header=["path", "label"], rows=[["good/a.png", "x"], ["a\0", "y"]], unlabelled=False)
def test_any_table_is_read_or_refused(
    two_classes: Path, header: list[str], rows: list[list[str]], unlabelled: bool
) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    content = stream.getvalue().encode("utf-8", errors="replace")
    ask(two_classes, content, unlabelled=unlabelled)


@ROOMY
@given(
    content=st.binary(max_size=200), head=st.sampled_from((b"", b"path,label\n", b'path,label\n"'))
)
def test_any_bytes_are_read_or_refused(two_classes: Path, content: bytes, head: bytes) -> None:
    ask(two_classes, head + content, unlabelled=False)


def printable() -> st.SearchStrategy[str]:
    """Texts that a manifest keeps as they are: no outer spaces, which it strips."""
    alphabet = st.characters(exclude_categories=("C", "Z"), exclude_characters="|")
    return st.text(alphabet, min_size=1, max_size=8).filter(lambda text: text.lower() != "nan")


@st.composite
def whole_rows(draw: st.DrawFn) -> list[dict[str, str]]:
    files = draw(st.lists(st.sampled_from(FILES), min_size=2, unique=True))
    labels = ["defect", "fine"]
    split = draw(st.booleans())
    return [
        {
            "path": file,
            "label": labels[number % 2],
            "soft_label": draw(st.one_of(st.just(""), st.floats(0, 1).map(repr))),
            "domain": draw(st.one_of(st.just(""), printable())),
            "group": draw(st.one_of(st.just(""), printable())),
            "split": draw(st.sampled_from(SPLITS)) if split else "",
            "weight": draw(
                st.one_of(st.just(""), st.floats(1e-300, 1e300, exclude_min=True).map(repr))
            ),
            "operator": draw(st.one_of(st.just(""), printable())),
        }
        for number, file in enumerate(files)
    ]


@ROOMY
@given(rows=whole_rows())
def test_what_is_valid_comes_back_as_it_was_written(
    two_classes: Path, rows: list[dict[str, str]]
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (two_classes / "manifest.csv").write_text(stream.getvalue(), encoding="utf-8")
    found = read(IngestConfig(source="manifest", path=str(two_classes)))
    assert len(found.pictures) == len(rows)
    for picture, row in zip(found.pictures, rows, strict=True):
        assert (picture.name, picture.label) == (row["path"], row["label"])
        assert (picture.domain, picture.group, picture.split) == (
            row["domain"],
            row["group"],
            row["split"],
        )
        assert picture.further == {"operator": row["operator"]}
        assert picture.weight == (float(row["weight"]) if row["weight"] else 1.0)
        assert row["soft_label"] or math.isnan(picture.soft_label)
        assert not row["soft_label"] or picture.soft_label == float(row["soft_label"])


@ROOMY
@given(
    rows=st.lists(
        st.lists(
            st.one_of(CELL, st.sampled_from(("n.png", "..", "nan", "-inf", "1e300"))),
            min_size=6,
            max_size=9,
        ),
        max_size=3,
    ),
    header=st.sampled_from((COLUMNS, COLUMNS[:-1], COLUMNS[1:])),
)
@example(header=COLUMNS, rows=[["a" * 300, "", "good", "", "", "", "1", ""]])
@example(header=COLUMNS, rows=[["n.png", "", "good", "", "", "", "nan", ""]])
def test_any_table_of_additions_is_read_or_refused(
    two_classes: Path, rows: list[list[str]], header: tuple[str, ...]
) -> None:
    folder = two_classes / "additions"
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "pictures" / "n.png").write_bytes(b"x")
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    (folder / "manifest.csv").write_bytes(stream.getvalue().encode("utf-8", errors="replace"))
    try:
        found = read_additions(two_classes)
    except InputError as error:
        assert str(error).startswith("expected ")
    else:
        # Whoever lists them can say when.
        assert all(datetime.fromtimestamp(one.added_unix_s, UTC).year > 0 for one in found)
