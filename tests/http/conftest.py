"""The scenarios here are played over a real socket."""

from cashier import payouts
from front import front
from hooks import hooks

__all__ = ["front", "hooks", "payouts"]
