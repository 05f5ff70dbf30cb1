"""Who may do what: API keys of back ends and operators, tokens of users, and the scopes that each of them has."""
