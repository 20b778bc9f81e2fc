"""A published version as a file of another format: it answers like what serves, or is refused."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank_passport import blank_passport
from typer.testing import CliRunner

from components.common import plugins
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.exported import Export
from components.common.artifacts.lineage import Lineage, Link
from components.common.artifacts.model_folder import ModelVersion, candidate_path, lineage_path
from components.common.artifacts.passport import Passport, write_passport
from components.common.artifacts.records import write_record
from components.common.config import to_plain
from components.common.errors import ConfigError, DataError, ExportError, InputError
from components.common.models.litert import LitertModel
from components.common.run_context import RunContext
from components.export.commands import FORMATS, export_version
from components.export.config import ExportConfig
from components.export.step import ExportInputs, ExportOutputs, run
from pipelines.cli import app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras"),
]

SETTINGS = ExportConfig(good=("functional",), escape_cost=4.0)


@dataclass(frozen=True)
class TinyVersion:
    """A version as deploy leaves it, and the export that it was."""

    version: ModelVersion
    passport: Passport
    export: Export


@pytest.fixture(scope="module")
def published_tiny(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> TinyVersion:
    root = tmp_path_factory.mktemp("versions")
    inputs = ExportInputs(candidate=tiny.candidate, dataset=tiny.dataset)
    outputs = ExportOutputs(exported=root / "exported")
    export = run(SETTINGS, inputs, outputs, RunContext(run_id="r"))
    model_dir = root / "models" / "cells"
    shutil.copytree(export.saved_model, model_dir / "3")
    shutil.copytree(tiny.candidate, candidate_path(model_dir, 3))
    link = Link(
        producer="validate", name="validated", uri=str(tiny.dataset), sha256="", inputs={},
        config="", commit="", run_id="r",
    )  # fmt: skip
    lineage_path(model_dir, 3).mkdir(parents=True)
    lineage = Lineage(model_sha256="", roots={}, links=(link,))
    write_record(lineage_path(model_dir, 3) / "lineage.json", lineage)
    passport = blank_passport(
        model_name="cells", version=3, classes=tiny.classes, settings={"export": to_plain(SETTINGS)}
    )
    write_passport(model_dir, passport)
    return TinyVersion(ModelVersion(3, model_dir / "3"), passport, export)


@pytest.mark.parametrize("to", plugins.names(FORMATS))
def test_a_file_answers_like_the_version(
    published_tiny: TinyVersion, tmp_path: Path, to: str, capfd: pytest.CaptureFixture[str]
) -> None:
    made = plugins.load(FORMATS, to)
    out = tmp_path / "new" / f"cells{made.SUFFIX}"
    done = export_version(published_tiny.version, published_tiny.passport, to=to, out=out)
    assert done.path == out
    # JPEG, 16-bit, palette, alpha, CMYK and odd sizes, in four views.
    most = 1e-3 if to == "onnx" else 1e-5  # which resizes itself
    assert (done.pictures, done.difference < most) == (12, True)
    record = json.loads(done.record.read_text())
    assert record["classes"] == ["functional", "defective"]
    # As the served graph has it, except for what depends on features.
    point = dataclasses.replace(published_tiny.export.info.operating_point, far_from=None)
    assert record["operating_point"] == to_plain(point)
    assert "I0000" not in capfd.readouterr().err


def test_an_onnx_file_is_asked_as_its_record_says(
    published_tiny: TinyVersion, tmp_path: Path
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    out = tmp_path / "cells.onnx"
    export_version(published_tiny.version, published_tiny.passport, to="onnx", out=out)
    session = onnxruntime.InferenceSession(str(out))
    pixels = np.zeros((5, 40, 64, 3), np.uint8)
    (found,) = session.run(["probabilities"], {"pixels": pixels})
    record = json.loads((tmp_path / "cells.onnx.json").read_text())
    assert record["input"] == "uint8 [N, H, W, 3], RGB, of any size"
    assert found.shape == (5, len(record["classes"]))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_a_litert_file_decides_as_the_served_model(
    published_tiny: TinyVersion, tiny: Any, tmp_path: Path
) -> None:
    from components.common.models import saved_model

    out = tmp_path / "cells.tflite"
    export_version(published_tiny.version, published_tiny.passport, to="litert", out=out)
    pictures = [path.read_bytes() for path in sorted((tiny.dataset / "pictures").iterdir())]
    served = saved_model.ask(
        published_tiny.version.path,
        [str(number) for number in range(len(pictures))],
        lambda name: pictures[int(name)],
        batch_size=4,
        activity="",
    )
    assert LitertModel(out).answer(pictures).answers == served.answers


def test_a_file_that_answers_otherwise_is_refused_and_not_left(
    published_tiny: TinyVersion, make_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    model_dir = tmp_path / "cells"
    shutil.copytree(published_tiny.version.path.parent, model_dir)
    candidate = Candidate.read(candidate_path(model_dir, 3))
    colder = dataclasses.replace(candidate.info, temperature=2.0)
    write_record(candidate.root / "candidate.json", colder)
    out = tmp_path / "cells.keras"
    with pytest.raises(ExportError, match=r"within 0\.001, received probabilities up to 0\.\d+"):
        export_version(
            ModelVersion(3, model_dir / "3"), published_tiny.passport, to="keras", out=out
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cells"]


def test_what_cannot_be_exported_says_why(published_tiny: TinyVersion, tmp_path: Path) -> None:
    version, passport = published_tiny.version, published_tiny.passport
    with pytest.raises(ConfigError, match="one of the formats keras, litert, onnx"):
        export_version(version, passport, to="coreml", out=None)
    with pytest.raises(ConfigError, match=r"ends with \.onnx"):
        export_version(version, passport, to="onnx", out=tmp_path / "cells.tflite")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="to write below"):
        export_version(version, passport, to="keras", out=tmp_path / "file" / "cells.keras")
    older = dataclasses.replace(passport, settings={})
    with pytest.raises(DataError, match="a passport of an earlier release"):
        export_version(version, older, to="keras", out=None)
    bare = tmp_path / "cells" / "3"
    shutil.copytree(version.path, bare)
    with pytest.raises(DataError, match="the network behind version 3"):
        export_version(ModelVersion(3, bare), passport, to="onnx", out=None)
    shutil.copytree(candidate_path(version.path.parent, 3), candidate_path(bare.parent, 3))
    with pytest.raises(DataError, match="received a run whose folder is gone; name some"):
        export_version(ModelVersion(3, bare), passport, to="onnx", out=None)


def test_the_command_writes_a_file_that_predict_takes(
    published_tiny: TinyVersion, tiny: Any, tmp_path: Path
) -> None:
    models = published_tiny.version.path.parents[1]
    words = ["export", "cells", "--to=litert", f"--out={tmp_path / 'cells.tflite'}"]
    result = CliRunner().invoke(app, [*words, f"--model-base-path={models}"])
    assert result.exit_code == 0, result.output
    assert "gives float32 [1, 2], logits" in result.output
    assert "answers like version 3: probabilities at most" in result.output
    picture = tiny.dataset / "pictures" / "colour.jpg"
    asked = CliRunner().invoke(
        app, ["predict", "--litert", str(tmp_path / "cells.tflite"), str(picture)]
    )
    assert asked.exit_code == 0, asked.output


def test_the_command_names_the_models_that_are_there(published_tiny: TinyVersion) -> None:
    models = published_tiny.version.path.parents[1]
    words = ["export", "cell", "--to=keras", f"--model-base-path={models}"]
    said = CliRunner().invoke(app, words).exception
    assert isinstance(said, InputError)
    assert "a version of 'cell', received no version" in str(said)
    assert "has cells; name one of them" in str(said)
