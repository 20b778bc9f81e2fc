"""Clusters go out to a person, names come back as labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from components.common.errors import ConfigError, DataError
from components.common.pictures.decode import decode
from components.label.clusters import _readable, cluster_pictures, label_by_names
from components.networks.config import NetworkConfig
from pipelines.cli import app

pytestmark = pytest.mark.slow

NETWORK = NetworkConfig(backbone="mobilenet_v2/0.35", weights="none")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten dark and ten bright pictures, a copy, a damaged one and a hidden one."""
    root = tmp_path_factory.mktemp("camera")
    rng = np.random.default_rng(0)
    for number in range(20):
        level = 30 if number < 10 else 220
        noise = rng.normal(level, 12, (40, 40)).clip(0, 255).astype(np.uint8)
        place = root / f"lot-{number % 2}" / f"{number:02d}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(noise).save(place)
    (root / "copy.png").write_bytes((root / "lot-0" / "00.png").read_bytes())
    (root / ".hidden.png").write_bytes((root / "lot-0" / "02.png").read_bytes())
    (root / "damaged.png").write_bytes(b"\x89PNG nothing")
    return root


@pytest.fixture(scope="module")
def made(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "clusters"
    found = cluster_pictures(pictures, out=out, count=2, network=NETWORK, image_size_px=32, seed=0)
    assert sum(found.sizes) == 20
    assert [path.name for path in found.left_out] == ["damaged.png"]
    return out


def test_12_bits_are_looked_at_by_their_range(tmp_path: Path) -> None:
    for number, level in enumerate((500, 3000)):
        Image.fromarray(np.full((40, 40), level, np.uint16)).save(tmp_path / f"{number}.tif")
    found, _ = _readable(tmp_path, 32, (0, 4095))
    assert [int(one.pixels.mean()) for one in found] == [500 >> 4, 3000 >> 4]


def brightness(file: Path) -> np.ndarray:
    return decode(file.read_bytes())[..., 0]


def named(made: Path, out: Path, *names: str) -> Path:
    """A copy of the two tables with the clusters' names filled in."""
    out.mkdir()
    (out / "pictures.csv").write_text((made / "pictures.csv").read_text())
    table = pd.read_csv(made / "clusters.csv", dtype=str)
    table["name"] = names
    table.to_csv(out / "clusters.csv", index=False)
    return out / "clusters.csv"


def test_a_sheet_a_cluster_and_a_table_to_fill_in(made: Path) -> None:
    written = {path.name for path in made.iterdir()}
    assert written == {
        *("clusters.csv", "pictures.csv", "pictures", "index.html"),
        *("cluster-01.png", "cluster-02.png"),
    }
    assert brightness(made / "cluster-01.png").shape[1] == 768
    rows = pd.read_csv(made / "pictures.csv", dtype=str, keep_default_na=False)
    assert sorted(set(rows["group"])) == ["", "lot-0", "lot-1"]
    levels = [brightness(made / path).mean() for path in rows["path"]]
    # The clusters are the dark pictures and the bright ones.
    sides = pd.Series(np.array(levels) > 128).groupby(rows["cluster"]).nunique()
    assert sides.tolist() == [1, 1]
    assert "Cluster 2: " in (made / "index.html").read_text()


def test_a_cluster_without_a_name_stays_unlabelled(made: Path, tmp_path: Path) -> None:
    file = named(made, tmp_path / "one", "dark", "")
    labelled = label_by_names(file)
    assert set(labelled["label"]) == {"dark"}
    written = pd.read_csv(file.with_name("manifest.csv"), keep_default_na=False)
    assert list(written.columns) == ["path", "label", "group"]
    assert len(written) == int(pd.read_csv(file)["pictures"][0])


def test_names_make_a_data_set_or_grow_one(made: Path, pictures: Path, tmp_path: Path) -> None:
    grows = tmp_path / "mine"
    for label in ("a", "b"):
        (grows / label).mkdir(parents=True)
        seed = ord(label)
        noise = np.random.default_rng(seed).integers(0, 256, (40, 40), dtype=np.uint8)
        Image.fromarray(noise).save(grows / label / "0.png")
    file = named(made, tmp_path / "two", "a", "b")
    (file.parent / "pictures").symlink_to(made / "pictures")
    words = ["label", "clusters", "--names", str(file), "--data", str(grows)]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "20 added" in result.output
    assert len(list((grows / "additions" / "pictures").iterdir())) == 20


def test_what_cannot_be_done_is_refused(made: Path, pictures: Path, tmp_path: Path) -> None:
    def attempt(folder: Path, out: Path, count: int) -> None:
        cluster_pictures(folder, out=out, count=count, network=NETWORK, image_size_px=32, seed=0)

    with pytest.raises(ConfigError, match="between 2 clusters and 20"):
        attempt(pictures, tmp_path / "out", 21)
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="a new folder at"):
        attempt(pictures, made, 2)
    with pytest.raises(DataError, match="received no such folder; correct --data"):
        attempt(tmp_path / "nothing", tmp_path / "out", 2)
    with pytest.raises(DataError, match="no name at all"):
        label_by_names(named(made, tmp_path / "three", "", ""))
    with pytest.raises(DataError, match="the columns cluster, name"):
        label_by_names(made / "pictures.csv")
    with pytest.raises(DataError, match="No such file"):
        label_by_names(tmp_path / "nothing.csv")
    file = named(made, tmp_path / "four", "a", "b")
    file.write_text("cluster,pictures,name\n1,9,a\n")
    with pytest.raises(DataError, match="another line of cluster 2"):
        label_by_names(file)
