"""Ask people: the paper's rating study, by the double-stimulus impairment scale of ITU-R BT.500."""
