return stategy {
}
