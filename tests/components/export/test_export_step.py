"""The export step on a tiny real network: the served graph answers like the trainer."""

import dataclasses
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import serving
from components.common.artifacts.candidate import Candidate, Familiar
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.held_out import held_out_table
from components.common.artifacts.records import tree_sha256
from components.common.config import to_plain
from components.common.errors import ExportError
from components.common.models.saved_model import answer, load
from components.common.pictures.decode import encode_png, to_servable
from components.common.run_context import RunContext
from components.common.statistics.familiarity import distances, over_places, unit
from components.common.statistics.operating_point import decide
from components.export.config import ExportConfig
from components.export.step import ExportInputs, ExportOutputs, run
from serving.server.config_files import read_session_config

BFLOAT16 = Path(serving.__file__).parent / "config" / "bfloat16.config"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras"),
]


@pytest.fixture(scope="session")
def exported(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Export:
    return _export(tiny, tmp_path_factory.mktemp("exported"))


def _export(tiny: Any, out: Path, **settings: Any) -> Export:
    inputs = ExportInputs(candidate=tiny.candidate, dataset=tiny.dataset)
    outputs = ExportOutputs(exported=out)
    return run(ExportConfig(**settings), inputs, outputs, RunContext(run_id="r"))


def _signature(exported: Export, name: str = "serving_default") -> Any:
    import tensorflow as tf

    # The signature does not keep its model alive.
    model = tf.saved_model.load(str(exported.saved_model))
    function = model.signatures[name]
    function.owner = model
    return function


def _pictures(tiny: Any) -> list[bytes]:
    files = sorted((tiny.dataset / "pictures").iterdir())
    return [to_servable(path.read_bytes()) for path in files]


def test_answers_match_the_trainer_for_every_kind_of_picture(exported: Export) -> None:
    # JPEG, 16-bit, palette, alpha, CMYK, odd sizes: far below the tolerance, not just below it.
    assert exported.info.max_difference < 1e-5
    assert Export.read(exported.root).info == exported.info


def test_the_graph_scales_12_bits_and_crops_as_the_trainer_did(
    make_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    tiny = make_tiny()
    dataset, candidate = Dataset.read(tiny.dataset), Candidate.read(tiny.candidate)
    # What ingest makes of such a file is of 8 bits; the data set's other files are.
    levels = np.linspace(0, 4095, 30 * 50).reshape(30, 50).astype(np.uint16)
    kept = encode_png((levels >> 4).astype(np.uint8)[..., None])
    (tiny.dataset / "pictures" / "sixteen.png").write_bytes(kept)
    info = dataclasses.replace(dataset.info, grey_range=(0, 4095))
    dataclasses.replace(dataset, info=info).write()
    cropped = dataclasses.replace(candidate.info, fit="crop")
    dataclasses.replace(candidate, info=cropped).write(
        curves=candidate.curves(),
        paths=["pictures/sixteen.png"],
        probabilities=candidate.parity_probabilities()[:1],
    )
    exported = _export(tiny, tmp_path, tolerance=0.9)
    assert (exported.info.fit, exported.info.grey_range) == ("crop", (0, 4095))
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format="TIFF")
    sent = to_servable(buffer.getvalue())
    ends = np.pad(levels[:, 10:40], ((0, 0), (10, 10)))
    model = load(exported.saved_model)
    other = encode_png((ends >> 4).astype(np.uint8)[..., None])
    found = answer(model, [sent, kept, other]).probabilities
    assert np.array_equal(found[0], found[1])
    # Only the ends differ, which are not seen.
    assert np.array_equal(found[1], found[2])


def test_refuses_a_graph_that_answers_differently(
    make_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    tiny = make_tiny(shift=0.01)
    with pytest.raises(ExportError, match=r"within 0\.001 .* received a difference of 0\.01"):
        _export(tiny, tmp_path)
    assert not (tmp_path / "export.json").exists()


def test_refuses_without_pictures_to_compare(tiny: Any, tmp_path: Path) -> None:
    copy = tmp_path / "candidate"
    shutil.copytree(tiny.candidate, copy)
    candidate = Candidate.read(copy)
    nothing = np.zeros((0, 2), np.float32)
    candidate.write(curves=candidate.curves(), paths=[], probabilities=nothing)
    with pytest.raises(ExportError, match="expected validation pictures"):
        _export(dataclasses.replace(tiny, candidate=copy), tmp_path / "out")


def test_signatures_and_their_outputs(tiny: Any, exported: Export) -> None:
    import tensorflow as tf

    answer = _signature(exported)(image_bytes=tf.constant(_pictures(tiny)))
    assert set(answer) == {"probabilities", "classes", "decision", "answer"}
    assert answer["probabilities"].dtype == tf.float32
    np.testing.assert_allclose(answer["probabilities"].numpy().sum(axis=1), 1.0, atol=1e-5)
    best = [tiny.classes[index].encode() for index in answer["probabilities"].numpy().argmax(1)]
    assert answer["classes"].numpy().tolist() == best
    features = _signature(exported, "features")(image_bytes=tf.constant(_pictures(tiny)))
    assert features["features"].shape == (len(best), 8)
    assert set(features) == {"features"}


def test_answers_and_features_by_one_pass_are_those_of_the_signatures(
    tiny: Any, exported: Export
) -> None:
    import tensorflow as tf

    model = load(exported.saved_model)
    pictures = tf.constant(_pictures(tiny))
    one = model.described(pictures)
    both = model.signatures["serving_default"](image_bytes=pictures) | model.signatures["features"](
        image_bytes=pictures
    )
    assert set(one) == set(both)
    for name, tensor in both.items():
        if tensor.dtype == tf.string:
            assert np.array_equal(one[name], tensor)
        else:
            assert np.abs(one[name] - tensor).max() < 1e-5
    # A server's clients see the signatures alone.
    assert set(model.signatures) == {"serving_default", "pixels", "features"}


def test_pixels_answer_like_their_encoded_form(tiny: Any, exported: Export) -> None:
    import tensorflow as tf

    from components.common.pictures.decode import decode

    data = (tiny.dataset / "pictures" / "colour.jpg").read_bytes()
    by_bytes = _signature(exported)(image_bytes=tf.constant([data]))
    by_pixels = _signature(exported, "pixels")(pixels=tf.constant(decode(data)[None]))
    np.testing.assert_allclose(by_pixels["probabilities"], by_bytes["probabilities"], atol=1e-6)


@pytest.mark.parametrize("name", ["serving_default", "pixels", "features"])
def test_one_row_and_no_row(tiny: Any, exported: Export, name: str) -> None:
    import tensorflow as tf

    signature = _signature(exported, name)
    key = "pixels" if name == "pixels" else "image_bytes"
    one = tf.zeros([1, 9, 4, 3], tf.uint8) if name == "pixels" else tf.constant(_pictures(tiny)[:1])
    assert all(len(tensor) == 1 for tensor in signature(**{key: one}).values())
    assert all(len(tensor) == 0 for tensor in signature(**{key: one[:0]}).values())


def test_a_batch_answers_like_its_single_pictures(tiny: Any, exported: Export) -> None:
    import tensorflow as tf

    signature, pictures = _signature(exported), _pictures(tiny)
    together = signature(image_bytes=tf.constant(pictures))["probabilities"].numpy()
    alone = [signature(image_bytes=tf.constant([data]))["probabilities"][0] for data in pictures]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)


@pytest.mark.parametrize(
    "rubbish", [b"", b"not a picture", b"\xff\xd8\xff cut off", b"\x89PNG\r\n"]
)
def test_undecodable_bytes_are_the_callers_fault(exported: Export, rubbish: bytes) -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError):
        _signature(exported)(image_bytes=tf.constant([rubbish]))


