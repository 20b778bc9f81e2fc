"""A LiteRT file on its way: exported, asked without TensorFlow, evaluated, judged."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from brightness_model import CLASSES, write_dataset
from tiny_candidate import candidate_info

from components.common.artifacts.candidate import CURVE_COLUMNS, Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.judging.figures import LitertFigures, Metric
from components.common.artifacts.judging.held_out import held_out_table
from components.common.artifacts.records import write_record
from components.common.errors import DataError, ExportError
from components.common.models.litert import LitertInfo, LitertModel, litert_files
from components.common.models.saved_model import ask
from components.common.pictures.decode import decode, resize
from components.common.run_context import RunContext
from components.common.statistics.operating_point import OperatingPoint
from components.common.statistics.temperature import softmax
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.behaviour.small_devices import litert_note, measure_litert
from components.evaluate.predictions import score
from components.export import litert
from components.export.config import ExportConfig
from components.export.step import ExportInputs, ExportOutputs, run
from components.gate.config import GateConfig
from components.gate.decide import _judge_litert

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]
SIZE_PX = 32


def bright_network() -> keras.Model:
    """Answers by brightness, through a convolution, as a network would."""
    pixels = keras.Input((SIZE_PX, SIZE_PX, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 128.0, offset=-1.0, name="scale")(pixels)
    x = keras.layers.Conv2D(4, 3, strides=2, name="conv")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.ReLU(6.0, name="out")(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    model = keras.Model(pixels, keras.layers.Dense(2, name="logits")(x))
    kernel = np.full((3, 3, 3, 4), 1 / 27) * np.array([1.0, -1.0, 0.5, -0.5])
    model.get_layer("conv").set_weights([kernel, np.zeros(4)])
    head = np.array([[-2.0, 2.0], [2.0, -2.0], [0.0, 1.0], [1.0, 0.0]])
    model.get_layer("logits").set_weights([head, np.zeros(2)])
    return model


def write_inputs(root: Path) -> ExportInputs:
    write_dataset(root / "dataset")
    dataset = Dataset.read(root / "dataset")
    rows = dataset.split("validation")
    paths = rows["path"].tolist()
    info = candidate_info(CLASSES, image_size_px=SIZE_PX, temperature=1.5, flips=2)
    (root / "candidate").mkdir()
    candidate = Candidate(root / "candidate", info)
    model = bright_network()
    model.save(candidate.model_path)
    seen = np.stack([resize(decode(dataset.picture(path)), SIZE_PX) for path in paths])
    views = [np.broadcast_to(v, (*v.shape[:3], 3)) for v in (seen, seen[:, :, ::-1])]
    logits = np.mean([model.predict(v.astype("float32"), verbose=0) for v in views], axis=0)
    candidate.write(
        curves=pd.DataFrame([dict.fromkeys(CURVE_COLUMNS, 1.0)]),
        paths=paths,
        probabilities=softmax(logits / np.float32(1.5)),
    )
    table = held_out_table(
        logits, classes=CLASSES, paths=paths, groups=rows["group"], targets=dataset.targets(rows)
    )
    candidate.write_held_out(table)
    return ExportInputs(candidate=root / "candidate", dataset=root / "dataset")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Export, Dataset]:
    root = tmp_path_factory.mktemp("litert")
    inputs = write_inputs(root)
    settings = ExportConfig(litert=("float16", "int8"))
    outputs = ExportOutputs(exported=root / "exported")
    export = run(settings, inputs, outputs, RunContext(run_id="tiny"))
    return export, Dataset.read(inputs.dataset)


def file_of(export: Export, name: str) -> Path:
    (path,) = (path for path in litert_files(export.saved_model) if path.stem == name)
    return path


@pytest.mark.parametrize(("name", "near"), [("float16", 2e-3), ("int8", 3e-2)])
def test_a_file_answers_like_the_saved_model(
    exported: tuple[Export, Dataset], name: str, near: float
) -> None:
    export, dataset = exported
    paths = dataset.split("test")["path"].tolist()
    served = ask(export.saved_model, paths, dataset.picture, batch_size=4, activity="")
    said = LitertModel(file_of(export, name)).answer([dataset.picture(path) for path in paths])
    np.testing.assert_allclose(said.probabilities, served.probabilities, atol=near)
    assert said.classes == served.classes
    assert said.answers == served.answers


def test_int8_is_smaller_and_keeps_no_float_weights(exported: tuple[Export, Dataset]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    path = file_of(exported[0], "int8")
    details = Interpreter(str(path)).get_tensor_details()
    assert {one["dtype"] for one in details} <= {np.int8, np.int32}


def test_equal_candidates_give_equal_files(
    exported: tuple[Export, Dataset], tmp_path: Path
) -> None:
    inputs = write_inputs(tmp_path)
    outputs = ExportOutputs(exported=tmp_path / "exported")
    again = run(ExportConfig(litert=("int8",)), inputs, outputs, RunContext(run_id="again"))
    one, other = (file_of(export, "int8").read_bytes() for export in (exported[0], again))
    assert one == other


def test_a_channel_of_nothing_but_a_bias_survives_int8(tmp_path: Path) -> None:
    model = bright_network()
    kernel, _ = model.get_layer("conv").get_weights()
    kernel[..., 2:] = 1e-12
    model.get_layer("conv").set_weights([kernel, np.array([0.0, 0.0, 2.0, 1.0])])
    model.save(tmp_path / "dead.keras")
    pictures = [np.full((SIZE_PX, SIZE_PX, 3), level, np.float32) for level in (20, 100, 240)]
    plain = litert.float_file(tmp_path / "dead.keras", image_size_px=SIZE_PX)
    (tmp_path / "int8.tflite").write_bytes(litert.quantized(plain, "int8", pictures))
    info = LitertInfo(
        classes=CLASSES,
        image_size_px=SIZE_PX,
        temperature=1.0,
        flips=1,
        operating_point=OperatingPoint(),
        precision="int8",
    )
    write_record(tmp_path / "int8.json", info)
    expected = model.predict(np.stack(pictures), verbose=0)
    said = [LitertModel(tmp_path / "int8.tflite").logits(one) for one in pictures]
    np.testing.assert_allclose(said, expected, atol=0.1)


def test_predict_needs_no_tensorflow(exported: tuple[Export, Dataset], tmp_path: Path) -> None:
    export, dataset = exported
    (tmp_path / "damaged.png").write_bytes(b"nothing")
    pictures = [str(dataset.root / path) for path in dataset.split("test")["path"][:2]]
    code = f"""
