"""An AWS engine on loopback: ministack in its own process, mended to behave as AWS does where we rely on it."""

from scripts.local_engine.process import Engine, EngineError

__all__ = ["Engine", "EngineError"]
