local ranks
local function count()
  return #ranks
end
return strategy {
  model = hf "../../models/tiny-mixtral",
  grid = { tp = count() },
}
