"""What pages show: views of the home's things as templates want them. No FastAPI in here."""
