"""The words of a page in the user's language: one table a language, beside the page."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["en", "zh-TW"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Texts:
    """A table of sentences; what stands in braces is filled in.

    >>> say = Texts("en", {"seen": "{count} pictures"})
    >>> say("seen", count=3)
    '3 pictures'
    """

    language: Language
    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence.

        Raises:
            KeyError: the table has no such sentence, or a value is missing.
        """
        return self.table[key].format(**values)

    def or_else(self, key: str, default: str) -> str:
        """Return a sentence without values, or `default` where the table has none."""
        return self.table.get(key, default)


def load_texts(package: str, language: Language) -> Texts:
    """Return the table TEXTS of a package's module for a language: `zh_tw` for "zh-TW"."""
    module = importlib.import_module(f"{package}.{language.lower().replace('-', '_')}")
    return Texts(language, module.TEXTS)
