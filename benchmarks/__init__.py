"""How the platform grows with its models: time and memory of a preview, beside a program without its components."""
