"""What a data set offers a method, before any picture is opened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from components.common.pictures.fit import Fit

TASK_PREFIX = "label:"  # begins the name of a manifest column with labels of a further task


@dataclass(frozen=True, kw_only=True)
class ClassCount:
    """How many pictures have a label."""

    name: str
    pictures: int


@dataclass(frozen=True, kw_only=True)
class DomainCount:
    """How many pictures of a domain have a label, and how many have none."""

    name: str
    labelled: int
    unlabelled: int


@dataclass(frozen=True, kw_only=True)
class SourceFacts:
    """What there is to learn from.

    labelled: pictures a class. domains: those that are named. unlabelled: pictures without a label.
    tasks: names of further label columns. groups: named groups of labelled pictures, where a
    picture without one counts as a group of its own. side_px: of the squares that a method gets, 0
    where nobody has said. fit: how pictures become squares.
    """

    labelled: tuple[ClassCount, ...]
    domains: tuple[DomainCount, ...] = ()
    unlabelled: int = 0
    tasks: tuple[str, ...] = ()
    groups: int = 0
    side_px: int = 0
    fit: Fit = "squeeze"

    @property
    def pictures(self) -> int:
        """How many pictures have a label."""
        return sum(one.pictures for one in self.labelled)


def counted(
    *,
    labels: Sequence[str],
    domains: Sequence[str],
    groups: Sequence[str],
    unlabelled_domains: Sequence[str],
    columns: Sequence[str],
) -> SourceFacts:
    """Count what there is.

    Args:
        labels, domains, groups: of the labelled pictures, "" where unknown.
        unlabelled_domains: one a picture without a label.
        columns: further columns of the manifest.
    """
    with_label, without = Counter(domains), Counter(unlabelled_domains)
    named = sorted((set(with_label) | set(without)) - {""})
    alone = sum(not group for group in groups)
    return SourceFacts(
        labelled=tuple(
            ClassCount(name=name, pictures=count) for name, count in sorted(Counter(labels).items())
        ),
        domains=tuple(
            DomainCount(name=name, labelled=with_label[name], unlabelled=without[name])
            for name in named
        ),
        unlabelled=len(unlabelled_domains),
        tasks=tuple(
            name.removeprefix(TASK_PREFIX) for name in columns if name.startswith(TASK_PREFIX)
        ),
        groups=len(set(groups) - {""}) + alone,
    )
