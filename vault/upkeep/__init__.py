"""What is kept stays sound: objects read again, keys moved, orphans swept, a bucket restored."""
