"""The checks of client PCs."""
