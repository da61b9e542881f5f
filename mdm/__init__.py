"""Device protocols as pure code: bytes in, dataclasses out, and back."""
