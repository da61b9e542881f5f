"""What `make bench` measures. Figures are read, never asserted: a loaded machine must not fail a test."""
