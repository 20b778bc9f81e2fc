"""Folders that look like exported models, and passports for them."""

from collections.abc import Callable
from pathlib import Path

from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import Passport, write_passport
from components.common.artifacts.records import tree_sha256
from components.deploy.access import publishing
from components.deploy.kept import keep_reference
from components.deploy.publish import publish


def make_model(folder: Path, *, content: str = "first") -> Path:
    """A folder with the file names of a SavedModel."""
    (folder / "variables").mkdir(parents=True)
    (folder / "assets.extra").mkdir()
    (folder / "saved_model.pb").write_bytes(content.encode() * 1000)
    (folder / "variables" / "variables.index").write_bytes(b"index of " + content.encode())
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(3_000_000))
    (folder / "assets.extra" / "tf_serving_warmup_requests").write_bytes(b"")
    return folder


def passport_for(model_dir: Path, digest: str) -> Callable[[int], Passport]:
    def passport(version: int) -> Passport:
        return Passport(
            model_name=model_dir.name,
            version=version,
            state="staged",
            created_unix_s=1.0,
            model_sha256=digest,
            previous_version=version - 1,
            run_id="run",
            commit="abc",
            data_sha256="",
            config_sha256="",
            settings={"model_name": model_dir.name},
            classes=("good", "bad"),
            backbone="mobilenet_v2",
            method="linear_probe",
            image_size_px=32,
            test_pictures=40,
            test_groups=8,
            metrics=(),
            verdict=VerdictInfo(word="deploy", reasons=("It is good.",)),
            rehearsal=(),
            rebuild=(),
        )

    return passport


def put(
    model_dir: Path, source: Path, *, reference: Path | None = None, timeout_s: float = 5.0
) -> ModelVersion:
    """Publish as deploy does, without a server."""
    digest = tree_sha256(source)

    def prepare(version: int) -> None:
        write_passport(model_dir, passport_for(model_dir, digest)(version))
        if reference is not None:
            keep_reference(reference, model_dir=model_dir, version=version)

    with publishing(model_dir, timeout_s=timeout_s):
        return publish(source, model_dir=model_dir, model_sha256=digest, prepare=prepare)
