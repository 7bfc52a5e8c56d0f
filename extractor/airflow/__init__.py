"""The Airflow provider: a connection, operators and a decorator that build a Pipeline and run it.

Only this room imports Airflow. Every `airflow` command reads `provider.py`, which imports nothing.
"""
