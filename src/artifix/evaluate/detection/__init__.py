"""Whether a detector finds in a restored picture what it finds in the original: Table 2 and Fig. 6 of the paper."""
