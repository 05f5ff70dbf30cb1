"""Payments: coins against money, through a card processor that can be replaced."""
