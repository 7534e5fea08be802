"""Room: use cases, each short. Does what the faces ask for over the ports; picks no store, opens no socket."""
