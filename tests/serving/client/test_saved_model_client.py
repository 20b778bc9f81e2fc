"""A version's folder asked in this process gives what a client of a server gives."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from brightness_model import save_brightness_model

from components.common.errors import DataError, RequestError, ServerError
from components.common.pictures.decode import encode_png
from serving.client.answers import VersionStatus
from serving.client.saved_model_client import SavedModelClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SavedModelClient]:
    folder = tmp_path_factory.mktemp("models") / "levels" / "4"
    save_brightness_model(folder)
    with SavedModelClient(folder) as client:
        yield client


def test_it_says_what_it_is(client: SavedModelClient) -> None:
    assert (client.model, client.status()) == ("levels", (VersionStatus(4, "AVAILABLE"),))
    assert client.wait_until_available(timeout_s=1) == 4
    outputs = {one.name: one.shape for one in client.signature().outputs}
    assert outputs == {"probabilities": (-1, 2), "classes": (-1,), "decision": (-1,)}
    with pytest.raises(ServerError, match=r"signature 'pixels' .* features, serving_default"):
        client.signature("pixels")


def test_it_answers_and_describes(client: SavedModelClient) -> None:
    pictures = [encode_png(np.full((9, 9, 1), level, np.uint8)) for level in (10, 240)]
    answer = client.predict_pictures(pictures)
    assert (answer.classes, answer.version) == (("functional", "defective"), 4)
    np.testing.assert_allclose(answer.probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert client.answers(pictures).answers == answer.decisions
    assert client.features(pictures).values.tolist() == [[10.0] * 4, [240.0] * 4]


def test_it_refuses_what_is_no_picture(client: SavedModelClient) -> None:
    with pytest.raises(DataError, match="bytes that no decoder knows"):
        client.predict_pictures([b"words"])
    with pytest.raises(RequestError, match="accept the request"):
        client._predict("serving_default", [b"words"], {})


def test_a_folder_that_is_no_version_has_no_number(tmp_path: Path) -> None:
    save_brightness_model(tmp_path / "saved_model")
    with SavedModelClient(tmp_path / "saved_model") as client:
        assert (client.model, client.status()[0].version) == ("saved_model", 0)
