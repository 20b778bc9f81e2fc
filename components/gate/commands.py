"""What others show of a verdict."""

from components.common.report.texts import Language, Texts, load_texts

TABLES = "components.gate.languages"


def verdict_texts(language: Language) -> Texts:
    """Return the words of a verdict: `sentence` translates its reasons and next steps."""
    return load_texts(TABLES, language)
