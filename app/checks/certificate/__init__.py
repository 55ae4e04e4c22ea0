"""The checks of certificates."""
