"""The words of a page in the user's language: one table a language, beside the page."""

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Language = Literal["en", "zh-TW"]
# What stands in these braces is a user's: a class, a reason. It is never translated.
_NAMES = frozenset({"name", "names", "reason"})
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Texts:
    """A table of sentences; what stands in braces is filled in.

    `sentences` translates what steps write into their records, in English, for logs and pages
    alike: English pattern to pattern, with the same names in braces. `words` does so for what
    is filled in.

    >>> say = Texts("en", {"seen": "{count} pictures"})
    >>> say("seen", count=3)
    '3 pictures'
    """

    language: Language
    table: Mapping[str, str]
    sentences: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence.

        Raises:
            KeyError: the table has no such sentence, or a value is missing.
        """
        return self.table[key].format(**values)

    def sentence(self, english: str) -> str:
        """Return a record's sentence in the page's language; one that is not known stays English.

        >>> say = Texts("zh-TW", {}, {"There are {n} {what}.": "{what}有 {n}。"}, {"cats": "貓"})
        >>> say.sentence("There are 3 cats."), say.sentence("Hello.")
        ('貓有 3。', 'Hello.')
        """
        if english in self.words:
            return self.words[english]
        for pattern, translated in self.sentences.items():
            found = re.fullmatch(_as_regex(pattern), english, re.DOTALL)
            if found:
                parts = found.groupdict().items()
                return translated.format(
                    **{key: part if key in _NAMES else self.sentence(part) for key, part in parts}
                )
        return english

    def or_else(self, key: str, default: str) -> str:
        """Return a sentence without values, or `default` where the table has none."""
        return self.table.get(key, default)


def load_texts(package: str, language: Language) -> Texts:
    """Return the table TEXTS of a package's module for a language: `zh_tw` for "zh-TW"."""
    module = importlib.import_module(f"{package}.{language.lower().replace('-', '_')}")
    return Texts(
        language,
        module.TEXTS,
        getattr(module, "SENTENCES", {}),
        getattr(module, "WORDS", {}),
    )


def _as_regex(pattern: str) -> str:
    """Return a pattern with names in braces as a regular expression with groups of these names."""
    parts = re.split(r"\{(\w+)\}", pattern)
    return "".join(
        f"(?P<{part}>.+?)" if odd else re.escape(part)
        for part, odd in zip(parts, [False, True] * len(parts), strict=False)
    )
