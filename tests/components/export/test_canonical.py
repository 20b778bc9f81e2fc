"""Equal models have equal bytes, whatever order TensorFlow put them into."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_the_order_of_nodes_changes_no_digest(tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    from components.common.artifacts.records import tree_sha256
    from components.export.canonical import make_canonical

    module = tf.Module()
    module.double = tf.function(lambda x: 2.0 * x + 1.0, [tf.TensorSpec([None], tf.float32)])
    folders = [tmp_path / name for name in ("as_it_came", "the_other_way")]
    tf.saved_model.save(module, str(folders[0]), signatures=module.double)
    (folders[1] / "variables").mkdir(parents=True)
    for path in folders[0].rglob("*"):
        if path.is_file():
            (folders[1] / path.relative_to(folders[0])).write_bytes(path.read_bytes())
    saved = folders[1] / "saved_model.pb"
    model = SavedModel.FromString(saved.read_bytes())
    for function in model.meta_graphs[0].graph_def.library.function:
        nodes = list(function.node_def)[::-1]
        del function.node_def[:]
        function.node_def.extend(nodes)
    saved.write_bytes(model.SerializeToString())
    for folder in folders:
        make_canonical(folder)
    assert tree_sha256(folders[0]) == tree_sha256(folders[1])
    loaded = tf.saved_model.load(str(folders[1]))
    answer = loaded.signatures["serving_default"](tf.constant([3.0]))
    assert [float(value[0]) for value in answer.values()] == [7.0]
