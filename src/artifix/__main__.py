"""`python -m artifix` is the command `artifix`."""

from artifix.cli import main

main()
