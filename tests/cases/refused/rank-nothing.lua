return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  rank = function(c) local rank = c.tp end,
}
