"""The assistant without a screen: nothing below this folder imports Qt or ``ui``."""
