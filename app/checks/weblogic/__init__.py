"""The checks of a WebLogic domain: T3's greeting, its REST interfaces by version, the application's log-in page."""
