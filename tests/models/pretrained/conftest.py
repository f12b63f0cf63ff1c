from tests.models.vlm.conftest import looking

__all__ = ["looking"]
