"""The training recipes that ship with artifix, by name."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from artifix.errors import RecipeError
from artifix.models.research import research_folder

SUFFIX: Final = ".toml"


def recipe_file(recipe: str | Path) -> Traversable:
    """The file of a recipe: a path ends in .toml, anything else is a name; RecipeError, with all names, for another."""
    name = str(recipe)
    if name.endswith(SUFFIX):
        return Path(recipe)
    files = _files()
    if name not in files:
        raise RecipeError(
            f"{name}: no such recipe; choose one of {', '.join(files)}, or give the path of a {SUFFIX} file"
        )
    return files[name]


def recipe_names() -> list[str]:
    """The names of the shipped recipes, then of the research ones where those are installed."""
    return list(_files())


def _files() -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for folder in (resources.files(__name__), research_folder("recipes")):
        files = folder.iterdir() if folder else ()
        names = {file.name.removesuffix(SUFFIX): file for file in files if file.name.endswith(SUFFIX)}
        found |= dict(sorted(names.items()))
    return found
