"""The command line: thin, no rules. Every command has --json; exit status 0 only when what was asked is done."""
