"""`python -m api`: the same as `shouwang`."""

from api.cli import main

main()
