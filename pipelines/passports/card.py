"""A model card (Mitchell et al. 2019, FAT*, "Model Cards for Model Reporting") of a version.

What Graft knows is filled in; what only people know is marked, so that nobody takes silence for
"there is nothing to say".
"""

from collections.abc import Iterable, Iterator

from components.common.artifacts.judging.figures import ClassFigures, Metric, Slice
from components.common.artifacts.passport import Passport
from components.common.statistics.figures import LABELS
from components.common.times import utc_minute
from pipelines.passports.compare import with_interval

UNKNOWN = "*To be filled in by the owner: Graft cannot know it.*"


def model_card(passport: Passport) -> str:
    """Return the card as Markdown, a section of the paper each."""
    sections = {
        "Model details": _details(passport),
        "Intended use": _use(),
        "Factors": _factors(passport),
        "Metrics": _metrics(passport),
        "Evaluation data": _evaluation_data(passport),
        "Training data": _training_data(passport),
        "Quantitative analyses": _analyses(passport),
        "Ethical considerations": [UNKNOWN],
        "Caveats and recommendations": _caveats(passport),
    }
    lines = [f"# {passport.model_name}, version {passport.version}"]
    for title, content in sections.items():
        lines += ["", f"## {title}", "", *content]
    return "\n".join(lines) + "\n"


def _details(passport: Passport) -> Iterator[str]:
    yield f"- Image classifier; classes: {', '.join(passport.classes)}"
    size = f"{passport.image_size_px} px, {passport.fit}"
    yield f"- Network: {passport.backbone}, {size}; method: {passport.method}"
    yield f"- Pretrained weights: {passport.weights or 'not recorded'}"
    yield f"- Licence of these weights: {passport.weights_licence or 'not stated'}"
    yield f"- Made: {utc_minute(passport.created_unix_s) or 'unknown'}, by Graft"
    yield f"- Model digest (SHA-256): `{passport.model_sha256}`"
    yield f"- Code: commit `{passport.commit or 'unknown'}`; run `{passport.run_id or 'unknown'}`"


def _use() -> Iterator[str]:
    yield "- One class for a whole picture, of pictures like those that it was trained on."
    yield (
        "- Not for: several classes in one picture, finding where something is (detection, "
        "segmentation), measuring (regression)."
    )
    yield f"- Users and purpose: {UNKNOWN}"


def _factors(passport: Passport) -> Iterator[str]:
    yield (
        "- Pictures of one group (module, lot, session) resemble each other; intervals count "
        "groups, not pictures."
    )
    parts = ", ".join(part.name for part in _parts(passport))
    yield f"- Classes and parts that were looked at: {parts or 'none'}"


def _metrics(passport: Passport) -> Iterator[str]:
    yield "Each with a 95 % interval that keeps groups together."
    yield ""
    yield "| figure | value (95 % interval) |"
    yield "|---|---|"
    for metric in passport.metrics:
        yield f"| {_label(metric)} | {with_interval(metric)} |"
    yield ""
    yield f"The gate said `{passport.verdict.word}`:"
    yield ""
    yield from _listed(passport.verdict.reasons)
    override = passport.verdict.override
    if override is not None:
        yield ""
        yield (
            f"**Deployed all the same by {override.by}** "
            f"({utc_minute(override.at_unix_s)}): {override.reason}"
        )


def _evaluation_data(passport: Passport) -> Iterator[str]:
    counted = f"{passport.test_pictures} pictures in {passport.test_groups} groups"
    if passport.judges_recipe:
        yield (
            f"{counted}: all of them, each answered by a model of the same recipe that had not "
            "seen it (cross-validation). The figures judge the recipe; the model that serves was "
            "fitted on all pictures."
        )
    else:
        yield f"{counted}, held out from training."


def _training_data(passport: Passport) -> Iterator[str]:
    page = passport.data
    if page is None:
        yield "Not recorded for this version."
        return
    yield f"- {page.name}, digest `{page.sha256}`"
    yield f"- Licence: {page.licence or 'not stated'}"
    yield f"- Splits: {page.protocol or 'protocol not recorded'}, split seed {page.split_seed}"
    yield ""
    yield "| split | class | pictures | groups |"
    yield "|---|---|---:|---:|"
    for size in page.splits:
        yield f"| {size.split} | {_cell(size.label)} | {size.pictures} | {size.groups} |"
    if page.findings:
        yield ""
        yield "Validation warned of:"
        yield ""
        yield from _listed(page.findings)


def _analyses(passport: Passport) -> Iterator[str]:
    parts = _parts(passport)
    if not parts:
        yield "No part of the pictures was looked at by itself."
        return
    yield "| class or part | pictures | groups | figures (95 % interval) |"
    yield "|---|---:|---:|---|"
    for part in parts:
        figures = "; ".join(f"{_label(one)} {with_interval(one)}" for one in part.metrics)
        yield f"| {_cell(part.name)} | {part.pictures} | {part.groups} | {figures} |"


def _caveats(passport: Passport) -> Iterator[str]:
    yield from _listed(passport.notes)
    yield (
        "- Other cameras, products or light are not covered by these figures; watch the served "
        "model for drift (`graft monitor`)."
    )


def _parts(passport: Passport) -> tuple[ClassFigures | Slice, ...]:
    parts: tuple[ClassFigures | Slice, ...] = passport.per_class + passport.slices
    return parts


def _listed(sentences: Iterable[str]) -> Iterator[str]:
    return (f"- {sentence}" for sentence in sentences)


def _label(metric: Metric) -> str:
    return LABELS.get(metric.name, metric.name.replace("_", " "))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
