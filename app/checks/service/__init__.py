"""The checks of the services beside the application."""
