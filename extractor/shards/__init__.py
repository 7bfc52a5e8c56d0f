"""One job over many machines: plan shards, extract each wherever there is room, publish them as one.

Whoever spreads work calls these functions: Airflow's executors, Dask, Ray, or a loop. Nothing here is a scheduler.
"""
