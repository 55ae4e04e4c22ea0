"""The sections of a step's page: fields, checks, evidence, conclusion."""
