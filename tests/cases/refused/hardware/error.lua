local gigabytes = 80
return hardware { source = "a test", memory = { size = gigabyte .. " GB" } }
