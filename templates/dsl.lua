-- The words of the strategy language. rankc runs this file first, in the same sandbox as the strategy, and makes each
-- word it returns a global. A word only says what it was given: generator/read checks it, with the line of every key.
--
-- `line(level)` is the line of the script that called: 1 is this file, 2 the strategy.

local line = ...

local function expect(type_name, value, word, usage)
  if type(value) ~= type_name then
    error(word .. " is given a " .. type(value) .. "; write " .. usage, 3)
  end
end

local words = {}

-- strategy { model = ..., grid = ... }: what a strategy file returns.
function words.strategy(keys)
  expect("table", keys, "strategy", "strategy { model = ..., grid = ... }")
  return { word = "strategy", keys = keys, line = line(2) }
end

-- hardware { source = ..., memory = ... }: what a file of strategies/hardware/ returns.
function words.hardware(keys)
  expect("table", keys, "hardware", "hardware { source = ..., memory = ... }")
  return { word = "hardware", keys = keys, line = line(2) }
end

-- hf "folder": the model of a Hugging Face checkpoint, by its config.json.
function words.hf(folder)
  expect("string", folder, "hf", 'hf "folder", a folder that holds config.json')
  return { word = "hf", folder = folder }
end

-- capacity(1.25): an expert takes 1.25 times its even share of rows; what overflows is dropped and counted.
function words.capacity(factor)
  expect("number", factor, "capacity", "capacity(1.25)")
  return { word = "capacity", factor = factor }
end

return words
