"""How each kind of message and event is put into words; what does not have the form expected is told as it is."""
