"""The checks of Oracle databases."""
