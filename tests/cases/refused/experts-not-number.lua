return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { ep = 2 },
  experts = function(layer, expert) return "0" end,
}
