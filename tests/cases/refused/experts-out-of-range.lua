return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { ep = 2 },
  experts = function(layer, expert) return expert // 3 end,
}
