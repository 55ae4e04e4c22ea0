"""The dialogs: what a person is asked for before something is recorded."""
