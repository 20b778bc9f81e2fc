"""What a REST path means: the two patterns of model_servers/http_rest_api_util.cc."""

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

_VERSION_OR_LABEL = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_PREDICT = re.compile(
    r"/v1/models/(?P<model>[^/:]+)" + _VERSION_OR_LABEL + r":(?P<verb>classify|regress|predict)",
    re.IGNORECASE | re.ASCII,
)
_STATUS = re.compile(
    r"/v1/models(?:/(?P<model>[^/:]+))?" + _VERSION_OR_LABEL + r"(?:/(?P<metadata>metadata))?",
    re.IGNORECASE | re.ASCII,
)
_INT64_MAX = 2**63 - 1


class Verb(Enum):
    """What a request asks for."""

    PREDICT = "predict"
    CLASSIFY = "classify"
    REGRESS = "regress"
    STATUS = "status"
    METADATA = "metadata"


@dataclass(frozen=True)
class Target:
    """A recognised request; `model` is "" when the path names none."""

    verb: Verb
    model: str
    version: int | None = None
    label: str | None = None


def parse_path(method: str, path: str) -> Target | None:
    """Return what a request line means, None when it is malformed.

    The path is matched as it came, query string included, so any query string is malformed.
    """
    pattern = {"POST": _PREDICT, "GET": _STATUS}.get(method)
    match = pattern.fullmatch(path) if pattern else None
    if match is None:
        return None
    groups = match.groupdict()
    verb = _verb(groups)
    if verb is None:
        return None
    version = int(groups["version"]) if groups["version"] else None
    if version is not None and version > _INT64_MAX:
        return None
    return Target(
        verb=verb,
        model=_decode(groups["model"] or ""),
        version=version,
        label=_decode(groups["label"]) if groups["label"] else None,
    )


def _verb(groups: dict[str, str]) -> Verb | None:
    if "verb" not in groups:
        return Verb.METADATA if groups["metadata"] else Verb.STATUS
    # The pattern ignores case, the comparison that follows it does not.
    return Verb(groups["verb"]) if groups["verb"].islower() else None


def _decode(text: str) -> str:
    return unquote(text, errors="replace")
