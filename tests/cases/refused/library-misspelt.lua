local half = math.flor(0.5)
