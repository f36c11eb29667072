return strategy {
  grid = { tp = 2 },
  model = { model_type = function() end },
}
