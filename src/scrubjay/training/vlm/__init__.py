"""Teaching a model that looks at pictures to describe those of the owner: LoRA and QLoRA."""
