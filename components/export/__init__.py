"""Write the trained network as the SavedModel that serves, checked against the network."""
