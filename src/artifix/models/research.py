"""Where the research weights and recipes are: those of the paper's other tables and of its peers, not in the wheel.

They are the distribution artifix-research, of the folder `research/` of the repository. In a checkout they are found
without being installed.
"""

from importlib import resources, util
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

PACKAGE: Final = "artifix_research"
_CHECKOUT: Final = Path(__file__).parents[3] / "research" / PACKAGE


def research_folder(kind: str) -> Traversable | None:
    """The folder "weights" or "recipes" of this checkout, or of the installed distribution; None without either."""
    if _CHECKOUT.is_dir():
        return _CHECKOUT / kind
    return resources.files(PACKAGE) / kind if util.find_spec(PACKAGE) else None
