import hashlib
import os
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from local_servers import Quiet, answering

from components.common.errors import WeightsError
from components.networks.weights.files import local_file, pinned_sha256

CONTENT = b"weights " * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "published" / "net.weights.h5"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def server(published: Path) -> Iterator[str]:
    class Handler(Quiet, SimpleHTTPRequestHandler):
        """Hands out the files of a folder."""

    with answering(partial(Handler, directory=str(published.parent))) as url:
        yield url


def kept() -> list[Path]:
    return sorted(Path(os.environ["XDG_CACHE_HOME"], "graft", "weights").iterdir())


def test_a_download_is_kept_and_not_fetched_again(server: str, published: Path) -> None:
    address = f"{server}/net.weights.h5#sha256={SHA256}"
    first = local_file(address)
    assert first.read_bytes() == CONTENT
    assert first.name.endswith("net.weights.h5")
    published.unlink()
    assert local_file(address) == first
    assert kept() == [first]


def test_a_damaged_copy_is_fetched_again(published: Path) -> None:
    address = f"{published.as_uri()}#sha256={SHA256.upper()}"
    local_file(address).write_bytes(b"damaged")
    assert local_file(address).read_bytes() == CONTENT


def test_other_content_is_refused_and_not_kept(server: str) -> None:
    with pytest.raises(WeightsError, match=f"SHA-256 {'0' * 64} .*received {SHA256}"):
        local_file(f"{server}/net.weights.h5#sha256={'0' * 64}")
    assert kept() == []


@pytest.mark.parametrize("fragment", ["", "#", "#sha256=12ab", "#md5=" + "0" * 32])
def test_an_address_without_a_digest_is_refused(published: Path, fragment: str) -> None:
    with pytest.raises(WeightsError, match="#sha256= and 64 hexadecimal digits"):
        local_file(published.as_uri() + fragment)


def test_what_cannot_be_read_is_named(server: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.h5, received HTTPError: HTTP Error 404"):
        local_file(f"{server}/none.h5#sha256={SHA256}")
    with pytest.raises(WeightsError, match="check the address and the connection"):
        local_file(f"{(tmp_path / 'absent.h5').as_uri()}#sha256={SHA256}")
    with pytest.raises(WeightsError, match="check the address and the connection"):
        local_file(f"http://127.0.0.1:9/net.h5#sha256={SHA256}")
    assert kept() == []


def test_a_path_is_taken_as_it_is(published: Path) -> None:
    assert local_file(str(published)) == published
    with pytest.raises(WeightsError, match="which is not a file"):
        local_file("nowhere.h5")


def test_the_digest_is_known_without_a_download() -> None:
    assert pinned_sha256(f"https://example.org/net.h5#sha256={SHA256}") == SHA256
