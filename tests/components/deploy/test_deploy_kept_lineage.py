from pathlib import Path

import pandas as pd
import pytest
from deploy_candidates import MakeCandidate
from deploy_support import make_model, passport_for

from components.common.artifacts.lineage import Provenance, read_lineage, read_pictures
from components.common.artifacts.model_folder import lineage_path
from components.common.artifacts.passport import mark, write_passport
from components.common.artifacts.records import PROVENANCE, tree_sha256, write_record
from components.common.errors import PublishError
from components.deploy.access import publishing
from components.deploy.judged import Judged
from components.deploy.kept import data_read_unix_s, keep_lineage
from components.deploy.publish import publish
from components.deploy.versions import clean, prune


def stamp(root: Path, step: str, *, created_unix_s: float = 5.0) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    record = Provenance(
        step=step,
        run_id="r",
        commit="abc",
        data_sha256="",
        config="{}",
        inputs={},
        content_sha256=tree_sha256(root),
        name="out",
        created_unix_s=created_unix_s,
    )
    write_record(root / PROVENANCE, record)
    return root


def put(model_dir: Path, source: Path, artifacts: dict[str, Path], manifest: pd.DataFrame) -> int:
    digest = tree_sha256(source)

    def keep(version: int) -> None:
        write_passport(model_dir, passport_for(model_dir, digest)(version))
        keep_lineage(
            artifacts,
            version,
            manifest=manifest,
            out_of_fold=None,
            model_dir=model_dir,
            model_sha256=digest,
        )

    with publishing(model_dir, timeout_s=5):
        return publish(
            source,
            model_dir=model_dir,
            model_sha256=digest,
            prepare=keep,
        ).number


def test_a_version_keeps_its_links_and_pictures_also_when_it_is_pruned(
    make_candidate: MakeCandidate, tmp_path: Path
) -> None:
    judged = Judged.read(make_candidate())
    model_dir = tmp_path / "models" / "solar"
    stamp(judged.dataset.root, "ingest", created_unix_s=7.0)
    stamp(judged.exported.root, "export", created_unix_s=9.0)
    assert data_read_unix_s(judged.artifacts) == 7.0
    for content in "abc":
        source = make_model(tmp_path / content, content=content)
        put(model_dir, source, judged.artifacts, judged.dataset.manifest)
    prune(model_dir, keep=2)
    assert not (model_dir / "1").exists()
    kept = read_lineage(model_dir, 1)
    assert kept is not None
    assert [link.producer for link in kept.links] == ["ingest", "export"]
    assert kept.roots["evaluation"] == tree_sha256(judged.evaluation.root)
    pictures = read_pictures(model_dir, 1)
    assert pictures is not None
    assert pictures["sha256"].tolist() == judged.dataset.manifest["sha256"].tolist()


def test_a_lineage_is_never_rewritten_and_goes_with_a_version_that_never_came(
    make_candidate: MakeCandidate, tmp_path: Path
) -> None:
    judged = Judged.read(make_candidate())
    model_dir = tmp_path / "models" / "solar"
    number = put(model_dir, make_model(tmp_path / "m"), judged.artifacts, judged.dataset.manifest)
    before = read_lineage(model_dir, number)
    keep_lineage(
        {},
        number,
        manifest=judged.dataset.manifest,
        out_of_fold=None,
        model_dir=model_dir,
        model_sha256="other",
    )
    assert read_lineage(model_dir, number) == before
    # As if the publish had been killed before its last rename.
    (model_dir / str(number)).rename(tmp_path / "away")
    mark(model_dir, number, "staged")
    clean(model_dir)
    assert not lineage_path(model_dir, number).exists()


def test_what_fails_on_the_way_publishes_nothing(
    make_candidate: MakeCandidate, tmp_path: Path
) -> None:
    judged = Judged.read(make_candidate())
    model_dir = tmp_path / "models" / "solar"
    model_dir.mkdir(parents=True)
    (model_dir / "lineage").write_text("in the way")
    source = make_model(tmp_path / "m")
    with pytest.raises(PublishError):
        put(model_dir, source, judged.artifacts, judged.dataset.manifest)
    assert not (model_dir / "1").exists()


def test_without_provenance_nothing_is_claimed(make_candidate: MakeCandidate) -> None:
    judged = Judged.read(make_candidate())
    assert data_read_unix_s(judged.artifacts) == 0.0
