"""Words: a generator of all classes that draws what a short description says."""
