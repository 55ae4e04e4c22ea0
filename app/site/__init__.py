"""The site profile: what is being implemented, its targets, and where the secrets to reach them come from."""
