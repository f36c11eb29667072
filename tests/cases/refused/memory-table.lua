local list = {}
for i = 1, 1e9 do
  list[i] = ("number "):rep(100) .. i
end
