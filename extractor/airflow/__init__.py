"""The Airflow face: a connection, operators and a decorator that build a Pipeline, run it and show it.

Only this room may import Airflow. `provider.py` is read by every `airflow` command and imports nothing.
"""
