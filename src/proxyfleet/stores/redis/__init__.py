"""Redis keeps the claims of a fleet whose inventory and journal another store keeps: one script call decides one batch."""
