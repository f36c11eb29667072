local function need(value)
  if value > 4 then error("more than 4 stages; use fewer", 2) end
  return value
end
return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { pp = need(8) },
}
