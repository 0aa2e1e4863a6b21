"""Reports: deterministic texts made of the record and the evidence. Same inputs, same bytes."""
