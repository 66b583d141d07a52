"""Matching households: invented counties and participants with known truth, scores, and Splink as the peer."""
