"""`source: folder`: one sub-folder a class, pictures at any depth below it.

    pictures/
      good/  0001.png  lot2/0002.jpg
      bad/   0001.png
      unlabelled/  0001.png    (with ingest.unlabelled=true)

Links to folders are followed; one folder that is reached twice is refused.
Hidden files and folders are passed over, and so is what was added later (`additions.py`); other
files that are no pictures by their ending are passed over with a line in the log.
"""

import re
from pathlib import Path

from components.common.artifacts.dataset import SPLITS, UNLABELLED
from components.common.errors import ConfigError, DataError, some
from components.common.pictures.decode import PICTURE_SUFFIXES
from components.common.pictures.folders import check_links, is_picture, pictures_below
from components.ingest.additions import is_additions
from components.ingest.config import IngestConfig
from components.ingest.source_data import PictureRecord, SourceData, existing_path, ordered_classes

_SPLIT_WORDS = {*SPLITS, "val", "valid", "eval", "training", "testing"}


def read(settings: IngestConfig) -> SourceData:
    """List the pictures of a folder with one sub-folder a class.

    Raises:
        DataError: no folder, no picture, fewer than two classes, a class without pictures,
            pictures outside the class folders, or links that lead round in a circle.
        ConfigError: the group pattern is wrong or fits some picture not.
    """
    root = existing_path(settings.path, source="folder")
    if not root.is_dir():
        raise _layout_error(root, "a file", do="give the folder that holds the class folders")
    files = _files_by_class(root)
    apart = files.pop(UNLABELLED, [])
    if apart and not settings.unlabelled:
        raise ConfigError(
            "a folder a class",
            received=f"a folder '{UNLABELLED}' with {len(apart)} pictures",
            do="say ingest.unlabelled=true if they have no label, or call the class otherwise",
        )
    pattern = _compiled(settings.group_pattern)

    def record(path: Path, label: str) -> PictureRecord:
        name = path.relative_to(root).as_posix()
        return PictureRecord(file=path, name=name, label=label, group=_group(name, pattern))

    return SourceData(
        name=settings.name or root.resolve().name,
        classes=ordered_classes(files, settings.positive, where=root),
        pictures=tuple(record(path, label) for label in sorted(files) for path in files[label]),
        unlabelled=tuple(record(path, "") for path in apart),
    )


def _files_by_class(root: Path) -> dict[str, list[Path]]:
    children = sorted(
        path for path in root.iterdir() if not path.name.startswith(".") and not is_additions(path)
    )
    check_links(children)
    loose = [path.name for path in children if path.is_file() and is_picture(path)]
    folders = [path for path in children if path.is_dir()]
    if loose:
        raise _layout_error(
            root,
            f"{len(loose)} pictures outside any class folder ({some(loose)})",
            do="move each into the folder of its class",
        )
    if not folders:
        raise _layout_error(root, "no sub-folder", do="make a folder a class, or a manifest.csv")
    if {folder.name.lower() for folder in folders} <= _SPLIT_WORDS:
        raise _layout_error(
            root,
            f"split folders ({some(folder.name for folder in folders)})",
            do="list the pictures in a manifest.csv with a 'split' column",
        )
    seen: set[Path] = set()
    files = {folder.name: pictures_below(folder, seen=seen) for folder in folders}
    empty = [name for name, found in files.items() if not found]
    if empty:
        raise _layout_error(
            root,
            f"no picture in {some(empty)} (endings: {', '.join(sorted(PICTURE_SUFFIXES))})",
            do="add pictures to these folders, convert what they hold, or remove them",
        )
    return files


def _layout_error(root: Path, received: str, *, do: str) -> DataError:
    return DataError(f"one sub-folder of pictures a class in {root}", received=received, do=do)


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if not pattern:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise _pattern_error(f"'{pattern}' ({error})") from None
    if compiled.groups < 1:
        raise _pattern_error(f"'{pattern}' without a bracket")
    return compiled


def _group(name: str, pattern: re.Pattern[str] | None) -> str:
    if pattern is None:
        return ""
    match = pattern.search(name)
    if match is None or not match[1]:
        raise _pattern_error(f"'{pattern.pattern}', which finds no group in '{name}'")
    return match[1]


def _pattern_error(received: str) -> ConfigError:
    return ConfigError(
        "ingest.group_pattern to be a regular expression with one bracket that fits every "
        "picture's relative name",
        received=received,
        do="correct it, or leave it empty",
    )
