"""How Kubernetes wants its words written; kfp-kubernetes looks at none of them."""

import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY = re.compile(r"[-A-Za-z0-9_.]{1,253}")
_CPU = re.compile(r"[0-9]+(\.[0-9]+)?|[0-9]+m")
_MEMORY = re.compile(r"([0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|M|G|T|P|E)?")
_ROOT = re.compile(r"(s3|minio|gs)://[a-z0-9][a-z0-9.-]+(/[^\s?#]*)?")
_PAGE = re.compile(r"https?://[^\s?#]+")
_UNITS = ("", "K", "M", "G", "T", "P", "E")


def _checker(pattern: re.Pattern[str], wanted: str, *, empty: bool = False) -> AfterValidator:
    def check(text: str) -> str:
        if not (empty and text == "") and pattern.fullmatch(text) is None:
            raise ValueError(wanted)
        return text

    return AfterValidator(check)


def _label_key(text: str) -> str:
    prefix, slash, name = text.rpartition("/")
    if (slash and _NAME.fullmatch(prefix) is None) or _LABEL.fullmatch(name) is None:
        raise ValueError(
            "a label's key: up to 63 letters, digits, '-', '_', '.', that begins and ends with a "
            "letter or digit; before it, if need be, a domain and '/'"
        )
    return text


def _absolute(text: str) -> str:
    parts = text.split("/")
    if not text.startswith("/") or text == "/" or ".." in parts or ":" in text:
        raise ValueError("an absolute path below /, as '/data', without '..' and ':'")
    return text


def _relative(text: str) -> str:
    if text.startswith("/") or ".." in text.split("/"):
        raise ValueError("a path inside the volume, as 'solar/2026', without '..'")
    return text


ObjectName = Annotated[
    str,
    _checker(_NAME, "the name of a Kubernetes object: small letters, digits, '-', '.'"),
]
LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[
    str,
    _checker(
        _LABEL,
        "a label's value: up to 63 letters, digits, '-', '_', '.', that begins and ends with a "
        "letter or digit",
        empty=True,
    ),
]
VariableName = Annotated[
    str,
    _checker(_VARIABLE, "an environment variable's name: letters, digits, '_', no digit first"),
]
DataKey = Annotated[str, _checker(_KEY, "a key of a secret or config map: letters, digits, '-_.'")]
Cpu = Annotated[
    str, _checker(_CPU, "an amount of CPU, as '2', '0.5' or '500m' (or '' for none)", empty=True)
]
Memory = Annotated[
    str,
    _checker(
        _MEMORY,
        "an amount of memory, as '4Gi' or '500M', without a space (or '' for none)",
        empty=True,
    ),
]
MountPath = Annotated[str, AfterValidator(_absolute)]
MountPathOrNone = Annotated[str, AfterValidator(lambda text: text and _absolute(text))]
SubPath = Annotated[str, AfterValidator(_relative)]
ArtifactRoot = Annotated[
    str,
    _checker(
        _ROOT,
        "where artifacts go: s3://BUCKET/PATH, minio://BUCKET/PATH or gs://BUCKET/PATH (or '' for "
        "the server's own)",
        empty=True,
    ),
]
PageAddress = Annotated[
    str, _checker(_PAGE, "an address, as https://kubeflow.example.com/pipeline (or '')", empty=True)
]


def cores(text: str) -> float:
    """Return an amount of CPU in cores."""
    return float(text[:-1]) / 1000.0 if text.endswith("m") else float(text)


def memory_bytes(text: str) -> int:
    """Return an amount of memory in bytes."""
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    unit = match[2] or ""
    base = 1024 if unit.endswith("i") else 1000
    return int(match[1]) * int(base ** _UNITS.index(unit.removesuffix("i")))
