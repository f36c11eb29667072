local name = tostring({})
