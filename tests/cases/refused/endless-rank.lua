return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = 2 },
  rank = function(c)
    while c.tp == 1 do end
    return 0
  end,
}
