"""The server's TLS certificate as Apple's devices see it, for flask doctor."""
