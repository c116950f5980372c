"""Brings bytes in and makes decisions durable: the one writer of alarms."""
