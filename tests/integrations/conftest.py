"""The folders in integrations/, as the programs that they are for load them."""

import importlib.util
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "integrations"


@pytest.fixture
def load(monkeypatch):
    """load("folder/file.py") -> the module of a file in integrations/, forgotten after the test."""

    def load_one(place):
        path = FOLDER / place
        name = path.parent.name if path.name == "__init__.py" else path.stem
        searched = [str(path.parent)] if path.name == "__init__.py" else None
        spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=searched)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load_one
