"""Where a file of weights comes from: a path, or an address with the SHA-256 of what lies there.

A download appears in the cache folder by rename once its digest is right, under a name that
begins with the digest: interrupted ones leave nothing, and two runs may fetch side by side.
"""

import hashlib
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import platformdirs

from components.common.artifacts.records import file_sha256
from components.common.errors import WeightsError
from components.common.files import new_file
from components.common.progress import report

LOG = logging.getLogger(__name__)

_ADDRESS = re.compile(r"(?:https?|file)://")
_PIN = re.compile(r"sha256=([0-9a-f]{64})", re.IGNORECASE)
_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60.0


def is_address(weights: str) -> bool:
    """Say whether it is an address (https, http, file) and not a path."""
    return _ADDRESS.match(weights) is not None


def pinned_sha256(address: str) -> str:
    """Return the digest that an address names, lower case.

    Raises:
        WeightsError: it names none.
    """
    match = _PIN.fullmatch(urllib.parse.urlsplit(address).fragment)
    if match is None:
        raise WeightsError(
            "an address of weights that ends in #sha256= and 64 hexadecimal digits",
            received=f"'{address}'",
            do="add the SHA-256 of the file, as its publisher states it or sha256sum prints it",
        )
    return match[1].lower()


def cache_folder() -> Path:
    """Return the user's folder of weights that were downloaded; it need not be there."""
    return platformdirs.user_cache_path("graft") / "weights"


def local_file(weights: str) -> Path:
    """Return the file on this machine; download it unless it has been before.

    Raises:
        WeightsError: no such file, the address cannot be read, or it holds something else than
            what its digest says.
    """
    if is_address(weights):
        return _cached(weights)
    path = Path(weights).expanduser()
    if not path.is_file():
        raise WeightsError(
            "'imagenet', 'none', the path of a weights file, or its address with #sha256=",
            received=f"'{weights}', which is not a file",
            do="correct train.weights",
        )
    return path


def _cached(address: str) -> Path:
    sha256 = pinned_sha256(address)
    name = Path(urllib.parse.unquote(urllib.parse.urlsplit(address).path)).name
    target = cache_folder() / f"{sha256[:16]}-{name}"
    if target.is_file():
        if file_sha256(target) == sha256:
            return target
        LOG.warning("%s is damaged: downloading it again", target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with new_file(target) as partial:
        received = _download(address, partial)
        if received != sha256:
            raise WeightsError(
                f"a file with SHA-256 {sha256} at {urllib.parse.urldefrag(address).url}",
                received=f"{received}; nothing was kept",
                do="check the digest with the publisher; a proxy or a cut connection may alter "
                "files",
            )
    return target


def _download(address: str, target: Path) -> str:
    """Write what lies at the address; return its digest."""
    digest = hashlib.sha256()
    bare = urllib.parse.urldefrag(address).url
    try:
        with urllib.request.urlopen(bare, timeout=_TIMEOUT_S) as source, target.open("wb") as file:
            total = int(source.headers.get("Content-Length") or 0)
            while chunk := source.read(_CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                report("downloading weights", file.tell(), total)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise WeightsError(
            f"to read weights from {bare}",
            received=f"{type(error).__name__}: {error}",
            do="check the address and the connection, or give the path of a file",
        ) from None
    return digest.hexdigest()