def test_operating_point_moves_the_decision_but_not_the_class(
    tiny: Any, exported: Export, tmp_path: Path
) -> None:
    import tensorflow as tf

    pictures = tf.constant(_pictures(tiny))
    scores = np.sort(_signature(exported)(image_bytes=pictures)["probabilities"][:, 1].numpy())
    threshold = float(scores[-3:-1].mean())
    other = _export(tiny, tmp_path, decision_threshold=threshold)
    answer = _signature(other)(image_bytes=pictures)
    decided = answer["decision"].numpy() == b"defective"
    assert decided.sum() == 2
    assert (decided == (answer["probabilities"].numpy()[:, 1] >= threshold)).all()
    before = _signature(exported)(image_bytes=pictures)
    assert (answer["classes"].numpy() == before["classes"].numpy()).all()
    assert other.info.decision_threshold == threshold


def _with(
    tiny: Any, folder: Path, *, familiar: Familiar | None = None, held_out: Any = None
) -> Any:
    """Return a copy of the candidate that knows more."""
    copy = folder / "candidate"
    shutil.copytree(tiny.candidate, copy)
    if familiar is not None:
        Candidate.read(copy).write_familiar(familiar)
    if held_out is not None:
        Candidate.read(copy).write_held_out(held_out)
    return dataclasses.replace(tiny, candidate=copy)


