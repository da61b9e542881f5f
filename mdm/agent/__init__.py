"""The JSON protocol that the reference agent speaks; described in docs/agent.md."""
