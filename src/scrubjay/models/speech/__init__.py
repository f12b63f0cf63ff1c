"""A speech tower around a pretrained speech model that stays as it is."""
