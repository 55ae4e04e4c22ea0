"""The checks of WebLogic domains."""
