"""The verdict on top of the evaluation's page, what to do next, in both languages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from gate_answers import predictions

from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Override, Verdict, VerdictInfo, Word
from components.common.report.texts import LANGUAGES, Language, load_texts
from components.gate.commands import TABLES
from components.gate.next_steps import with_next_steps
from components.gate.page import write_page

SAY = load_texts(TABLES, "en")


def _info(word: Word, *, version: int = 4, same: bool = False, **more: object) -> VerdictInfo:
    other = "c" if same else "d"
    return VerdictInfo(
        word=word,
        reasons=("Because <it> is so.",),
        candidate_sha256="c" * 64,
        incumbent_sha256=other * 64 if version else "",
        incumbent_version=version,
        **more,  # type: ignore[arg-type]
    )


def _page(evaluation: Evaluation, info: VerdictInfo, root: Path) -> str:
    verdict = Verdict(root / "verdict", with_next_steps(info, evaluation))
    verdict.write()
    write_page(verdict, evaluation)
    return verdict.report_path.read_text(encoding="utf-8")


def test_the_verdict_stands_before_everything_else(
    make_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    evaluation = make_evaluation(predictions(0.9))
    written = "<h1>x</h1><!-- verdict -->stale<!-- /verdict --><p>The figures</p>"
    evaluation.report_path.write_text(written, encoding="utf-8")
    page = _page(evaluation, _info("hold"), tmp_path)
    assert page.index("Hold: this model") < page.index("What to do next") < page.index("Why")
    assert page.index("Because &lt;it&gt; is so.") < page.index("The figures")
    assert "stale" not in page
    assert evaluation.report_path.read_text(encoding="utf-8") == written


def test_without_an_evaluation_page_the_verdict_is_a_page_of_its_own(
    make_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    page = _page(make_evaluation(predictions(0.9)), _info("deploy", version=0), tmp_path)
    assert page.startswith("<!doctype html>")
    assert "published as the first version" in page


def test_an_override_stands_first_and_the_word_stays(
    make_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    said = Override(by="Ann <a@b>", at_unix_s=1767600000.0, reason="Two people saw it.")
    page = _page(make_evaluation(predictions(0.9)), _info("hold", override=said), tmp_path)
    words = "Deployed against the gate’s word by Ann &lt;a@b&gt;, 2026-01-05 08:00 UTC: “Two people"
    assert page.index(words) < page.index("Hold: this model")
    assert "published as the next version" in page


def test_a_weak_class_is_named_as_what_needs_pictures(
    make_evaluation: Callable[..., Evaluation], tmp_path: Path
) -> None:
    table = predictions(0.9)
    table["predicted"] = table["target"].where(table["target"] == 0, 0)
    page = _page(make_evaluation(table), _info("hold"), tmp_path)
    assert "recognised least: bad." in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence(language: Language) -> None:
    other = load_texts(TABLES, language)
    assert SAY.table.keys() == other.table.keys()
    for key, text in SAY.table.items():
        assert _names(text) == _names(other.table[key]), key
    for english, translated in other.sentences.items():
        assert set(_names(translated)) <= set(_names(english)), english


def _names(text: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", text))
