"""Which settings were these: a chain of processors fitted to one dry and one wet recording."""
