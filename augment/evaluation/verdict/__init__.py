"""From numbers to words: what is delivered, the verdict's rules, and every sentence."""
