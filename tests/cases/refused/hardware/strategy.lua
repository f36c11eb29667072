return strategy { grid = {} }
