"""``python -m tfnas`` is ``tfnas``."""

from tfnas.cli import main

main(prog_name="tfnas")
