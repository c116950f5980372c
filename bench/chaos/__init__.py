"""Owns the chaos driver: real processes are killed and stopped at random while devices talk; then it is counted."""
