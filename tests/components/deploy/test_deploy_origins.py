"""What a version was made from, read from the links that its artifacts carry."""

import json
from pathlib import Path

import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset, DatasetInfo, DataWarning
from components.common.artifacts.lineage import Link
from components.deploy import origins


def link(producer: str, sha256: str, config: dict[str, object], **inputs: str) -> Link:
    return Link(
        producer=producer,
        name="out",
        uri="",
        sha256=sha256,
        inputs=inputs,
        config=json.dumps(config),
        commit="",
        run_id="",
    )


INGEST = link("ingest", "i", {"source": "folder"})
VALIDATE = link("validate", "v", {"split": "grouped", "split_seed": 4, "seed": 9}, dataset="i")
SMALL = link("augment", "s160", {"image_size_px": 160, "seed": 1}, dataset="v")
LARGE = link("augment", "s224", {"image_size_px": 224, "seed": 1}, dataset="v")
LOSER = link("train", "t1", {"method": "full", "seed": 5}, shards="s160")
WINNER = link("train", "t2", {"method": "linear_probe", "seed": 7}, shards="s224")
EXPORT = link("export", "e", {"parity_pictures": 8}, candidate="t2", dataset="v")


def test_the_sections_are_those_of_the_steps_that_made_the_model() -> None:
    made_by = origins.sections("e", [INGEST, VALIDATE, LARGE, WINNER, EXPORT])
    assert list(made_by) == ["ingest", "validate", "augment", "train", "export"]
    assert made_by["train"] == {"method": "linear_probe", "seed": 7}
    assert origins.seeds(made_by) == {"augment": 1, "train": 7, "splits": 4}


def test_after_a_tuning_they_are_the_winners() -> None:
    # select passes the winner on as it is: under the digest of the winner's own candidate.
    select = link("select", "t2", {}, candidates_0="t1", candidates_1="t2")
    links = [INGEST, VALIDATE, SMALL, LARGE, LOSER, WINNER, select, EXPORT]
    made_by = origins.sections("e", links)
    assert made_by["train"]["method"] == "linear_probe"
    assert made_by["augment"]["image_size_px"] == 224


def test_without_records_nothing_is_claimed() -> None:
    assert origins.sections("e", []) == {}
    assert origins.seeds({}) == {}
    assert origins.weights({}, backbone="no_such_network", sha256="") == ("", "")


def pin(model_dir: Path, warm_start: str, *, previous_version: int = 3) -> dict[str, object]:
    made_by = {"validate": {"evidence": "auto"}, "train": {"warm_start": warm_start}}
    plain = origins.pinned(
        made_by,
        model_dir=model_dir,
        version=4,
        previous_version=previous_version,
        evidence="cross_validation",
    )
    assert plain["validate"] == {
        "evidence": "cross_validation",
        "keep_splits": True,
        "splits_of": 4,
        "model_base_path": str(model_dir.parent),
        "model_name": "parts",
    }
    return dict(plain["train"])


def test_a_warm_start_is_pinned_to_the_network_that_is_kept(tmp_path: Path) -> None:
    model_dir = tmp_path / "parts"
    kept = model_dir / "candidates"
    assert pin(model_dir, "")["warm_start"] == ""
    assert pin(model_dir, str(model_dir))["warm_start"] == str(kept / "3")
    assert pin(model_dir, str(model_dir / "2"))["warm_start"] == str(kept / "2")
    elsewhere = str(tmp_path / "runs" / "r1" / "candidate")
    assert pin(model_dir, elsewhere)["warm_start"] == elsewhere


@pytest.mark.parametrize(
    ("section", "named", "licence"),
    [
        ({"weights": "imagenet"}, "imagenet", "CC-BY-4.0"),
        ({"weights": "none"}, "none: random values", "no pretrained weights"),
        ({"weights": "w/a.h5"}, "w/a.h5", "unknown: your file"),
        ({"weights": "imagenet", "warm_start": "/m/3"}, "/m/3 (warm start)", "that of the network"),
    ],
)
def test_weights_come_with_what_is_known_of_their_licence(
    section: dict[str, str], named: str, licence: str
) -> None:
    found, known = origins.weights({"train": section}, backbone="vgg16", sha256="a" * 64)
    assert found == named
    assert known.startswith(licence)


def test_a_file_that_graft_fetches_has_its_own_licence() -> None:
    dogs = "272e38e5be1439aa2b6459bae498b601a06edc16f8068e62b7db209d31b1fae1"
    made_by = {"train": {"weights": "data/weights/mobilenet_v2_dogs.h5"}}
    assert origins.weights(made_by, backbone="mobilenet_v2/1.0", sha256=dogs)[1] == "MIT"


def test_the_data_have_a_digest_that_names_do_not_change(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        [["a", "1", "good", "g1", "train"], ["b", "2", "bad", "g1", "train"]],
        columns=["path", "sha256", "label", "group", "split"],
    )
    warned = (DataWarning(rule="blur", text="Out of focus."),)
    info = DatasetInfo(name="parts", classes=("good", "bad"), licence="CC0", findings=warned)
    page = origins.data_page(Dataset(tmp_path, info, rows), {"validate": {"split": "random"}})
    assert (page.name, page.licence, page.protocol, page.split_seed) == (
        "parts",
        "CC0",
        "random",
        0,
    )
    assert page.findings == ("Out of focus.",)
    assert [(size.label, size.pictures, size.groups) for size in page.splits] == [
        ("good", 1, 1),
        ("bad", 1, 1),
    ]
    renamed = rows.iloc[::-1].assign(path=["x", "y"])
    assert origins.rows_sha256(renamed) == page.sha256
    assert origins.rows_sha256(rows.assign(label="good")) != page.sha256
    assert origins.rows_sha256(rows.assign(split="test")) != page.sha256
