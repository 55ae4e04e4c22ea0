"""What a person can do: the only place that joins the parts and appends to the journal."""
