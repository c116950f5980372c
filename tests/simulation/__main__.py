"""`python -m simulation --seed N`: one seed, told; `--seeds A:B`: many, counted."""

from simulation.cli import main

main()
