local s = strategy { grid = { pp = 2 } }

