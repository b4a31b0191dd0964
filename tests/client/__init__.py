"""The client, against a server that is real wherever one can be had."""
