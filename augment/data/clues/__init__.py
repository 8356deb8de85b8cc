"""What names, declarations and the form of files tell of a set beside the pixels."""
