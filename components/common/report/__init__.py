"""What every report page is made of: page frame, stylesheet, plot style."""
