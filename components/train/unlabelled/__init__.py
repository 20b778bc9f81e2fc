"""Networks with parts that were learnt from pictures without labels."""
