"""The pages beside the steps: start, blockers, forms, package, journal, verification."""
