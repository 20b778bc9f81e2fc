"""What people are asked to label, and what they answered."""
