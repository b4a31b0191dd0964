"""One set of tests of the contract, asked of the fake and of the real server alike."""
