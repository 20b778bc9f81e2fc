"""The small sets come out as folders; figures are paired by picture and spread by group."""

import gzip
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.sets import A_CLASS, small_fashion
from benchmarks.small_sets import BAR, Bench, regression, settings_of
from benchmarks.small_sets_figures import Answered, difference
from components.common.errors import DataError
from components.common.statistics.folds import grouped_folds


def answered(right: list[bool], groups: list[str], *, method: str = "a", seed: int = 0) -> Answered:
    """A method's answers to pictures of class 0: right ones and wrong ones."""
    logits = np.where(right, 1.0, -1.0)
    answers = pd.DataFrame(
        {
            "path": [f"{number}.png" for number in range(len(right))],
            "group": groups,
            "target": 0,
            "z_good": logits,
            "z_bad": -logits,
            "seconds": 1.0,
        }
    )
    return Answered("set", method, seed, answers)


def test_the_garments_come_as_a_folder_by_class(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), A_CLASS + 3)
    pixels = np.repeat(labels[:, None] * 20, 28 * 28, axis=1).astype(np.uint8)
    for name, header, content in (("images-idx3", 16, pixels), ("labels-idx1", 8, labels)):
        file = tmp_path / f"t10k-{name}-ubyte.gz"
        file.write_bytes(gzip.compress(bytes(header) + content.tobytes()))

    folder = small_fashion(tmp_path / "fashion", source=tmp_path)

    counts = {kind.name: len(list(kind.iterdir())) for kind in folder.iterdir()}
    assert len(counts) == 10
    assert set(counts.values()) == {A_CLASS}
    boot = np.asarray(Image.open(next((folder / "ankle-boot").iterdir())))
    assert boot.shape == (28, 28)
    assert (boot == 180).all()


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="apt-get install dataset-fashion-mnist"):
        small_fashion(tmp_path / "fashion", source=tmp_path)


def test_a_set_is_a_known_name_or_a_path(tmp_path: Path) -> None:
    made = {"work": tmp_path, "fashion": tmp_path, "changes": ["seed=3"]}
    drawn = settings_of("mine=/pictures/manifest.csv", **made)
    assert (drawn.ingest.source, drawn.ingest.path) == ("manifest", "/pictures/manifest.csv")
    assert drawn.train.seed == 3
    assert settings_of("demo", **made).ingest.source == "elpv"
    with pytest.raises(DataError, match="received other"):
        settings_of("other", **made)


def test_a_difference_is_paired_and_rests_on_groups() -> None:
    """Ten groups of five: the second method misses one picture of each of two groups."""
    groups = [f"g{number // 5}" for number in range(50)]
    all_right = [True] * 50
    less = [number not in {0, 5} for number in range(50)]
    found = difference([answered(all_right, groups)], [answered(less, groups, method="b")])
    assert found.points == pytest.approx(4.0)
    # Group means of 20, 20 and eight times 0: t(9) times the standard error of their mean.
    reach = 2.2622 * np.std([20, 20, *[0] * 8], ddof=1) / np.sqrt(10)
    assert (found.low, found.high) == pytest.approx((4.0 - reach, 4.0 + reach), abs=1e-3)
    one_group = difference(
        [answered(all_right, ["g"] * 25 + ["h"] * 25)],
        [answered(less, ["g"] * 25 + ["h"] * 25, method="b")],
    )
    assert one_group.high > found.high


def test_the_bar_is_the_regression_that_the_library_fits_to_all_features() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = 2 * np.eye(3, 90)[labels] + rng.normal(size=(60, 90))
    inner = grouped_folds(labels, np.arange(60).astype(str), folds=4, seed=0)
    said = regression(features, labels, inner, features)
    scaled = StandardScaler().fit_transform(features)
    gaps = []
    for power in range(-4, 3):
        model = LogisticRegression(C=10.0**power, max_iter=1000).fit(scaled, labels)
        gaps.append(np.abs(model.decision_function(scaled) - said).max())
    assert min(gaps) < 0.05


@pytest.mark.slow
def test_every_picture_is_asked_once_and_what_was_answered_is_not_asked_again(
    tmp_path: Path,
) -> None:
    rng = np.random.default_rng(0)
    for label, grey in (("bright", 200), ("dark", 50), ("grey", 125)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(8):
            noise = rng.integers(0, 40, (32, 32), dtype=np.uint8)
            Image.fromarray(noise + np.uint8(grey)).save(
                tmp_path / "pictures" / label / f"{number}.png"
            )
    tiny = ["train.backbone=mobilenet_v2/0.35", "train.weights=none", "augment.image_size_px=32"]
    tiny += ["augment.views=2", "train.flips=1"]
    name = f"mine={tmp_path / 'pictures'}"
    settings = settings_of(name, work=tmp_path, fashion=tmp_path, changes=tiny)
    bench = Bench(name, settings, tmp_path / "work", tmp_path / "results")
    for method in (BAR, "linear_probe"):
        found = bench.answered(method, 0)
        assert sorted(found.answers["path"].unique()) == sorted(found.answers["path"])
        assert len(found.answers) == 24
        # Two thirds of the classes would be wrong by chance.
        assert found.right().mean() > 0.6
    elsewhere = Bench(name, settings, tmp_path / "nothing", tmp_path / "results")
    again = elsewhere.answered("linear_probe", 0)
    assert not (tmp_path / "nothing").exists()
    pd.testing.assert_series_equal(again.right(), found.right())


@pytest.mark.parametrize(
    ("folder", "set_name", "methods", "seeds"),
    [
        *(
            ("160px", name, (BAR, "linear_probe"), range(5))
            for name in ("digits", "fashion", "animals", "animals-grouped")
        ),
        *(
            ("96px", name, (BAR, "linear_probe", "linear_probe_finetune"), range(1))
            for name in ("digits", "fashion")
        ),
        *(
            ("64px", name, ("linear_probe", BAR, "linear_probe_finetune", "full"), range(5))
            for name in ("digits", "fashion", "animals", "animals-grouped")
        ),
    ],
)
def test_the_published_table_follows_from_the_published_answers(
    folder: str, set_name: str, methods: tuple[str, ...], seeds: range
) -> None:
    root = Path(__file__).parents[2]
    kept = root / "benchmarks" / "answers" / "small_sets" / folder / set_name
    text = (root / "docs" / "results.md").read_text().split("## Small sets")[1].split("\n## ")[0]
    tables = re.split(r"^(?=Is more than the probe|And over five deals)", text, flags=re.MULTILINE)
    lines = tables[("160px", "96px", "64px").index(folder)].splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {set_name} |"))
    answered: dict[str, list[Answered]] = {}
    for cell, method in zip(row.split("|")[2:], methods, strict=False):
        found = answered[method] = [
            Answered(set_name, method, seed, pd.concat(map(pd.read_csv, sorted(parts))))
            for seed in seeds
            if (parts := list(kept.glob(f"{seed}-?-{method}.csv.gz")))
        ]
        assert len(found) == len(seeds)
        if folder == "64px" and method != methods[0]:
            assert cell.strip() == str(difference(found, answered[methods[0]]))
        else:
            mean = 100 * np.mean([one.right().mean() for one in found])
            assert cell.split()[0] == f"{mean:.1f}"
