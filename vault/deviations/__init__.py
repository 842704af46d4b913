"""Single documents beyond or below the agreement: asked for, granted, clawed back."""