@pytest.mark.parametrize("places", [1, 2])
def test_strange_pictures_are_asked_about(
    tiny: Any, exported: Export, tmp_path: Path, places: int
) -> None:
    import tensorflow as tf

    pictures = tf.constant(_pictures(tiny))
    features = _signature(exported, "features")(image_bytes=pictures)["features"].numpy()
    features = over_places(features, width=features.shape[1] // places)
    known = unit(features[:6]).astype(np.float16)
    apart = distances(features, known)
    far_from = float(np.sort(apart)[-3:-1].mean())
    other = _export(_with(tiny, tmp_path, familiar=Familiar(known, far_from)), tmp_path / "out")
    answer = _signature(other)(image_bytes=pictures)
    asked = answer["decision"].numpy() == b"ask"
    assert asked.tolist() == (apart > far_from).tolist() and asked.sum() == 2
    before = _signature(exported)(image_bytes=pictures)
    assert (answer["answer"].numpy() == before["decision"].numpy()).all()
    assert (answer["decision"].numpy() == answer["answer"].numpy())[~asked].all()
    off = _export(
        _with(tiny, tmp_path / "b", familiar=Familiar(known, far_from)),
        tmp_path / "off",
        max_asked=0.0,
    )
    assert not (_signature(off)(image_bytes=pictures)["decision"].numpy() == b"ask").any()


def test_what_strange_pictures_are_known_by_is_stored_once(tiny: Any, tmp_path: Path) -> None:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    rng = np.random.default_rng(0)
    known = unit(rng.normal(size=(3000, 8)).astype(np.float32)).astype(np.float16)
    other = _export(_with(tiny, tmp_path, familiar=Familiar(known, 0.5)), tmp_path / "out")
    file = (other.saved_model / "saved_model.pb").read_bytes()
    library = SavedModel.FromString(file).meta_graphs[0].graph_def.library
    constants = [node.attr["value"].tensor for one in library.function for node in one.node_def]
    assert sum(len(one.tensor_content) == known.size * 4 for one in constants) == 1


@pytest.mark.parametrize("classes", [("functional", "defective"), ("a", "b", "c")])
def test_the_graph_decides_as_the_record_says(
    make_tiny: Callable[..., Any], tmp_path: Path, classes: tuple[str, ...]
) -> None:
    import tensorflow as tf

    tiny = make_tiny(classes=classes)
    pictures = tf.constant(_pictures(tiny))
    probabilities = _signature(_export(tiny, tmp_path / "plain"))(image_bytes=pictures)
    odds = np.log(probabilities["probabilities"].numpy())
    held_out = held_out_table(
        np.tile(1.3 * odds, (4, 1)).astype(np.float32),
        classes=classes,
        paths=[str(number) for number in range(4 * len(odds))],
        groups=[str(number) for number in range(4 * len(odds))],
        targets=np.arange(4 * len(odds)) % len(classes),
    )
    exported = _export(
        _with(tiny, tmp_path, held_out=held_out),
        tmp_path / "out",
        good=(classes[0],),
        escape_cost=2.0,
        escape_rate=0.3,
        max_asked=1.0,
    )
    answer = _signature(exported)(image_bytes=pictures)
    point = exported.info.operating_point
    assert point.bad_from == pytest.approx(1 / 3) and point.ask_from is not None
    decided = decide(answer["probabilities"].numpy(), point=point, classes=classes)
    assert [name.decode() for name in answer["answer"].numpy()] == [
        classes[column] for column in decided.predicted
    ]
    assert ((answer["decision"].numpy() == b"ask") == decided.asked).all()
    assert 0 < decided.asked.sum() < len(odds)
    promise = exported.info.promise
    assert promise is not None and promise.kept and promise.rate == 0.3
    assert Export.read(exported.root).info == exported.info


def test_three_classes_one_view_and_no_named_embedding(
    make_tiny: Callable[..., Any], tmp_path: Path
) -> None:
    import tensorflow as tf

    tiny = make_tiny(classes=("a", "b", "c"), flips=1, feature_name="pool")
    exported = _export(tiny, tmp_path)
    answer = _signature(exported)(image_bytes=tf.constant(_pictures(tiny)))
    assert answer["probabilities"].shape[1] == 3
    assert (answer["decision"].numpy() == answer["classes"].numpy()).all()
    features = _signature(exported, "features")(image_bytes=tf.constant(_pictures(tiny)))
    assert features["features"].shape[1] == 8


def test_equal_candidates_give_equal_digests(tiny: Any, exported: Export, tmp_path: Path) -> None:
    again = _export(tiny, tmp_path)
    assert again.info.model_sha256 == exported.info.model_sha256
    version = tmp_path / "7"
    shutil.copytree(again.saved_model, version)
    assert tree_sha256(version) == exported.info.model_sha256
    changed = _export(tiny, tmp_path / "other", decision_threshold=0.4)
    assert changed.info.model_sha256 != exported.info.model_sha256


def test_no_keras_and_no_variables_needed_to_serve(tiny: Any, exported: Export) -> None:
    picture = tiny.dataset / "pictures" / "grey.jpg"
    code = (
        "import sys; sys.modules['keras'] = None\n"
        "import tensorflow as tf\n"
        f"model = tf.saved_model.load({str(exported.saved_model)!r})\n"
        f"data = open({str(picture)!r}, 'rb').read()\n"
        "answer = model.signatures['serving_default'](image_bytes=tf.constant([data]))\n"
        "print(float(answer['probabilities'].numpy().sum()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert abs(float(done.stdout) - 1) < 1e-5


def test_graph_holds_no_training_nodes_and_one_copy_of_the_weights(exported: Export) -> None:
    functions = list(_library(exported))
    operations = {node.op for function in functions for node in function.node_def}
    assert not operations & {"Dropout", "RandomUniform", "StatelessRandomUniformV2", "PyFunc"}
    assert not operations & {"ReadVariableOp", "VarHandleOp", "AssignVariableOp"}
    # The norm after the convolution is inside it: no server has to look for it.
    assert not operations & {"FusedBatchNormV3", "Rsqrt"}
    convolutions = [
        function.signature.name
        for function in functions
        if any(node.op == "Conv2D" for node in function.node_def)
    ]
    assert len(convolutions) == 1


@pytest.mark.parametrize(
    ("config_file", "limit"), [("", 1e-6), (str(BFLOAT16), 0.1)], ids=["plain", "bfloat16"]
)
def test_a_session_runs_it_as_tf_serving_does(
    tiny: Any, exported: Export, config_file: str, limit: float
) -> None:
    import tensorflow as tf

    pictures = _pictures(tiny)
    config = read_session_config(config_file) if config_file else None
    with tf.compat.v1.Session(graph=tf.Graph(), config=config) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(exported.saved_model))
        signature = loaded.signature_def["serving_default"]
        feed = {signature.inputs["image_bytes"].name: pictures}
        served = session.run(signature.outputs["probabilities"].name, feed)
    here = _signature(exported)(image_bytes=tf.constant(pictures))["probabilities"].numpy()
    np.testing.assert_allclose(served, here, atol=limit, rtol=0)


def test_warm_up_requests_run(exported: Export) -> None:
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    path = exported.saved_model / "assets.extra" / "tf_serving_warmup_requests"
    records = [
        PredictionLog.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))
    ]
    seen = []
    for record in records:
        request = record.predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in request.inputs.items()}
        answer = _signature(exported, name)(**inputs)
        seen.append((name, len(next(iter(answer.values())))))
        assert request.model_spec.name == "model"
    assert seen == [("serving_default", 1), ("serving_default", 8), ("features", 1), ("pixels", 1)]


