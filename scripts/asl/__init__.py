"""Reads Amazon States Language definitions: their graphs, their expressions and what is wrong with them."""

from scripts.asl.model import State, walk

__all__ = ["State", "walk"]
