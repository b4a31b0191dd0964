"""What the fuzzers are made of: noise, requests of bytes, a wire for them, an ear for the log."""
