"""Build what a release uploads.

    python tools/release.py HOME -o dist        # HOME is the project's address

The tree describes the use from a checkout. A copy of it gets the project's address: `[project.urls]`, absolute links in
the README, which PyPI cannot resolve otherwise, `pip install artifix` in place of `pip install .`, and the Homebrew
formula with the source archive's SHA-256. The wheel and the source archive are built from the copy and checked by
`twine check --strict`; they and the formula are written to dist.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
_URLS: Final = """
[project.urls]
Homepage = "{home}"
Documentation = "{home}/tree/main/docs"
Repository = "{home}"
Issues = "{home}/issues"
Changelog = "{home}/blob/main/CHANGELOG.md"
"""
_IMAGES: Final = (".png", ".svg", ".jpg", ".webp")


def absolute(text: str, home: str) -> str:
    """Markdown whose links to files of the project are absolute: pages by HOME/blob, images by HOME/raw."""

    def link(match: re.Match[str]) -> str:
        target = match[1]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        kind = "raw" if target.endswith(_IMAGES) else "blob"
        return f"]({home}/{kind}/main/{target})"

    return re.sub(r"\]\(([^)\s]+)\)", link, text)


def installed_from_pypi(text: str) -> str:
    """The text, with commands that install the released package."""
    text = re.sub(r"pip install '\.\[([\w,]+)\]'", r"pip install 'artifix[\1]'", text)
    text = re.sub(r"pip install \.(?=\s)", "pip install artifix", text)
    text = text.replace("artifix is not on PyPI yet. In a checkout, with Python", "With Python")
    return text.replace("# in a checkout; Python", "# Python")


def fill_in(folder: Path, home: str) -> None:
    """Fill the address into a copy of the tree; SystemExit if it has one already."""
    project = folder / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    if "[project.urls]" in text:
        raise SystemExit("pyproject.toml has addresses of its own")
    project.write_text(
        text.replace("\n[project.scripts]", f"{_URLS.format(home=home)}\n[project.scripts]"), encoding="utf-8"
    )
    for page in (folder / "README.md", *folder.glob("docs/**/*.md")):
        page.write_text(installed_from_pypi(page.read_text(encoding="utf-8")), encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(absolute(readme.read_text(encoding="utf-8"), home), encoding="utf-8")


def formula(folder: Path, home: str, source: Path) -> str:
    """The Homebrew formula of the source archive."""
    text = (folder / "integrations/homebrew/artifix.rb").read_text(encoding="utf-8")
    version = source.name.removeprefix("artifix-").removesuffix(".tar.gz")
    filled = {
        "@HOMEPAGE@": home,
        "@URL@": f"{home}/releases/download/v{version}/{source.name}",
        "@SHA256@": hashlib.sha256(source.read_bytes()).hexdigest(),
    }
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("# ")]  # they say what to fill in
    text = "".join(lines)
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text


def release(home: str, output: Path) -> list[Path]:
    """Write the wheel, the source archive and the formula of the tracked files into a folder; their paths."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        copy, made = Path(temporary, "artifix"), Path(temporary, "dist")
        for name in filter(None, listed.split("\0")):
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        fill_in(copy, home.rstrip("/"))
        subprocess.run([sys.executable, "-m", "build", "--no-isolation", "--outdir", made, copy], check=True)
        (source,) = made.glob("*.tar.gz")
        (made / "artifix.rb").write_text(formula(copy, home.rstrip("/"), source), encoding="utf-8")
        archives = [path for path in made.iterdir() if path.suffix != ".rb"]
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *archives], check=True)
        return [Path(shutil.copy(path, output)) for path in sorted(made.iterdir())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", metavar="HOME", help="the project's address, such as https://github.com/OWNER/artifix")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write to")
    chosen = parser.parse_args()
    for path in release(chosen.home, chosen.output):
        print(path)


if __name__ == "__main__":
    main()
