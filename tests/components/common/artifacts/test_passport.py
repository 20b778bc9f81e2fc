"""Passport: the record, its page, and records of older versions."""

import json
from pathlib import Path

import yaml
from blank_passport import blank_passport
from full_passport import full_passport

from components.common import config
from components.common.artifacts.judging.verdict import VerdictInfo
from components.common.artifacts.model_folder import (
    passport_page_path,
    passport_path,
    settings_path,
)
from components.common.artifacts.passport import mark, read_passport, write_passport

# As a version of 2025 has it: without data, seeds, weights, evidence, and without an override.
OLD = {
    "model_name": "parts", "version": 1, "state": "confirmed", "created_unix_s": 1.7e9,
    "model_sha256": "a" * 64, "previous_version": 0, "run_id": "r1", "commit": "abc",
    "data_sha256": "b" * 64, "config_sha256": "c" * 64, "settings": {"seed": 3},
    "classes": ["good", "bad"], "backbone": "mobilenet_v2", "method": "full",
    "image_size_px": 32, "test_pictures": 40, "test_groups": 8,
    "metrics": [{"name": "accuracy", "value": 0.9, "low": 0.8, "high": 1.0}],
    "verdict": {
        "word": "deploy", "reasons": ["Not worse."], "candidate_sha256": "a" * 64,
        "incumbent_sha256": "", "incumbent_version": 0,
        "thresholds": [{
            "metric": "accuracy", "at_least": 0.6, "value": 0.9, "low": 0.8, "high": 1.0,
            "met": True,
        }],
        "comparisons": [{
            "metric": "accuracy", "candidate": 0.9, "incumbent": 0.8, "difference": 0.1,
            "low": 0.0, "high": 0.2, "confidence": 0.95, "tolerance": 0.02,
        }],
    },
    "rehearsal": [{
        "interface": "gRPC", "pictures": 8, "max_difference": 1e-7,
        "latency": {"median_ms": 3.0, "p95_ms": 4.0, "requests": 8},
    }],
    "rebuild": ["make install"], "data_read_unix_s": 0.0,
}  # fmt: skip


def test_a_passport_is_a_record_a_page_and_a_preset(tmp_path: Path) -> None:
    known = full_passport()
    write_passport(tmp_path, known)
    assert read_passport(tmp_path, 3) == known
    assert yaml.safe_load(settings_path(tmp_path, 3).read_text()) == known.settings
    page = passport_page_path(tmp_path, 3).read_text()
    for words in (
        *("parts, version 3", "the gate said “insufficient”, a person overrode it"),
        *("too few &lt;pictures&gt;", "Overridden by Ada, 2023-11-14 22:15 UTC: “A pilot.”"),
        *(
            "The figures judge the recipe",
            "0.881 to 0.940",
            "line a|b",
            "recall 0.800 (0.550",
            "CC0-1.0",
            "Apache-2.0",
        ),
        *("e" * 64, "grouped, split seed 0", "every picture once", "splits 0, train 5"),
        *("Two pictures could not be read.", "graft run --preset 3.yaml", "method: full"),
    ):
        assert words in page, words


def test_a_page_follows_the_state(tmp_path: Path) -> None:
    write_passport(tmp_path, full_passport(state="staged"))
    assert "Published, not yet confirmed" in passport_page_path(tmp_path, 3).read_text()
    mark(tmp_path, 3, "retired")
    assert "Taken back" in passport_page_path(tmp_path, 3).read_text()


def test_a_page_names_a_better_version(tmp_path: Path) -> None:
    verdict = VerdictInfo(word="deploy", reasons=(), best_version=2)
    for version in (2, 3):
        write_passport(tmp_path, blank_passport(version=version, verdict=verdict))
    said = "the best so far is version 2"
    assert said in passport_page_path(tmp_path, 3).read_text()
    assert said not in passport_page_path(tmp_path, 2).read_text()


def test_what_is_not_known_is_said_not_to_be(tmp_path: Path) -> None:
    write_passport(tmp_path, blank_passport())
    page = passport_page_path(tmp_path, 1).read_text()
    for words in ("not stated", "not recorded", "Not recorded: the version is older", "Date unkn"):
        assert words in page, words
    assert "held-out pictures" in page


def test_older_passports_are_read_and_get_a_page(tmp_path: Path) -> None:
    path = passport_path(tmp_path, 1)
    path.parent.mkdir()
    path.write_text(json.dumps(OLD))
    known = read_passport(tmp_path, 1)
    assert known is not None
    assert {name: config.to_plain(known)[name] for name in ("metrics", "rehearsal")} == {
        name: OLD[name] for name in ("metrics", "rehearsal")
    }
    assert known.evidence == "holdout"
    assert known.best_version == known.version
    assert known.verdict.override is None
    mark(tmp_path, 1, "pruned")
    assert "Removed to save space" in passport_page_path(tmp_path, 1).read_text()
