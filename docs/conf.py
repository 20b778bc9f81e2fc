"""How Sphinx builds the site (`make docs`): offline, and nothing on a page is from elsewhere."""

import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import reference_pages as pages  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Graft"
author = "Graft"
copyright = "the Graft authors, Apache-2.0"  # noqa: A001
release = metadata.version("graft-vision")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
smartquotes = False  # --option stays --option
default_role = "code"  # in docstrings, `this` is code
html_theme = "furo"
html_title = f"Graft {release}"
html_show_sphinx = False
myst_enable_extensions = ["colon_fence", "deflist"]
# Pages link to headings of each other: what a code host makes of `## A heading` works here too.
myst_heading_anchors = 4
autodoc_typehints = "description"
autodoc_member_order = "bysource"
copybutton_prompt_text = "$ "


def generate(app: "Sphinx", name: str, source: list[str]) -> None:
    """Put what the code says in the place of the page's marks, and paths for links out of docs/."""
    folder, root = (Path(app.srcdir) / name).parent, Path(app.srcdir)
    text = pages.inside(pages.generated(source[0]), folder=folder, root=root)
    source[0] = pages.drawn_steps(text)


def setup(app: "Sphinx") -> None:
    """Called by Sphinx."""
    app.connect("source-read", generate)
