local text = ("a"):rep(30000)
local found =
  text:find((".-"):rep(20) .. "b")
