"""Test pictures that the manifest fixes, against those of the version that serves.

Whoever fixes the test pictures wants figures that can be compared over the years. So a picture that
was exchanged, relabelled, added or left out must not go by in silence.
"""

import pandas as pd

from components.common.artifacts.dataset import SPLITS


def changes(manifest: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return one row a test picture, of now or of before: `path`, and `change` in words or None.

    A picture that only has another name is the same one.

    Args:
        manifest: rows with `path`, `pixels`, `sha256`, `label`, `split`.
        before: the same of an earlier version; `pixels` is "" where they were not kept.
    """
    now, then = (rows[rows["split"] == SPLITS[-1]] for rows in (manifest, before))
    by = "pixels" if (then["pixels"] != "").all() else "sha256"
    label_of = dict(zip(then[by], then["label"], strict=True))
    paths_then = set(then["path"])
    rows = [
        {"path": path, "change": _change(path, content, label, label_of, paths_then)}
        for path, content, label in zip(now["path"], now[by], now["label"], strict=True)
    ]
    kept, named = set(now[by]), set(now["path"])
    rows += [
        {"path": path, "change": "no longer a test picture"}
        for path, content in zip(then["path"], then[by], strict=True)
        if content not in kept and path not in named
    ]
    return pd.DataFrame(rows, columns=["path", "change"], dtype=object)


def _change(
    path: str, content: str, label: str, label_of: dict[str, str], paths_then: set[str]
) -> str | None:
    if content in label_of:
        known = label_of[content]
        return None if known == label else f"was labelled '{known}', is '{label}'"
    return "another picture under the same name" if path in paths_then else "new"
