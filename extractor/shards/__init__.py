"""One job over many machines: plan shards, extract each on any machine, publish them as one output.

Plain functions for a scheduler to call: Airflow, Dask, Ray, or a loop.
"""
