return strategy(8)
