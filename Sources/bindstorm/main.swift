print("bindstorm")
