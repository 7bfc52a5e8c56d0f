"""A server on loopback that speaks the Workers AI contract, faults included.

`server.Emulator` is the interface for tests and tools, `values.py` what a reply function may return, `faults.FAULTS`
the faults by name, `backends.py` scripts and the embedded model. The other files are the service's behaviour.
"""
