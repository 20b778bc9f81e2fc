"""What the three programs are given."""

from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from components.common.errors import ConfigError
from pipelines.up.ports import Ports
from pipelines.up.services import UpSettings, published, services, write_model_config


@pytest.fixture
def settings(tmp_path: Path) -> UpSettings:
    for name in ("mugs", "keys/1", "hats/2", "hats/10"):
        (tmp_path / "models" / name).mkdir(parents=True)
    (tmp_path / "up").mkdir()
    return UpSettings(
        models=tmp_path / "models", log=Path("log"), runs_dir=Path("runs"), folder=tmp_path / "up",
        ports=Ports(700),
    )  # fmt: skip


def test_every_model_with_a_version_is_served(settings: UpSettings) -> None:
    assert published(settings) == ("hats", "keys")


def test_a_model_without_a_version_cannot_be_asked_for(settings: UpSettings) -> None:
    settings = UpSettings(**{**vars(settings), "names": ("mugs", "keys")})
    with pytest.raises(ConfigError, match=r"models mugs in .*, received hats, keys; correct"):
        published(settings)


def test_no_folder_of_models_is_no_model(tmp_path: Path) -> None:
    there = UpSettings(models=tmp_path / "none", log=Path("log"), runs_dir=Path("runs"))
    assert published(there) == ()


def test_the_list_of_models_is_the_servers_own_format(settings: UpSettings) -> None:
    write_model_config(settings, ["hats", "keys"])
    text = (settings.folder / "models.config").read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    found = {one.name: one.base_path for one in config.model_config_list.config}
    assert found == {name: str(settings.models / name) for name in ("hats", "keys")}


def test_each_asks_the_one_behind_it(settings: UpSettings) -> None:
    server, gateway, *console = services(settings)
    assert "--rest_api_port=9201" in server.words
    assert gateway.words[gateway.words.index("--upstream") + 1] == server.url
    assert gateway.url == "http://127.0.0.1:9211"
    for one in console:
        assert one.words[one.words.index("--gateway") + 1] == gateway.url
