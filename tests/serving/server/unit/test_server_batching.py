"""What a batched signature is made of: functions that the server's session settings reach."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework.function import Defun

from serving.server.config_files import BatchingParameters
from serving.server.graph.servable import Servable
from tests.serving.server.server_models import write_affine

PARAMETERS = BatchingParameters(
    max_batch_size=4, batch_timeout_micros=0, max_enqueued_batches=8, num_batch_threads=1
)


def load(path: Path, session: tf.compat.v1.ConfigProto) -> Servable:
    return Servable(model="m", version=1, path=path, batching=PARAMETERS, session=session)


def answer(servable: Servable, values: list[float]) -> list[float]:
    rows = {"x": np.array(values, np.float32)}
    return list(servable.run("serving_default", rows, ["y"], timeout_ms=0)["y"])


def test_calls_in_a_batch_are_optimised_as_the_session_says(tmp_path: Path) -> None:
    """Else `--tensorflow_session_config_file` would change nothing in a server that batches."""
    session = tf.compat.v1.ConfigProto()
    session.graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = 1
    servable = load(write_affine(tmp_path / "1", offset=1.0), session)
    try:
        definition = servable._graph.as_graph_def()
        functions = {one.signature.name: one for one in definition.library.function}
        (batch,) = (node for node in definition.node if node.op == "BatchFunction")
        body = functions[batch.attr["f"].func.name]
        given = [node.attr["config_proto"].s for node in body.node_def if node.op.endswith("Call")]
        assert given == [session.SerializeToString()]
        # Left to the call, or TensorFlow optimises the network once for each function around it.
        assert body.attr["_tf_data_function"].b
        assert answer(servable, [2.0, 4.0]) == [2.0, 3.0]
    finally:
        servable.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_function_called_as_an_operation_is_batched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As TensorFlow 1 wrote it: the operation's name is the function's."""

    @Defun(tf.float32, func_name="halved")
    def halved(x: tf.Tensor) -> tf.Tensor:
        return x * 0.5

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
        y = halved(x)
        assert y.op.type == "halved"
        tf.compat.v1.saved_model.simple_save(session, str(tmp_path / "1"), {"x": x}, {"y": y})
    servable = load(tmp_path / "1", tf.compat.v1.ConfigProto())
    try:
        assert answer(servable, [2.0, 5.0]) == [1.0, 2.5]
        assert "without batching" not in caplog.text
        assert "run alone" not in caplog.text
    finally:
        servable.close()
