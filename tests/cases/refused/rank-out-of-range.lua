return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = 2, tp = 2 },
  rank = function(c) return c.pp*4 + c.tp end,
}
