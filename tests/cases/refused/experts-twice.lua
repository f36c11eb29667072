return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { ep = 2 },
  experts = function(layer, expert) return { 1, expert % 2 } end,
}
