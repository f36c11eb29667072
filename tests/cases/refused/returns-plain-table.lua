-- strategy is left out
return {
  grid = { pp = 2 },
}
