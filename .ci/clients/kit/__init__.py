"""What the checks share: the server process, raw sessions over HTTP+SSE and stdio, and the runner."""
