"""Simulated devices, written from the vendors' public schemas: for tests, measurements and the demo, never
for real work.
"""
