"""Word documents: template and values → bytes, pure. What the values are is worked out in ``app.actions``."""
