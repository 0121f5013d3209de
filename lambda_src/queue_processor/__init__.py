"""The queue workflow: usage records on a queue become invoice lines in a table, each once, and totals of them."""
