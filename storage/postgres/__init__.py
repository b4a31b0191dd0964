"""What only a server has: its wording, connections that come back, and locks between replicas."""
