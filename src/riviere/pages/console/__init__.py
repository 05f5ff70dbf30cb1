"""The console: where operators see what waits for them, run the economy and prove it.

Every page names the scope that it needs. Whoever may read and not act sees what there is, and no buttons. Nothing that
changes anything is done at the first press: the next page says what will come of it.
"""

from riviere.pages.console import access, catalogue, health, home, ledger, policies, proof, redemptions, users, words

__all__ = ["access", "catalogue", "health", "home", "ledger", "policies", "proof", "redemptions", "users", "words"]
