"""A server on loopback that speaks the Workers AI contract, faults included.

`server.Emulator` is its face for tests and tools, `values` what a reply function may return, `faults.FAULTS` the
switches, `backends` the scripts and the embedded model. The rest is how the service behaves, one file for each part.
"""
