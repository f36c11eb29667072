local text = ("").rep("", 1 << 60)
