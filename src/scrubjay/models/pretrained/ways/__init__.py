"""Ways of talking to models that look: what each kind is asked, and what it is taught from."""
