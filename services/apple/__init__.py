"""The rules of Apple's device management: who joins, what is ordered, and what devices answer."""
