-- The same plan, said at more length; what is required and claimed of it changes nothing in it.
return strategy {
  name  = "same-plan",
  model = hf "../../models/tiny-mixtral",
  grid  = { dp = 1, pp = 2, ep = 2, tp = 1 },
  rank  = function(c) return c.pp * 2 + c.ep end,
  stages = { 2, 2 },
  target = { memory = "64 MiB" },
  require = { ttft = "10 s" },
  claims  = { gpus = "4" },
}
