from local_runs import published

__all__ = ["published"]
