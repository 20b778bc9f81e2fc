"""The desk and the data set behind the page Label."""
