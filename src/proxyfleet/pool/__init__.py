"""The library face: a pool of proxies in memory for one program (SPEC D5). Stands on core and wire; adds names and a lock."""
