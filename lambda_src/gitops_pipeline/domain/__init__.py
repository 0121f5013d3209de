"""What the pipeline decides: pure functions that know neither AWS nor the clock."""
