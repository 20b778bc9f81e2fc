"""Which files of a folder are pictures."""

from pathlib import Path

from components.common.pictures.decode import PICTURE_SUFFIXES


def picture_files(folder: Path) -> list[Path]:
    """Return the pictures in and below a folder, by their endings, sorted.

    What is hidden is passed over, and so are folders behind links.
    """
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURE_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
