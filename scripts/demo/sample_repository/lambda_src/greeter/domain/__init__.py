"""What a greeting is, without any AWS."""
