"""What is asked of every graph that is measured, word for word the same."""

from pathlib import Path

FOLDER = Path(__file__).parent / "graph"
BOARD = (FOLDER / "board.graphql").read_text()
ENERGY = (FOLDER / "energy.graphql").read_text()
