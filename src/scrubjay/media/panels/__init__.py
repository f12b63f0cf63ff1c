"""Labels of made-up products, drawn with what they say: to teach and to measure reading them."""