import sys
from pipelines.cli import app
try:
    app(["predict", "--litert", {str(file_of(export, "int8"))!r}, *{pictures!r},
         {str(tmp_path / "damaged.png")!r}, "-o", {str(tmp_path / "said.csv")!r}])
except SystemExit as end:
    code = end.code
heavy = [n for n in ("tensorflow", "keras", "sklearn", "scipy", "grpc") if n in sys.modules]
sys.exit(f"imported {{heavy}}" if heavy else code)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    table = pd.read_csv(tmp_path / "said.csv")
    assert table["class"].tolist()[:2] == list(CLASSES)
    assert "damaged" in table["error"][2] or "decoder" in table["error"][2]


def test_a_file_without_its_record_is_refused(
    exported: tuple[Export, Dataset], tmp_path: Path
) -> None:
    (tmp_path / "int8.tflite").write_bytes(file_of(exported[0], "int8").read_bytes())
    with pytest.raises(DataError, match=r"with its \.json record beside it"):
        LitertModel(tmp_path / "int8.tflite")


def test_a_damaged_file_is_refused(exported: tuple[Export, Dataset], tmp_path: Path) -> None:
    path = file_of(exported[0], "int8")
    (tmp_path / "int8.json").write_bytes(path.with_suffix(".json").read_bytes())
    (tmp_path / "int8.tflite").write_bytes(b"not a model")
    with pytest.raises(DataError, match="a damaged file"):
        LitertModel(tmp_path / "int8.tflite")


def test_a_file_far_from_the_trainer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = write_inputs(tmp_path)
    monkeypatch.setitem(litert._BROKEN, "float16", 0.0)
    outputs = ExportOutputs(exported=tmp_path / "exported")
    with pytest.raises(ExportError, match=r"float16\.tflite to answer like the trainer"):
        run(ExportConfig(litert=("float16",)), inputs, outputs, RunContext(run_id="tiny"))


def test_the_evaluation_has_the_files_figures(exported: tuple[Export, Dataset]) -> None:
    export, dataset = exported
    asked = ExportedModel(export.saved_model, CLASSES, SIZE_PX, 8)
    rows = dataset.split("test")
    predictions = score(export.saved_model, dataset, rows, batch_size=8, activity="")
    found = measure_litert(asked, dataset, predictions, positive="defective", seed=0)
    assert [one.name for one in found] == ["float16", "int8"]
    for one in found:
        assert {m.name: m.value for m in one.metrics} == {"accuracy": 1.0, "roc_auc": 1.0}
        assert one.metrics == one.model_metrics
        assert one.same_answers == 1.0
        assert one.size_bytes == file_of(export, one.name).stat().st_size
        assert one.robustness
        assert "in brackets the SavedModel's on the same 12 pictures" in litert_note(one)


def figures(name: str, own: float, model: float) -> LitertFigures:
    def metrics(value: float) -> tuple[Metric, ...]:
        return (
            Metric(name="accuracy", value=1.0, low=0.0, high=1.0),
            Metric(name="roc_auc", value=value, low=0.0, high=1.0),
        )

    return LitertFigures(
        name=name,
        size_bytes=1,
        pictures=10,
        metrics=metrics(own),
        model_metrics=metrics(model),
        same_answers=1.0,
        network_ms=1.0,
    )


@pytest.mark.parametrize(("own", "word"), [(0.896, "deploy"), (0.894, "hold"), (0.95, "deploy")])
def test_the_gate_allows_half_a_point(own: float, word: str) -> None:
    margin = GateConfig().litert_margin
    vote, reason = _judge_litert(figures("int8", own, 0.9), margin)
    assert vote == word
    assert "int8.tflite has a ROC-AUC of" in reason


def test_an_evaluation_without_files_has_none() -> None:
    fields = {field.name: field.default for field in dataclasses.fields(EvaluationInfo)}
    assert fields["litert"] == ()
