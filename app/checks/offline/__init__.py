"""Checks of what this program cannot reach: scripts that others run there, and their outputs taken in."""
