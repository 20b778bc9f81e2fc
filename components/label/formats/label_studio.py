"""`--format label_studio`: tasks with the model's answers as pre-annotations.

    queue/
      tasks.json         to import: https://labelstud.io/guide/predictions
      label-config.xml   to paste into the project's labelling interface
      pictures/          to serve as local storage: https://labelstud.io/guide/storage

The pictures' addresses are `/data/local-files/?d=<queue>/pictures/<name>`, relative to the folder
above the queue (LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT). What comes back is Label Studio's
JSON export (https://labelstud.io/guide/task_format).
"""

import json
import shutil
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from components.common.artifacts.labelled_picture import LabelledPicture
from components.label.format_contract import QueueItem, ReturnedLabels, first_file, unreadable

TASKS = "tasks.json"
CONFIG = "label-config.xml"
_CONTROL, _OBJECT = "label", "image"
_WANT = "Label Studio's JSON export"
_DO = "choose Export, format JSON, in Label Studio"


def write(items: Sequence[QueueItem], *, out: Path, queue: str, classes: tuple[str, ...]) -> None:
    """Write tasks, labelling interface and pictures; their addresses begin with `queue`."""
    (out / "pictures").mkdir(parents=True)
    for item in items:
        shutil.copyfile(item.picture, out / "pictures" / item.name)
    tasks = [_task(item, queue) for item in items]
    (out / TASKS).write_text(json.dumps(tasks, indent=2) + "\n")
    (out / CONFIG).write_text(_config(classes))


def read(path: Path, *, places: Sequence[Path]) -> ReturnedLabels:
    """Return the tasks that hold one choice; skipped and empty ones are not labelled yet.

    Args:
        path: the exported file.
        places: folders that may hold the pictures.

    Raises:
        DataError: the file is something else.
    """
    try:
        tasks = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise unreadable(path, want=_WANT, received=error, do=_DO) from None
    if not isinstance(tasks, list) or not all(_is_task(task) for task in tasks):
        raise unreadable(path, want=_WANT, received="other JSON", do=_DO)
    labelled, problems, unlabelled = [], [], 0
    for task in tasks:
        choices = _choices(task)
        picture = _picture(task, path.parent, places)
        if not choices:
            unlabelled += 1
        elif len(choices) > 1:
            problems.append(f"task {task.get('id')}: several answers ({', '.join(choices)})")
        elif picture is None:
            problems.append(f"task {task.get('id')}: its picture is not there; name --pictures")
        else:
            labelled.append(_labelled(task, picture, choices[0]))
    return ReturnedLabels(labelled=tuple(labelled), unlabelled=unlabelled, problems=tuple(problems))


def _task(item: QueueItem, queue: str) -> dict[str, Any]:
    place = urllib.parse.quote(f"{queue}/pictures/{item.name}")
    data = {
        "image": f"/data/local-files/?d={place}",
        "sha256": item.sha256,
        "file": item.name,
        "group": item.group,
        "domain": item.line or item.camera,
    }
    if not item.suggestion:
        return {"data": data}
    result = {
        "id": item.sha256[:10],
        "type": "choices",
        "from_name": _CONTROL,
        "to_name": _OBJECT,
        "value": {"choices": [item.suggestion]},
    }
    prediction = {
        "model_version": str(item.version),
        "score": round(item.confidence, 4),
        "result": [result],
    }
    return {"data": data, "predictions": [prediction]}


def _config(classes: tuple[str, ...]) -> str:
    choices = "".join(f"    <Choice value={quoteattr(name)}/>\n" for name in classes)
    return (
        f'<View>\n  <Image name="{_OBJECT}" value="$image"/>\n'
        f'  <Choices name="{_CONTROL}" toName="{_OBJECT}" choice="single" showInLine="true">\n'
        f"{choices}  </Choices>\n</View>\n"
    )


def _is_task(task: Any) -> bool:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        return False
    return isinstance(task.get("annotations", []), list)


def _choices(task: dict[str, Any]) -> list[str]:
    """Return the different answers of all annotators."""
    found = {
        str(choice)
        for annotation in task.get("annotations", [])
        if not annotation.get("was_cancelled")
        for result in annotation.get("result", [])
        if result.get("type") == "choices"
        for choice in result.get("value", {}).get("choices", [])
    }
    return sorted(found)


def _picture(task: dict[str, Any], root: Path, places: Sequence[Path]) -> Path | None:
    address = urllib.parse.urlsplit(str(task["data"].get("image", "")))
    served = urllib.parse.parse_qs(address.query).get("d", [urllib.parse.unquote(address.path)])[0]
    name = str(task["data"].get("file") or Path(served).name)
    if not name or Path(name).name != name:
        return None
    return first_file(place / name for place in (root / "pictures", root, *places))


def _labelled(task: dict[str, Any], picture: Path, label: str) -> LabelledPicture:
    data = task["data"]
    group, domain = (str(data.get(name) or "") for name in ("group", "domain"))
    return LabelledPicture(file=picture, label=label, group=group, domain=domain)
