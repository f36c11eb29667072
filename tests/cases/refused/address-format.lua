local name = string.format("%p", "x")
