"""A server on loopback that speaks the Workers AI contract, faults included."""
