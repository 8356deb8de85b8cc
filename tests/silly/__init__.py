"""What nobody should ask for: the calls of test_silly_calls.py."""
