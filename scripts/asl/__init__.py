"""Reads Amazon States Language definitions: their graphs, their expressions and what is wrong with them."""
