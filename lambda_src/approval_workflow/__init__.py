"""The approval workflow: a request for a host, decided by people, launched, bounded and audited."""
