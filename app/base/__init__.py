"""What every other part stands on: errors, the clock, cancellation, TOML with line numbers, atomic files, the log."""
