"""The checks of the bus and the joint test."""
