"""Payouts: a creator's way from diamonds to money, from the quote to what the payout provider says at last."""
