"""What `augment new` makes a project of, and how that project knows the code it runs."""
