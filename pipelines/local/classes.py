"""One class more for a served zero-shot model: its own settings, and a longer table."""

from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.model_folder import newest_version, settings_path
from components.common.artifacts.passport import Passport, read_passport
from components.common.errors import DataError
from components.common.labels.attributes import AttributeTable, number
from components.train.config import uses


@dataclass(frozen=True, kw_only=True)
class LongerTable:
    """What to run: the version's settings as a preset, and what differs from them."""

    preset: Path
    assignments: tuple[str, ...]


def with_class(name: str, attributes: str, *, model_dir: Path, table: Path | None) -> LongerTable:
    """Write the served version's table of attributes with one row more.

    Its own table stays as it is, so that a version can be built again, and a class that the gate
    holds back has changed nothing.

    Args:
        name: the new class.
        attributes: as "loop=1,stem=0".
        model_dir: `<base path>/<model name>`.
        table: where to write; None beside the version's own, with the class in its name.

    Raises:
        DataError: nothing serves, what serves is no zero-shot model, the class is there, or an
            attribute is missing, unknown or no number.
        ConfigError: the version's table is not there any more.
    """
    version = newest_version(model_dir)
    passport = read_passport(model_dir, version.number) if version else None
    own = _options(passport)
    if passport is None or "attributes" not in own:
        raise DataError(
            f"a version of {model_dir.name} that was made with a table of attributes",
            received=f"one made by {passport.method}" if passport else f"none in {model_dir}",
            do="train one with a method that uses attributes (train.method=zero_shot)",
        )
    if name in passport.classes:
        raise DataError(
            f"a class that {model_dir.name} does not answer yet",
            received=f"'{name}'",
            do="choose another name",
        )
    source = Path(str(own["attributes"])).expanduser()
    longer = AttributeTable.read(str(source)).with_class(name, _values(attributes))
    target = table or source.with_name(f"{source.stem}+{name}{source.suffix}")
    longer.write(target)
    changes = [f"train.options.attributes={target.resolve()}"]
    unseen = own.get("unseen")
    if isinstance(unseen, list) and unseen:
        changes.append(f"train.options.unseen=[{', '.join([*unseen, name])}]")
    return LongerTable(
        preset=settings_path(model_dir, passport.version), assignments=tuple(changes)
    )


def _options(passport: Passport | None) -> dict[str, object]:
    section = passport.settings.get("train", {}) if passport else {}
    attributes = bool(section) and uses(section["method"]).attributes
    return dict(section.get("options", {})) if attributes else {}


def _values(text: str) -> dict[str, float]:
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        key, separator, value = part.partition("=")
        if not separator:
            raise DataError("--attributes name=value,...", received=f"'{part}'", do="add the '='")
        found[key.strip()] = number(value.strip(), key.strip())
    return found
