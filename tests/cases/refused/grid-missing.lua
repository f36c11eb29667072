return strategy {
  model = hf "../../models/tiny-mixtral",
}
