"""HTTP: one module or package for each area of the URL."""
