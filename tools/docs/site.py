"""What mkdocs.yml adds to docs/: the command's reference, made of its own help, and pages that stand at the root."""

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.cli import get_docs_for_click
from typer.main import get_command

from artifix.cli import app

ROOT: Final = Path(__file__).parents[2]
AT_THE_ROOT: Final = ("CONTRIBUTING.md", "SECURITY.md")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page of all commands, and the pages at the root."""
    command = get_command(app)
    context = command.make_context("artifix", ["--help"], resilient_parsing=True)
    pages = {"reference/command.md": get_docs_for_click(obj=command, ctx=context, name="artifix", title="The command")}
    for name in AT_THE_ROOT:
        # What links into docs/ links beside itself here.
        pages[name.lower()] = re.sub(r"\]\(docs/", "](", (ROOT / name).read_text(encoding="utf-8"))
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **about: Any) -> str:
    """Have links to pages at the root lead to those here."""
    for name in AT_THE_ROOT:
        markdown = markdown.replace(f"](../{name}", f"]({name.lower()}")
    return markdown
