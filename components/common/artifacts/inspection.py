"""Inspection: what looks wrong with labels and groups. Written by inspect, shown by evaluate."""

from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.records import RecordFolder

# Flattery that is worth a word, and how many deviations of chance it has to be: several groupings
# are tried. Its interval by group says what other groups of the kind would cost: above nothing.
_WORTH_A_WORD = 0.02
_BEYOND_CHANCE = 4.0


@dataclass(frozen=True, kw_only=True)
class DoubtedLabel:
    """A label that the pictures around it speak against.

    path: in the Dataset. suggestion: the class that they speak for.
    quality: cleanlab's normalised margin in [0, 1], low for a label that is likely wrong.
    """

    path: str
    label: str
    suggestion: str
    quality: float


@dataclass(frozen=True, kw_only=True)
class GroupFinding:
    """How much better one accuracy looks where groups straddle folds.

    origin: what the groups go by; "given" for those that the source names.
    apart: accuracy with each group left out as a whole; straddling: with as many pictures of the
        same labels left out by chance, again and again.
    flattery: the difference, with an interval by group.
    chance: standard deviation of `straddling` from one such deal to the next.
    """

    origin: str
    groups: int
    apart: float
    straddling: float
    flattery: Metric
    chance: float

    @property
    def proposed(self) -> bool:
        """Whether these groups are new to the user, and matter."""
        least = max(_WORTH_A_WORD, _BEYOND_CHANCE * self.chance)
        flatters = self.flattery.value >= least and self.flattery.low > 0
        return self.origin != "given" and flatters


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """How far one fact alone tells the label, out of fold by group: ROC-AUC, 0.5 is chance."""

    fact: str
    roc_auc: Metric
    clear: bool


@dataclass(frozen=True, kw_only=True)
class InspectionInfo:
    """All that was found; `pictures` is 0 where nobody looked.

    suspected: labels that cleanlab takes for wrong. doubted: the worst of them.
    groups: the given ones, or those that look most like groups; None where nothing does.
    """

    pictures: int = 0
    suspected: int = 0
    doubted: tuple[DoubtedLabel, ...] = ()
    groups: GroupFinding | None = None
    shortcuts: tuple[Shortcut, ...] = ()

    @property
    def hidden_groups(self) -> int:
        """How many groups are proposed, 0 where none are."""
        return self.groups.groups if self.groups and self.groups.proposed else 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before the figures, as sentences."""
        said = []
        if self.groups and self.groups.proposed:
            one = self.groups
            said.append(
                f"The pictures seem to come in {one.groups} groups that nobody named (by "
                f"{one.origin}). With whole groups left out, accuracy is "
                f"{100 * one.flattery.value:.1f} points lower (95 % interval: "
                f"{100 * one.flattery.low:.1f} to {100 * one.flattery.high:.1f}), so the figures "
                "are too good for new groups."
            )
        return tuple(said)


@dataclass(frozen=True)
class Inspection(RecordFolder[InspectionInfo]):
    """A folder with `inspection.json`, `label_errors.csv` and, where groups are proposed, a data
    set to run on: `proposed_manifest.csv` and `pictures/`.
    """

    FILE = "inspection.json"
    INFO = InspectionInfo

    @property
    def label_errors(self) -> Path:
        """The ranked labels, most doubtful first, with a column to fill in."""
        return self.root / "label_errors.csv"

    @property
    def proposed_manifest(self) -> Path:
        """The pictures with the proposed groups; there only where groups are proposed."""
        return self.root / "proposed_manifest.csv"
