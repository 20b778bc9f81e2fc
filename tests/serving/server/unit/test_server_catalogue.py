"""The list of models: configurations, labels and look-up, with versions that are plain objects."""

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.protocol.status import Code, StatusError
from serving.server.flags import Flags
from serving.server.models.catalogue import ModelCatalogue


class Version:
    """Stands for a loaded servable."""

    def close(self):
        pass


@pytest.fixture
def catalogue(tmp_path):
    """A catalogue that loads every version but 13."""

    def load(model, version, path):
        if version == 13:
            raise StatusError(Code.DATA_LOSS, "broken")
        return Version()

    made = ModelCatalogue(load=load, flags=Flags(max_num_load_retries=0))
    yield made
    made.reload(config())


def config(*models):
    message = ModelServerConfig()
    message.model_config_list.SetInParent()
    for model in models:
        message.model_config_list.config.add(**{"model_platform": "tensorflow", **model})
    return message


def base(root, *versions):
    for version in versions:
        (root / str(version)).mkdir()
    return str(root)


def test_a_broken_newest_version_is_named(catalogue, tmp_path):
    with pytest.raises(StatusError, match=r"did not become available.*version: 13.*broken"):
        catalogue.reload(config({"name": "m", "base_path": base(tmp_path, 13)}))


def test_a_label_needs_a_version_that_is_there(catalogue, tmp_path):
    wanted = {"name": "m", "base_path": base(tmp_path, 1), "version_labels": {"stable": 9}}
    with pytest.raises(StatusError, match="Request to assign label to version 9") as caught:
        catalogue.reload(config(wanted))
    assert caught.value.code is Code.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("models", "part"),
    [
        ([{"name": "m", "base_path": "/m"}] * 2, "multiple times"),
        ([{"name": "m", "base_path": "models"}], "absolute path"),
        ([{"name": "m", "base_path": "/m", "model_platform": "other"}], "model_platform"),
    ],
)
def test_wrong_configurations(catalogue, models, part):
    with pytest.raises(StatusError, match=part) as caught:
        catalogue.reload(config(*models))
    assert caught.value.code is Code.INVALID_ARGUMENT