def test_refuses_a_network_of_another_shape(tiny: Any, tmp_path: Path) -> None:
    from components.export.network import load_network

    candidate = Candidate.read(tiny.candidate)
    info = dataclasses.replace(candidate.info, classes=("a", "b", "c"))
    with pytest.raises(ExportError, match="3 logits a picture"):
        load_network(candidate.model_path, info)


def _library(exported: Export) -> Iterator[Any]:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    data = (exported.saved_model / "saved_model.pb").read_bytes()
    for graph in SavedModel.FromString(data).meta_graphs:
        yield from graph.graph_def.library.function


def test_component_writes_the_export_and_takes_it_from_the_cache(
    tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.export.component import export as component

    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    digests = []
    for name in ("first", "second"):
        out = SimpleNamespace(path=str(tmp_path / name), metadata={})
        component.python_func(
            candidate=SimpleNamespace(path=str(tiny.candidate), metadata={}),
            dataset=SimpleNamespace(path=str(tiny.dataset), metadata={}),
            settings=to_plain(ExportConfig()),
            run=to_plain(
                RunContext(
                    run_id="run-1",
                    run_dir=str(tmp_path / "run" / name),
                    cache_dir=str(tmp_path / "cache"),
                )
            ),
            exported=out,
        )
        export = Export.read(tmp_path / name)
        assert tree_sha256(export.saved_model) == export.info.model_sha256
        assert out.metadata["step"] == "export"
        record = json.loads((tmp_path / "run" / name / "steps" / "export.json").read_text())
        digests.append((record["state"], export.info.model_sha256))
    assert digests == [("done", digests[0][1]), ("reused", digests[0][1])]


def test_the_local_server_batches_an_exported_model(
    tiny: Any, exported: Export, caplog: pytest.LogCaptureFixture
) -> None:
    import tensorflow as tf

    from serving.server.config_files import BatchingParameters
    from serving.server.graph.servable import Servable

    served = Servable(
        model="m",
        version=1,
        path=exported.saved_model,
        batching=BatchingParameters(num_batch_threads=1),
        session=tf.compat.v1.ConfigProto(),
    )
    pictures = np.array(_pictures(tiny), object)
    answered = served.run(
        "serving_default", {"image_bytes": pictures}, ["probabilities"], timeout_ms=0
    )
    served.close()
    # A batch that fails is run again without a word to the client; the log has one.
    assert "run alone" not in caplog.text
    expected = _signature(exported)(image_bytes=tf.constant(_pictures(tiny)))["probabilities"]
    np.testing.assert_allclose(answered["probabilities"], expected, atol=1e-5)
