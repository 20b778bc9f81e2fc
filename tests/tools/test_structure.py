"""The house has rooms: no crowded folder, no class name twice."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("components", "graft", "pipelines", "serving")
MOST_MODULES = 14
# Found by file name, or one command each: they may grow.
OPEN_ENDED = {"methods", "backbones", "policies", "sources", "detectors", "causes"}
OPEN_ENDED |= {"estimators", "formats", "cli"}
# What every plugin calls its settings.
SHARED_NAMES = {"Options"}


def modules() -> list[Path]:
    return [path for top in PRODUCT for path in sorted((ROOT / top).rglob("*.py"))]


def test_no_folder_is_crowded() -> None:
    sizes = Counter(path.parent for path in modules() if path.name != "__init__.py")
    crowded = {
        str(folder.relative_to(ROOT)): size
        for folder, size in sizes.items()
        if size > MOST_MODULES and folder.name not in OPEN_ENDED
    }
    assert not crowded


def test_no_class_name_stands_twice() -> None:
    places = defaultdict(list)
    for path in modules():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(str(path.relative_to(ROOT)))
    twice = {name: at for name, at in places.items() if len(at) > 1 and name not in SHARED_NAMES}
    assert not twice


def test_every_package_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules()
        if path.name == "__init__.py" and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert not silent
