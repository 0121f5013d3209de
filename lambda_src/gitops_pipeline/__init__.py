"""The GitOps pipeline: scans, builds and deploys what was pushed, one run per branch at a time, with a way back."""
