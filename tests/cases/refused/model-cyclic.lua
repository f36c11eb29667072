return strategy {
  grid = { tp = 2 },
  model = (function() local m = {} m.rope_parameters = m return m end)(),
}
