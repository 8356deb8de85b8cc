"""Train, val, test and what is left over; groups never straddle two of them."""
