"""What a run found in the user's pictures: classes with counts, what was left out, warnings."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.artifacts.dataset import SPLITS, Dataset
from pipelines.local.records import Snapshot

_MOST_CLASSES = 20  # lines


def print_data(console: Console, last: Snapshot) -> None:
    """Print the classes by split, the pictures that were left out, and the warnings."""
    read = Dataset.read(last.output("ingest", "dataset"))
    dataset = Dataset.read(last.output("validate", "validated"))
    judged = ", each judged in the fold that did not train on it"
    console.print(
        f"found: {len(dataset.manifest)} pictures, {len(dataset.info.classes)} classes"
        + judged * (dataset.info.evidence == "cross_validation"),
        soft_wrap=True,
    )
    console.print(counts(dataset))
    for line in remarks(dataset, left_out=len(read.manifest) - len(dataset.manifest)):
        console.print(escape(line), style="yellow", soft_wrap=True)


def counts(dataset: Dataset) -> Table:
    """Return pictures by class and split; under cross-validation there is one split."""
    names = [name for name in SPLITS if len(dataset.split(name))]
    folds = dataset.info.evidence == "cross_validation"
    table = Table("class", *(["pictures"] if folds else names))
    by_split = {name: dataset.split(name)["label"].value_counts() for name in names}
    classes = dataset.info.classes
    for label in classes[:_MOST_CLASSES]:
        table.add_row(escape(label), *(str(by_split[name].get(label, 0)) for name in names))
    if more := classes[_MOST_CLASSES:]:
        sums = (str(int(by_split[name].reindex(more).sum())) for name in names)
        table.add_row(f"and {len(more)} more", *sums)
    return table


def remarks(dataset: Dataset, *, left_out: int) -> list[str]:
    """Return sentences: how many pictures were left out, and what validation warned of."""
    lines = []
    if left_out:
        read = len(dataset.manifest) + left_out
        lines.append(f"{left_out} of {read} pictures cannot be read and were left out")
    if len(dataset.unlabelled):
        lines.append(f"{len(dataset.unlabelled)} pictures without a label: no figure rests on them")
    return lines + [one.text for one in dataset.info.findings]
