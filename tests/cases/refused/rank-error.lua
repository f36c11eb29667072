return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  rank = function(c)
    return c.dp +
      c.cp
  end,
}
