"""The checks of hosts over SSH."""
