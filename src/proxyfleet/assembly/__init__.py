"""The composition root: settings in, running node out. The only room that sees all the others."""
