import math
from collections.abc import Callable
from pathlib import Path

import pytest

from components.common.errors import DataError
from components.ingest.config import IngestConfig
from components.ingest.source_data import SourceData
from components.ingest.sources.manifest import read

Reader = Callable[[str], SourceData]


@pytest.fixture
def read_text(two_classes: Path) -> Reader:
    """Write a manifest beside the pictures and read it."""

    def read_manifest(text: str) -> SourceData:
        (two_classes / "manifest.csv").write_text(text)
        return read(IngestConfig(source="manifest", path=str(two_classes / "manifest.csv")))

    return read_manifest


def test_reads_every_column(read_text: Reader) -> None:
    source = read_text(
        "path,label,soft_label,domain,group,split,weight\n"
        "good/a.png,good,0.1,cam1,m1,train,2\n"
        "./good/b.png, good ,,cam1,m1,Train,\n"
        "bad/a.png,bad,1,cam2,m2,val,0.5\n"
    )
    first, second, third = source.pictures
    assert (first.soft_label, first.domain, first.group, first.split, first.weight) == (
        0.1,
        "cam1",
        "m1",
        "train",
        2.0,
    )
    assert (second.name, second.label, second.split, second.weight) == (
        "good/b.png",
        "good",
        "train",
        1.0,
    )
    assert math.isnan(second.soft_label)
    assert third.split == "validation"
    assert source.classes == ("good", "bad")


def test_a_folder_stands_for_its_manifest(two_classes: Path, read_text: Reader) -> None:
    read_text("path,label\ngood/a.png,x\nbad/a.png,y\n")
    assert len(read(IngestConfig(source="manifest", path=str(two_classes))).pictures) == 2


def test_byte_order_mark_and_quotes_are_fine_and_other_columns_are_kept(read_text: Reader) -> None:
    source = read_text('\ufeffpath,label,operator\n"good/a.png",x,"Miller, J."\nbad/a.png,y,\n')
    assert len(source.pictures) == 2
    assert source.columns == ("operator",)
    assert [one.further for one in source.pictures] == [
        {"operator": "Miller, J."},
        {"operator": ""},
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "an empty file; write a line for each picture"),
        ("path,label\n", "a header line only"),
        ("file,label\ngood/a.png,x\n", r"no column path \(there are: file, label\)"),
        ("path;label\ngood/a.png;x\n", r"no column path, label \(there are: path;label\)"),
        ("path,label,label\ngood/a.png,x,y\n", "a column name twice"),
        ("path,label,sha256\ngood/a.png,x,1\n", r"'sha256', which is made here"),
        ("path,label,wieght\ngood/a.png,x,1\n", r"'wieght' \(did you mean 'weight'\?\)"),
        ("path,label\ngood/a.png,x,y,z\nbad/a.png,y\n", "what cannot be read .*line 2, saw 4"),
        ("path,label\n,x\n", "a path on every line .* line 2: ''"),
        ("path,label\ngood/a.png,\n", "a label on every line .* line 2: ''"),
        ("path,label\ngood/a.png,x\nbad/a.png,NaN\n", "a label on every line .* line 3: 'NaN'"),
        ("path,label\ngood/a.png,x\nbad/a.png,x\n", "at least two classes .* only 'x'"),
        ("path,label\ngood/a.png,x\ngood/nine.png,y\n", r"line 3: 'good/nine\.png'"),
        ("path,label\n../../x.png,x\n/etc/passwd,y\n", r"paths inside .*line 2.*line 3: '/etc/pa"),
        ("path,label\ngood/a.png,x\ngood/../good/a.png,y\n", "on one line only .* line 3"),
        ("path,label,weight\ngood/a.png,x,heavy\nbad/a.png,y,1\n", "weight above 0.* 'heavy'"),
        ("path,label,weight\ngood/a.png,x,0\nbad/a.png,y,inf\n", "line 2: '0', line 3: 'inf'"),
        ("path,label,soft_label\ngood/a.png,x,maybe\nbad/a.png,y,1\n", "soft_label in 0 to 1"),
        ("path,label,soft_label\ngood/a.png,x,1.5\nbad/a.png,y,nan\n", "'1.5', line 3: 'nan'"),
        ("path,label,split\ngood/a.png,x,holdout\nbad/a.png,y,test\n", "line 2: 'holdout'"),
        ("path,label,split\ngood/a.png,x,\nbad/a.png,y,test\n", "on every line or on none"),
    ],
)
def test_rubbish_is_refused_by_line(read_text: Reader, text: str, complaint: str) -> None:
    with pytest.raises(DataError, match=complaint) as caught:
        read_text(text)
    assert "\n" not in str(caught.value)


def test_several_labels_are_for_further_tasks(read_text: Reader) -> None:
    rows = "good/a.png,good,crack|stain\nbad/a.png,bad,|\n"
    source = read_text(f"path,label,label:flaws\n{rows}")
    assert [one.further["label:flaws"] for one in source.pictures] == ["crack|stain", "|"]
    with pytest.raises(DataError, match=r"one label a line.*line 3: 'bad\|old'; put further"):
        read_text("path,label\ngood/a.png,good\nbad/a.png,bad|old\n")
    with pytest.raises(DataError, match="received 'label:two words'; rename the column"):
        read_text("path,label,label:two words\ngood/a.png,good,x\nbad/a.png,bad,y\n")


def test_soft_labels_need_two_classes(read_text: Reader) -> None:
    with pytest.raises(DataError, match="3 classes"):
        read_text(
            "path,label,soft_label\ngood/a.png,x,0.5\ngood/b.png,y,\nbad/a.png,z,\n",
        )


def test_bytes_that_are_no_text(two_classes: Path) -> None:
    (two_classes / "manifest.csv").write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(DataError, match="UTF-8"):
        read(IngestConfig(source="manifest", path=str(two_classes)))


def test_blank_lines_do_not_shift_the_line_numbers(read_text: Reader) -> None:
    with pytest.raises(DataError, match=r"line 4: 'nine\.png'"):
        read_text("path,label\ngood/a.png,x\n\nnine.png,y\n\n")
    assert len(read_text("path,label\ngood/a.png,x\n\nbad/a.png,y\n\n").pictures) == 2
