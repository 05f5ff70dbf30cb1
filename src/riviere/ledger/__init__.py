"""The ledger: the law, the rules that post under it, the journal, and the evidence that nobody altered it."""
