"""The economy: gifts and coin packs, their prices, and what they look like."""
