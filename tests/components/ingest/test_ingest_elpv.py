from collections import Counter
from pathlib import Path

import pytest

from components.common.errors import DataError
from components.ingest.config import IngestConfig
from components.ingest.sources.elpv import module_sizes, read

# The type runs of the package's labels.csv, in file order.
RUNS = [
    ("mono", 60),
    ("poly", 300),
    ("mono", 180),
    ("poly", 360),
    ("mono", 714),
    ("poly", 530),
    ("mono", 72),
    ("poly", 180),
    ("mono", 48),
    ("poly", 180),
]


def test_the_demo_data_have_44_modules() -> None:
    sizes = module_sizes([kind for kind, cells in RUNS for _ in range(cells)])
    assert sum(sizes) == 2624
    assert Counter(sizes) == {60: 40, 54: 1, 50: 1, 72: 1, 48: 1}
    mono = module_sizes(["mono"] * 714)
    assert mono.index(54) == 5
    assert module_sizes(["poly"] * 530).index(50) == 3


def test_label_soft_label_domain_and_group(tmp_path: Path, picture) -> None:
    (tmp_path / "images").mkdir()
    lines = [("0.0", "mono"), ("0.3333333333333333", "mono"), ("0.6666666666666666", "poly")]
    rows = []
    for number, (probability, kind) in enumerate(lines, start=1):
        name = f"images/cell{number:04d}.png"
        (tmp_path / name).write_bytes(picture(number))
        rows.append(f"{name}  {probability}    {kind}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    source = read(IngestConfig(source="elpv", path=str(tmp_path)))
    assert [item.label for item in source.pictures] == ["functional", "functional", "defective"]
    assert [item.domain for item in source.pictures] == ["mono", "mono", "poly"]
    assert [item.group for item in source.pictures] == ["module-01", "module-01", "module-02"]
    assert source.pictures[2].soft_label == pytest.approx(2 / 3)
    assert source.classes == ("functional", "defective")
    assert [item.further["label:type"] for item in source.pictures] == ["mono", "mono", "poly"]
    assert [item.further["label:grade"] for item in source.pictures] == ["0.00", "0.33", "0.67"]
    assert source.groups_inferred
    assert "NC" in source.licence


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty file"),
        ("images/a.png high mono", "what cannot be read"),
        ("images/a.png 1.5 mono", "line 1"),
        ("images/a.png 1.0 mono", r"1 pictures that are not there \(images/a.png\)"),
    ],
)
def test_rubbish_labels(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match=complaint):
        read(IngestConfig(source="elpv", path=str(tmp_path)))


def test_no_labels(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="graft data pull"):
        read(IngestConfig(source="elpv", path=str(tmp_path)))
