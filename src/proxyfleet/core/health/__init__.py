"""Is this proxy any good, and should it rest? Formulas, averages, circuit, guard, blame. Knows no selectors and no picks."""
