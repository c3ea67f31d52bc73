"""The training machine: a program of ops, flat arrays, and one loop that executes them."""
