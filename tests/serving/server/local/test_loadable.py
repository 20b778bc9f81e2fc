"""Which operations a SavedModel needs, against those of the installed TensorFlow."""

from pathlib import Path

import pytest

from components.common.errors import DataError, ExportError
from serving.server.loadable import check_loadable

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow.*"),
]


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tensorflow as tf

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def serve(self, data: tf.Tensor) -> tf.Tensor:
            return tf.map_fn(
                lambda one: tf.reduce_mean(tf.cast(tf.io.decode_png(one), tf.float32)),
                data,
                fn_output_signature=tf.float32,
            )

    folder = tmp_path_factory.mktemp("saved")
    model = Model()
    tf.saved_model.save(model, str(folder), signatures=model.serve)
    return folder


def damage(saved_model: Path, target: Path, *, old: bytes, new: bytes) -> Path:
    """Copy the graph with a name replaced by one of equal length."""
    assert len(old) == len(new)
    data = (saved_model / "saved_model.pb").read_bytes()
    assert old in data
    (target / "saved_model.pb").write_bytes(data.replace(old, new))
    return target


def test_a_model_of_this_tensorflow_loads(saved_model: Path) -> None:
    import tensorflow as tf

    written_by, operations = check_loadable(saved_model)
    assert {"DecodePng", "Mean", "While"} & set(operations) >= {"DecodePng", "Mean"}
    assert written_by == tf.__version__


def test_an_operation_from_the_future_is_named(saved_model: Path, tmp_path: Path) -> None:
    newer = damage(saved_model, tmp_path, old=b"DecodePng", new=b"DecodeZng")
    with pytest.raises(ExportError, match="needs DecodeZng"):
        check_loadable(newer)


def test_an_attribute_from_the_future_is_named(saved_model: Path, tmp_path: Path) -> None:
    newer = damage(saved_model, tmp_path, old=b"DstT", new=b"DstZ")
    with pytest.raises(ExportError, match=r"needs .*Cast\.DstZ"):
        check_loadable(newer)


def test_rubbish(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a SavedModel in"):
        check_loadable(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\xff\xff not a model")
    with pytest.raises(DataError, match="a SavedModel in"):
        check_loadable(tmp_path)
