"""A progress bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext


@contextmanager
def show_progress(what: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error, if that is a terminal.

    The function that it yields sets the share done, 0..1.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    task = bar.add_task(what, total=1.0)
    with bar if console.is_terminal else nullcontext():  # Rich ends even a bar that is not shown with an empty line
        yield lambda share: bar.update(task, completed=share)
