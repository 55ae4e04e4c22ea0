"""The workflow as data: phases, steps and their rules; progress and blockers are worked out from entries, pure."""
