"""The service and the page: HTTP around what `services` builds."""
