from pathlib import Path

import pytest

from components.networks.fast import precision

pytestmark = pytest.mark.slow


def facts(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nflags\t\t: fpu {flags} sse2\n")
    return path


@pytest.mark.parametrize(
    ("flags", "expected"), [("avx512_bf16", "bfloat16"), ("avx512f", "float32")]
)
def test_auto_follows_the_processor(
    flags: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_CPU_FACTS", facts(tmp_path, flags))
    assert precision.chosen("auto") == expected


def test_auto_without_facts_is_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_CPU_FACTS", tmp_path / "none")
    assert precision.chosen("auto") == "float32"


def test_what_is_asked_for_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "_CPU_FACTS", facts(tmp_path, "avx512_bf16"))
    assert precision.chosen("float32") == "float32"


def test_auto_takes_nothing_on_a_gpu_that_was_not_measured_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "_CPU_FACTS", facts(tmp_path, "avx512_bf16"))
    monkeypatch.setattr(precision, "gpus", lambda: ["gpu:0"])
    assert precision.chosen("auto") == "float32"
    assert precision.chosen("bfloat16") == "bfloat16"
