local text = "x"
for i = 1, 60 do
  text = text .. text
end
